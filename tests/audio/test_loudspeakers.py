"""Loudness and copies for the web follow the loudspeakers that a file states, and say where they assume them."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from processors.audio.av_frames import samples_of
from processors.audio.levels.levels import LEVELS, Levels
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.loudspeakers import layout_of, stated_by, web_layout_of
from processors.audio.renditions.renditions import Renditions
from processors.sources.source_file import SourceFile
from tests.helpers.audio_sessions import Bench

RATE_HZ = 48_000
TONE = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(4 * RATE_HZ) / RATE_HZ)
MASKS = {
    "FL": 1,
    "FR": 2,
    "FC": 4,
    "LFE": 8,
    "BL": 16,
    "BR": 32,
    "FLC": 64,
    "FRC": 128,
    "BC": 256,
    "SL": 512,
    "SR": 1024,
    "TC": 2048,
}


def wave(path: Path, samples: np.ndarray, mask: int) -> Path:
    """A WAVE file of 16 bits with an extensible header."""
    count = len(samples)
    data = np.rint(samples * 32767).astype("<i2").T.tobytes()
    pcm = bytes.fromhex("0100000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, count, RATE_HZ, RATE_HZ * 2 * count, 2 * count, 16, 22, 16, mask) + pcm
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


def heard(folder: Path, *loudspeakers: str, loud: str, mask: int | None = None) -> Bench:
    """A file with these loudspeakers, one of which has a tone."""
    samples = np.stack([TONE if name == loud else 0 * TONE for name in loudspeakers])
    stated = sum(MASKS[name] for name in loudspeakers) if mask is None else mask
    return Bench.of(folder / "made", wave(folder / "sound.wav", samples, stated), "wav")


def loudness(bench: Bench) -> tuple[float | None, tuple[str, ...], bool]:
    found = bench.run(Levels()).facts(LEVELS)["loudness"]
    return found["integrated_lufs"], tuple(found["loudspeakers"]), found["are_loudspeakers_assumed"]


def test_the_low_frequency_channel_does_not_count(tmp_path: Path) -> None:
    two_one = ("FL", "FR", "LFE")
    assert loudness(heard(tmp_path, *two_one, loud="LFE"))[0] is None
    (tmp_path / "b").mkdir()
    assert loudness(heard(tmp_path / "b", *two_one, loud="FL")) == (pytest.approx(-23.0, abs=0.05), two_one, False)


def test_only_loudspeakers_at_the_sides_and_behind_count_more(tmp_path: Path) -> None:
    four = ("FL", "FR", "FC", "BC")
    assert loudness(heard(tmp_path, *four, loud="FC")) == (pytest.approx(-23.0, abs=0.05), four, False)
    (tmp_path / "b").mkdir()
    assert loudness(heard(tmp_path / "b", *four, loud="BC"))[0] == pytest.approx(-21.5, abs=0.05)


def test_channels_without_stated_loudspeakers_have_the_usual_ones(tmp_path: Path) -> None:
    level, names, is_assumed = loudness(heard(tmp_path, "FL", "FR", "FC", "BC", loud="BC", mask=0))
    assert (level, names, is_assumed) == (pytest.approx(-21.5, abs=0.05), ("FL", "FR", "BL", "BR"), True)


def test_a_mask_that_names_too_many_holds_for_the_first(tmp_path: Path) -> None:
    mask = MASKS["FL"] | MASKS["FR"] | MASKS["LFE"] | MASKS["BC"]
    assert loudness(heard(tmp_path, "FL", "FR", "LFE", loud="LFE", mask=mask))[0] is None


@pytest.mark.parametrize(
    ("loudspeakers", "loud", "encoded", "heard_at"),
    [
        (("FL", "FR", "LFE"), "LFE", "5.1", ("LFE",)),
        (("FL", "FR", "FC", "BC"), "FC", "5.1", ("FC",)),
        (("FL", "FR", "FC", "BC"), "BC", "5.1", ("BL", "BR")),
        (("FL", "FR", "FC", "BC", "SL", "SR"), "SL", "5.1", ("BL",)),
        (("FL", "FR", "FC", "LFE", "BC", "SL", "SR"), "FC", "7.1", ("FC",)),
        (("FL", "FR", "FC", "LFE", "BC", "SL", "SR"), "BC", "7.1", ("BL", "BR")),
        (("FL", "FR", "FC", "BL", "BR"), "FC", "5.1", ("FC",)),
        (("FL", "FR", "FC", "BL", "BR"), "BR", "5.1", ("BR",)),
        (("FL", "FR", "FC", "LFE", "SL", "SR"), "SR", "5.1", ("BR",)),
        (("FL", "FR", "FC", "BL", "BR", "BC", "SL", "SR"), "BC", "7.1", ("BL", "BR")),
        (("FL", "FR", "TC"), "TC", "3.0", ("FC",)),
        (("BL",), "BL", "mono", ("FC",)),
        (("FL", "FR", "FLC"), "FLC", "5.1", ("FL",)),
        (("FLC", "FRC"), "FRC", "5.1", ("FR",)),
        (("FC", "BC", "SR"), "SR", "5.1", ("BR",)),
    ],
)
@pytest.mark.parametrize("web", ["aac", "opus"])
def test_a_copy_for_the_web_plays_each_channel_at_its_loudspeaker(
    tmp_path: Path, loudspeakers: tuple[str, ...], loud: str, encoded: str, heard_at: tuple[str, ...], web: str
) -> None:
    result = heard(tmp_path, *loudspeakers, loud=loud).run(Renditions(web=(web,)))  # type: ignore[arg-type]
    name = {"aac": "original.m4a", "opus": "original.opus"}[web]
    with av.open(str(result.path(name))) as container:
        stream = container.streams.audio[0]
        assert stream.layout.name == encoded
        frames = [samples_of(frame) for frame in container.decode(stream)]
        names = tuple(channel.name for channel in stream.layout.channels)
    powers = (np.concatenate(frames, axis=1) ** 2).mean(axis=1)
    assert tuple(one for one, power in zip(names, powers, strict=True) if power > 0.05 * powers.max()) == heard_at
    facts = result.facts(name)
    assert tuple(facts["loudspeakers"]) == names
    assert facts["are_loudspeakers_assumed"] is ("TC" in loudspeakers)
    assert tuple(result.facts("original.flac")["loudspeakers"]) == loudspeakers


def test_loudspeakers_in_an_order_of_their_own_are_put_into_ffmpegs() -> None:
    info = AudioInfo(
        codec="x", rate_hz=1, channel_count=3, sample_count_from_header=None, start=Fraction(0), decoder="x"
    )
    layout = layout_of(replace(info, loudspeakers=("LFE", "FR", "FL")))
    assert layout is not None
    assert (layout.name, layout.channels, layout.loudspeakers) == ("2.1", (2, 1, 0), ("FL", "FR", "LFE"))
    assert layout.arranged(np.array([[1.0], [2], [3]])).tolist() == [[3], [2], [1]]
    web = web_layout_of(replace(info, loudspeakers=("LFE", "FR", "FL")))
    assert web is not None
    assert web.arranged(np.array([[1.0], [2], [3]])).tolist() == [[3], [2], [0], [1], [0], [0]]
    for unknown in ("ambisonic 1", "3 channels", "downmix", "FL+FL"):
        assert stated_by(av.AudioLayout(unknown)) is None


def test_loudspeakers_of_a_flac_and_of_a_caf_are_those_that_they_state(tmp_path: Path) -> None:
    for suffix, encoder in (("flac", "flac"), ("caf", "pcm_s16le"), ("mov", "pcm_s16le")):
        path = tmp_path / f"sound.{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(encoder, rate=RATE_HZ, layout="2.1")
            assert isinstance(stream, av.AudioStream)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 3 * 4096), np.int16), format="s16", layout="2.1")
            frame.sample_rate = RATE_HZ
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        kind = "mov,mp4,m4a,3gp,3g2,mj2" if suffix == "mov" else suffix
        assert FileReader(SourceFile.at(path), kind).info.loudspeakers == ("FL", "FR", "LFE"), suffix
