"""The preview shows, at each moment, the frame that the video shows then."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from processors.video.preview import Preview
from tests.made_media import MediaMaker, number_of
from tests.video_derived import derived


def test_irregular_frames_are_shown_when_the_video_shows_them(make: MediaMaker, tmp_path: Path) -> None:
    ticks = [0, 1, 2, 10, 11, 30, 31, 32, 60]
    made = make.video("variable.mp4", ticks, time_base=Fraction(1, 30))
    (result,) = derived(made.path, tmp_path / "store", Preview(frame_rate_hz=30))
    with av.open(str(result.path("preview.mp4"))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.colorspace) == ("h264", 1)
        numbers = [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    expected = [max(i for i, tick in enumerate(ticks) if tick <= moment) for moment in range(len(numbers))]
    assert numbers == expected
    assert result.facts("preview.mp4")["frame_count"] == len(numbers)
    assert result.names == ["preview.mp4", "preview.webp"]
    assert not list(result.path("preview.mp4").parent.glob("*.raw"))


def test_the_web_picture_moves_as_long_as_the_clip(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("steady.mp4", list(range(50)))
    (result,) = derived(made.path, tmp_path / "store", Preview(from_seconds=0.4, length_seconds=1.0))
    facts = result.facts("preview.mp4")
    assert (facts["start_seconds"], facts["end_seconds"], facts["frame_count"]) == (0.4, 1.4, 25)
    with Image.open(result.path("preview.webp")) as picture:
        lasts = 0
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            picture.load()
            lasts += picture.info["duration"]
    assert lasts == 1000


def test_the_time_is_burnt_in_on_request(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("steady.mp4", list(range(10)))
    plain, marked = (
        derived(made.path, tmp_path / "store", Preview(burn_in_time=marked))[0].path("preview.mp4")
        for marked in (False, True)
    )
    first, second = (next(av.open(str(path)).decode(video=0)).to_ndarray(format="gray") for path in (plain, marked))
    changed = np.argwhere(np.abs(first.astype(int) - second) > 60)
    assert changed.size
    assert changed[:, 0].min() > 60


@pytest.mark.parametrize("value", [0, 121])
def test_a_wrong_length_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=f"length_seconds is {value}: must be above 0, up to 120"):
        Preview(length_seconds=value)
