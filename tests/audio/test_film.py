"""The film shows every moment of the sound once, with the playhead where the sound is."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from processors.audio.spectrogram.film import Film
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.errors import RefusedMedia
from tests.helpers.audio_sessions import Bench


def test_the_playhead_is_where_the_sound_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, 3 * 48000)
    bench = Bench(tmp_path, noise)
    result, picture = bench.run(Film()), bench.run(SpectrogramPicture()).facts("spectrogram.png")
    facts = result.facts("film.mp4")
    assert (facts["frame_count"], facts["width_px"], facts["height_px"]) == (30, 1600, 842)
    with Image.open(bench.run(SpectrogramPicture()).path("spectrogram.png")) as opened:
        corner = np.asarray(opened.convert("RGB"))[:8, :8].mean(axis=(0, 1))
    with av.open(str(result.path("film.mp4"))) as container:
        assert len(container.streams.audio) == 1
        frame = next(container.decode(container.streams.video[0]))
        assert (frame.colorspace, frame.color_range) == (Colorspace.ITU709, ColorRange.MPEG)
        assert np.abs(frame.to_ndarray(format="rgb24")[:8, :8].mean(axis=(0, 1)) - corner).max() < 3
    with av.open(str(result.path("film.mp4"))) as container:
        places = []
        for frame in container.decode(container.streams.video[0]):
            row = frame.to_ndarray(format="rgb24")[400].astype(int)
            places.append(int(np.argmax(row[:1450, 0] - row[:1450, 1])))  # the playhead is the reddest
    span = picture["plot_right_px"] - picture["plot_left_px"]
    expected = picture["plot_left_px"] + np.arange(30) / 30 * span
    assert np.abs(np.array(places) - expected)[1:].max() <= 4
    with av.open(str(result.path("film.mp4"))) as container:
        decoded = sum(frame.samples for frame in container.decode(container.streams.audio[0]))
    assert abs(decoded / 48000 - 3) < 0.05


def test_a_film_that_was_not_written_whole_is_no_result(tmp_path: Path) -> None:
    whole = Bench(tmp_path, np.random.default_rng(1).normal(0, 0.05, 48000)).run(Film()).path("film.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match=r"the written film\.mp4 is incomplete: \d of 10 frames, \d+ packets of audio"):
        Film()._checked(cut, 10)


@pytest.mark.parametrize(("samples", "rate_hz"), [(np.full(1, 0.1), 192_000), (np.full((9, 4800), 0.1), 48_000)])
def test_a_sound_without_an_audible_rendition_has_no_film_and_says_why(
    tmp_path: Path, samples: np.ndarray, rate_hz: int
) -> None:
    with pytest.raises(RefusedMedia, match=r"audio.renditions made no audible\.m4a: the sound is too short"):
        Bench(tmp_path, samples, rate_hz).run(Film())
