"""The preview shows, at each moment, the frame that the video shows then."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from processors.video.frames.video_preview import VideoPreview
from processors.video.reading.sound_track import SoundTrack
from tests.helpers.made_media import MediaMaker, number_of, numbered
from tests.helpers.video_derived import derived


def test_irregular_frames_are_shown_when_the_video_shows_them(make: MediaMaker, tmp_path: Path) -> None:
    ticks = [0, 1, 2, 10, 11, 30, 31, 32, 60]
    made = make.video("variable.mp4", ticks, time_base=Fraction(1, 30))
    (result,) = derived(made.path, tmp_path / "store", VideoPreview(frame_rate_hz=30))
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
    (result,) = derived(made.path, tmp_path / "store", VideoPreview(from_seconds=0.4, length_seconds=1.0))
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
        derived(made.path, tmp_path / "store", VideoPreview(burn_in_time=marked))[0].path("preview.mp4")
        for marked in (False, True)
    )
    first, second = (next(av.open(str(path)).decode(video=0)).to_ndarray(format="gray") for path in (plain, marked))
    changed = np.argwhere(np.abs(first.astype(int) - second) > 60)
    assert changed.size
    assert changed[:, 0].min() > 60


def clip_with_click(path: Path, click_seconds: float, sound_starts_seconds: float = 0.0) -> Path:
    """Four seconds at 25 Hz with a sound that is silent but for a tone from `click_seconds` on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        sound = container.add_stream("pcm_s16le", rate=48000, layout="mono")
        assert isinstance(stream, av.VideoStream)
        assert isinstance(sound, av.AudioStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(100):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        container.mux(stream.encode(None))
        times = sound_starts_seconds + np.arange(round((4 - sound_starts_seconds) * 48000)) / 48000
        wave = np.where(times >= click_seconds, np.sin(2 * np.pi * 3000 * times) * 16000, 0).astype(np.int16)
        block = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        block.sample_rate, block.pts, block.time_base = 48000, round(sound_starts_seconds * 48000), Fraction(1, 48000)
        container.mux([*sound.encode(block), *sound.encode(None)])
    return path


def heard_from(path: Path) -> float:
    """Presentation time, in a written clip, of the first sample louder than a tenth of full scale."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.1)
            if loud.size:
                assert frame.pts is not None
                return frame.pts / frame.sample_rate + int(loud[0]) / frame.sample_rate
    raise AssertionError("nothing is heard")


@pytest.mark.parametrize(("from_seconds", "sound_starts_seconds"), [(0.0, 0.0), (1.32, 0.0), (0.0, 0.6), (2.0, 0.6)])
def test_the_sound_is_where_the_source_has_it(tmp_path: Path, from_seconds: float, sound_starts_seconds: float) -> None:
    source = clip_with_click(tmp_path / "click.mov", 2.5, sound_starts_seconds)
    (result,) = derived(source, tmp_path / "store", VideoPreview(from_seconds=from_seconds))
    # a tone that sets in at once rings for some samples before it in any transform codec
    assert heard_from(result.path("preview.mp4")) == pytest.approx(2.5 - from_seconds, abs=0.0015)
    with av.open(str(result.path("preview.mp4"))) as container:
        assert [(stream.type, stream.codec_context.name) for stream in container.streams] == [
            ("video", "h264"),
            ("audio", "aac"),
        ]
    facts = result.facts("preview.mp4")
    assert (facts["sound_rate_hz"], facts["sound_channels"]) == (48000, 1)
    assert facts["sound_missing_seconds"] == pytest.approx(max(0.0, sound_starts_seconds - from_seconds), abs=1e-4)


def test_a_span_of_sound_is_exact_to_the_sample(tmp_path: Path) -> None:
    source = clip_with_click(tmp_path / "click.mov", 2.5)
    with av.open(str(source)) as container, av.open(str(source)) as second:
        for _ in container.demux(video=0):
            pass
        found = SoundTrack(container, second.streams.audio[0]).between(Fraction(2), Fraction(3))
    assert found is not None
    assert (found.samples.shape, found.rate_hz, found.silent_samples) == ((48000, 1), 48000, 0)
    expected = np.sin(2 * np.pi * 3000 * (2 + np.arange(48000) / 48000)) * 16000
    expected[:24000] = 0
    assert np.array_equal(found.samples[:, 0] * 32768, expected.astype(np.int16))


def test_no_sound_is_put_in_on_request_and_where_there_is_none(make: MediaMaker, tmp_path: Path) -> None:
    silent = make.video("silent.mp4", list(range(10))).path
    for path, processor in (
        (silent, VideoPreview()),
        (clip_with_click(tmp_path / "c.mov", 1), VideoPreview(with_sound=False)),
    ):
        (result,) = derived(path, tmp_path / "store", processor)
        assert result.facts("preview.mp4")["sound_rate_hz"] is None
        with av.open(str(result.path("preview.mp4"))) as container:
            assert not container.streams.audio


@pytest.mark.parametrize("value", [0, 121])
def test_a_wrong_length_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=f"length_seconds is {value}: must be above 0, up to 120"):
        VideoPreview(length_seconds=value)
