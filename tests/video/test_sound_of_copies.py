"""Copies and previews of a video mix its sound by the loudspeakers that it states, and say where they assume them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from processors.audio.av_frames import samples_of
from processors.engine.audio_of_video import sound_between
from processors.sources.source_file import SourceFile
from processors.video.frames.video_preview import VideoPreview
from processors.video.frames.web import WebVideo
from tests.helpers.derived import Derived, derived

RATE_HZ = 48_000
TONE = np.rint(3000 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16)


def film(path: Path, layout: str, loud: int, codec: str = "flac", rate_hz: int = RATE_HZ) -> Path:
    """One second of red with a tone in one channel of its sound."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=5)
        sound = container.add_stream(codec, rate=rate_hz, layout=layout)
        assert isinstance(pictures, av.VideoStream)
        assert isinstance(sound, av.AudioStream)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            red = np.full((48, 64, 3), (253, 0, 0), np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        container.mux(pictures.encode(None))
        samples = np.zeros((RATE_HZ, sound.layout.nb_channels), np.int16)
        samples[:, loud] = TONE
        for first in range(0, RATE_HZ, 4000):
            packed = samples[first : first + 4000].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, first, Fraction(1, rate_hz)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def amplitudes(path: Path) -> list[float]:
    """Amplitude of the tone in each channel of a copy, as a part of the source's."""
    with av.open(str(path)) as container:
        samples = np.concatenate([samples_of(frame) for frame in container.decode(audio=0)], axis=1)
    middle = samples[:, 12_000:36_000].astype(np.float64)
    return [round(float(one), 2) for one in np.sqrt(2 * (middle**2).mean(axis=1)) / (3000 / 32768)]


def copied(source: Path, folder: Path) -> list[tuple[str, Derived]]:
    preview, whole = derived(source, folder / "store", VideoPreview(), WebVideo())
    return [("preview.mp4", preview), ("video.mp4", whole)]


@pytest.mark.parametrize(
    ("layout", "loud", "left", "right"),
    [
        ("3.0", "FC", 0.71, 0.71),
        ("3.0", "FL", 1.0, 0.0),
        ("4.0", "FC", 0.71, 0.71),
        ("4.0", "BC", 0.5, 0.5),
        ("3.0(back)", "BC", 0.5, 0.5),
        ("2.1", "FL", 1.0, 0.0),
        ("2.1", "LFE", 0.0, 0.0),
        ("quad", "BL", 0.71, 0.0),
        ("quad(side)", "SR", 0.0, 0.71),
        ("5.0", "FC", 0.71, 0.71),
        ("6.1", "BC", 0.5, 0.5),
        ("7.1", "SL", 0.71, 0.0),
        ("stereo", "FR", 0.0, 1.0),
        ("mono", "FC", 1.0, None),
    ],
)
def test_a_copy_mixes_each_loudspeaker_into_its_sides(
    tmp_path: Path, layout: str, loud: str, left: float, right: float | None
) -> None:
    names = [channel.name for channel in av.AudioLayout(layout).channels]
    source = film(tmp_path / "film.mkv", layout, names.index(loud))
    expected = [left] if right is None else [left, right]
    for name, result in copied(source, tmp_path):
        assert amplitudes(result.path(name)) == pytest.approx(expected, abs=0.02), name
        facts = result.facts(name)
        assert (facts["sound_channels"], facts["are_loudspeakers_assumed"]) == (len(expected), False), name


@pytest.mark.parametrize("channels", [9, 12, 32])
def test_of_more_than_8_channels_each_is_heard(tmp_path: Path, channels: int) -> None:
    source = film(tmp_path / "film.mkv", f"{channels} channels", channels - 1, "pcm_s16le")
    for name, result in copied(source, tmp_path):
        assert amplitudes(result.path(name)) == pytest.approx([1 / channels] * 2, abs=0.01), name
        facts = result.facts(name)
        assert (facts["sound_channels"], facts["are_loudspeakers_assumed"]) == (2, True), name


def test_channels_without_stated_loudspeakers_have_the_usual_ones(tmp_path: Path) -> None:
    source = film(tmp_path / "film.avi", "4 channels", 2, "pcm_s16le")
    (found,) = sound_between(SourceFile.at(source), Fraction(0), Fraction(1))
    assert (found.layout, found.are_loudspeakers_assumed) == ("quad", True)
    assert np.array_equal(found.samples[:, 2] * 32768, TONE)
    for name, result in copied(source, tmp_path):
        assert amplitudes(result.path(name)) == pytest.approx([0.71, 0.0], abs=0.02), name
        assert result.facts(name)["are_loudspeakers_assumed"] is True


def test_facts_of_a_web_copy_are_those_of_its_own_sound(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv", "5.1", 2, rate_hz=11_000)
    for name, result in copied(source, tmp_path):
        facts = result.facts(name)
        with av.open(str(result.path(name))) as container:
            stream = container.streams.audio[0]
            written = stream.rate, stream.channels
        assert written == (facts["sound_rate_hz"], facts["sound_channels"]) == (11_025, 2), name
