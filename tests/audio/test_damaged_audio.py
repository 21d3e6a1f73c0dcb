"""Damaged, cut and misdeclared sound: what is lost is reported, and what follows keeps its time."""

from __future__ import annotations

import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_info import AudioReport, Damaged
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.declared_length import Declared, declared_length
from processors.audio.reading.end_padding import EndPadding
from processors.errors import DamagedMedia, MediaError, RefusedMedia
from processors.sources.source_file import SourceFile
from tests.helpers.coded_sound import encoded, read, steps

DAMAGED = [
    ("a.flac", "flac", "flac", 0), ("a.m4a", "aac", "mov,mp4", 3000), ("a.opus", "libopus", "ogg", None),
    ("a.mkv", "flac", "matroska", 0), ("a.wv", "wavpack", "wv", 0), ("a.tta", "tta", "tta", 0),
]  # fmt: skip
"""Name, codec, format, and for how many samples behind the damage the decoder settles; None: about what it was."""


@pytest.mark.parametrize(("name", "codec", "file_format", "settling"), DAMAGED)
def test_samples_after_damage_keep_their_time(
    tmp_path: Path, name: str, codec: str, file_format: str, settling: int | None
) -> None:
    path = tmp_path / name
    encoded(path, codec, 48_000, np.random.default_rng(5).uniform(-0.5, 0.5, 288_000).astype(np.float32))
    whole = read(path, file_format)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    path.write_bytes(data)
    samples, _, report = read(path, file_format)
    missing = np.flatnonzero(np.isnan(samples[0]))
    assert samples.shape == whole.shape
    assert len(missing) == report.missing_sample_count > 0
    assert report.sample_count_decoded == whole.shape[1] - len(missing)
    assert report.non_finite_sample_count == 0
    (gap,) = report.damaged
    assert gap == Damaged(start_seconds=missing[0] / 48_000, end_seconds=(missing[-1] + 1) / 48_000)
    assert gap.start_seconds < 3.1
    end = missing[0] - (960 if codec == "libopus" else 0)  # a packet that went on in the page that is lost
    assert np.allclose(samples[:, :end], whole[:, :end], rtol=0, atol=1e-6 if file_format == "ogg" else 0)
    behind, truly = (sound[0, missing[-1] + 1 + (settling or 48_000) :] for sound in (samples, whole))
    assert np.array_equal(behind, truly) if settling is not None else np.corrcoef(behind, truly)[0, 1] > 0.99


@pytest.mark.parametrize("share", [1 / 8, 1 / 50])  # the second is shorter than an encoder's delay and padding
def test_damage_in_an_mp3_is_reported_with_the_shift_of_what_follows(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 288_000).astype(np.float32)
    path = encoded(tmp_path / "a.mp3", "libmp3lame", 48_000, noise)
    whole = read(path, "mp3")[2].sample_count_decoded
    data = bytearray(path.read_bytes())
    hole = round(len(data) * share)
    data[len(data) // 2 : len(data) // 2 + hole] = bytes(hole)
    path.write_bytes(data)
    samples, _, report = read(path, "mp3")
    assert 0 < np.isfinite(samples).sum() == report.sample_count_decoded < whole
    (damage,) = report.damaged
    assert damage.start_seconds == pytest.approx(3.0, abs=0.1)
    assert damage.end_seconds is None
    assert report.truncated_because == (
        f"{288_000 - samples.shape[1]} samples are missing at {damage.start_seconds:.3f} s or behind it; packets of"
        " this format do not say when they are, so that what follows is early by as much"
    )


def wave_with(path: Path, **fields: int) -> Path:
    """A short 16-bit WAV whose header says something else."""
    soundfile.write(path, np.full(1000, 0.1), 48_000)
    data = bytearray(path.read_bytes())
    places = {"channels": (22, "<H"), "rate": (24, "<I"), "data_bytes": (40, "<I")}
    for name, value in fields.items():
        place, code = places[name]
        struct.pack_into(code, data, place, value)
    path.write_bytes(data)
    return path


def test_files_without_rate_or_channels_fail_with_a_message(tmp_path: Path) -> None:
    for fields in ({"rate": 0}, {"channels": 0}):
        with pytest.raises(MediaError) as failure:
            read(wave_with(tmp_path / "bad.wav", **fields), "wav")
        assert isinstance(failure.value, DamagedMedia | RefusedMedia)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (46, 0xFF, "the data break the rules of the format (while opening the container)"),
        (196, 0xFF, "the data break the rules of the format (while opening the container)"),
        (46, 0x00, "the data break the rules of the format (while opening the container)"),
        (304, 0x00, "the data break the rules of the format (while opening the container)"),
        (280, 0x00, "no sound stream"),
        (358, 0x00, "the sound is compressed with WAVE format 0x0100, for which FFmpeg has no decoder"),
        (360, 0x00, "the number of channels is missing or not supported by the decoder"),
    ],
)
def test_a_damaged_header_of_a_wma_is_the_files_fault(place: int, value: int, reason: str, tmp_path: Path) -> None:
    """FFmpeg's reader seeks to before the start for some of them, which is no fault of the machine."""
    path = encoded(tmp_path / "a.wma", "wmav2", 44_100)
    data = bytearray(path.read_bytes())
    assert data[place] != value
    data[place] = value
    path.write_bytes(data)
    with pytest.raises(MediaError) as failure:
        read(path, "asf")
    assert failure.value.what == reason


@pytest.mark.parametrize("data_bytes", [4_000_000_000, 0xFFFFFFFF])
def test_a_wrong_size_is_detected(tmp_path: Path, data_bytes: int) -> None:
    samples, _, report = read(wave_with(tmp_path / "lie.wav", data_bytes=data_bytes), "wav")
    assert samples.shape == (1, 1000)
    assert report.sample_count_decoded == 1000


@pytest.mark.parametrize("suffix", ["aiff", "mp3", "wav", "w64", "caf", "au"])
def test_a_truncated_file_reports_how_much_is_missing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"whole.{suffix}"
    soundfile.write(path, np.random.default_rng(2).normal(0, 0.1, 144_000), 48_000)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert read(path, suffix)[2].damaged == ()
    samples, _, report = read(cut, suffix)
    (missing,) = report.damaged
    assert missing.start_seconds == pytest.approx(samples.shape[1] / 48_000)
    assert missing.end_seconds == pytest.approx(3.0, abs=0.03)
    assert report.truncated_because
    assert report.truncated_because.endswith(f" samples, {samples.shape[1]} are present")


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_without_its_last_page_is_cut_off(tmp_path: Path, subtype: str) -> None:
    path, cut = tmp_path / "whole.ogg", tmp_path / "cut.ogg"
    soundfile.write(path, np.random.default_rng(2).normal(0, 0.1, 144_000), 48_000, format="OGG", subtype=subtype)
    whole, _, report = read(path, "ogg")
    assert (report.damaged, report.truncated_because) == ((), None)
    for kept_bytes in (path.stat().st_size * 2 // 3, path.stat().st_size - 1):
        cut.write_bytes(path.read_bytes()[:kept_bytes])
        samples, _, report = read(cut, "ogg")
        assert samples.shape[1] < whole.shape[1]
        assert report.damaged == (Damaged(start_seconds=samples.shape[1] / 48_000, end_seconds=None),)
        assert report.truncated_because == "no page is marked as the last"


@pytest.mark.parametrize(("suffix", "codec"), [("wv", "wavpack"), ("tta", "tta"), ("mka", "flac")])
def test_a_truncated_file_that_ffmpeg_reads_reports_how_much_is_missing(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    encoded(path, codec, 48_000, np.random.default_rng(2).normal(0, 0.1, 144_000).astype(np.float32))
    assert read(path, suffix)[2].damaged == ()
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    samples, _, report = read(cut, suffix)
    assert report.damaged[0].start_seconds == pytest.approx(samples.shape[1] / 48_000)
    assert report.damaged[-1].end_seconds == pytest.approx(3.0)


def test_a_length_that_is_too_short_cuts_nothing_off() -> None:
    padding, sound = EndPadding(1000, 2048), np.arange(6000, dtype=np.float32)[None]
    given = [padding.without(sound[:, first : first + 1024]) for first in range(0, 6000, 1024)]
    assert np.array_equal(np.concatenate(given, axis=1), sound)


def test_the_end_of_an_ogg_file_is_read_although_its_middle_is_damaged(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "a.opus", "libopus", 48_000, np.random.default_rng(5).normal(0, 0.1, 288_000).astype("f4")
    )
    data = bytearray(path.read_bytes())
    middle = data.find(b"OggS", len(data) // 2)
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    _, _, report = read(path, "ogg")
    assert report.truncated_because is None
    assert [span.end_seconds is None for span in report.damaged] == [False]


def test_a_recording_whose_size_was_never_written_is_read(tmp_path: Path) -> None:
    samples, _, report = read(wave_with(tmp_path / "cut.wav", data_bytes=0), "wav")
    assert samples.shape == (1, 1000)
    assert report.sample_count_decoded == 1000


@pytest.mark.parametrize("size", [0, 24, 1 << 40, (1 << 63) + 5, (1 << 64) - 1])
def test_a_wrong_size_in_wave64_or_caf_is_ignored(tmp_path: Path, size: int) -> None:
    path = tmp_path / "lie.w64"
    path.write_bytes(b"riff" + bytes(36) + b"junk" + bytes(12) + struct.pack("<Q", size) + bytes(400_000))
    assert declared_length(SourceFile.at(path), "w64") == Declared()
    path.write_bytes(b"caff" + bytes(4) + b"junk" + struct.pack(">Q", size) + bytes(400_000))
    assert declared_length(SourceFile.at(path), "caf") == Declared()


def test_repeatedly_jumping_timestamps_do_not_become_a_day_of_silence(tmp_path: Path) -> None:
    path = tmp_path / "jumps.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        packets = []
        for number in range(40):
            frame = av.AudioFrame.from_ndarray(np.ones((1, 4608), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 4608, Fraction(1, 48_000)
            packets += stream.encode(frame)
        for number, packet in enumerate([*packets, *stream.encode(None)]):
            packet.pts = packet.dts = number * 3000 * 48_000
            container.mux(packet)
    reader = FileReader(SourceFile.at(path), "mov,mp4")
    given = sum(block.samples.shape[1] for block in reader.blocks())
    report = reader.report()
    assert report.sample_count_decoded == 40 * 4608
    assert given == report.sample_count_decoded + report.missing_sample_count < 1.1 * (1 << 28)
    assert report.first_error == "the time stamps jump by 2999.9 s"


def test_trailing_data_after_the_audio_are_reported(tmp_path: Path) -> None:
    values = steps(16, 1)
    for kind in ("wav", "flac"):
        path = tmp_path / f"one.{kind}"
        soundfile.write(path, values, 48_000, subtype="PCM_16")
        whole = path.read_bytes()
        assert read(path, kind)[2].unread_because is None
        joined = tmp_path / f"joined.{kind}"
        joined.write_bytes(whole + whole)
        samples, _, report = read(joined, kind)
        assert samples.shape[1] == 5000
        name = "another WAVE file" if kind == "wav" else "another FLAC stream"
        assert report.unread_because == f"{name} follows at byte {len(whole)}"
    data = bytearray((tmp_path / "one.wav").read_bytes())
    struct.pack_into("<I", data, data.index(b"data") + 4, 4000)
    (tmp_path / "small.wav").write_bytes(data)
    report = read(tmp_path / "small.wav", "wav")[2]
    assert (report.sample_count_decoded, report.unread_because) == (
        2000,
        "6000 bytes after the audio data are not part of any chunk",
    )


def test_joined_wavpack_files_are_one_with_another_behind_it(tmp_path: Path) -> None:
    plain, tagged = tmp_path / "plain.wv", tmp_path / "tagged.wv"
    for path, title in ((plain, ()), (tagged, ("-metadata", "title=First"))):
        made = ("-f", "lavfi", "-i", "sine=duration=1.5", *title, "-c:a", "wavpack", str(path))
        subprocess.run(["ffmpeg", "-v", "error", *made], check=True)
        assert read(path, "wv")[2].damage is None
        joined = tmp_path / f"joined-{path.name}"
        joined.write_bytes(2 * path.read_bytes())
        report = read(joined, "wv")[2]
        assert report.damage == f"another WavPack file follows at byte {path.stat().st_size}"
        assert (report.sample_count_decoded, report.missing_sample_count) == (66150, 0)


@pytest.mark.parametrize("kind", ["wav", "aiff", "au", "w64", "caf"])
def test_few_bytes_behind_the_sound_are_reported_unless_they_are_padding(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, np.zeros(1000), 48_000, subtype="PCM_16", format=kind.upper())
    whole = path.read_bytes()
    told = (
        "follow the audio data that the header declares"
        if kind == "au"
        else ("after the audio data are not part of any chunk")
    )
    for behind in (b"", b"\0", bytes(15)):
        path.write_bytes(whole + behind)
        assert read(path, kind)[2].damage is None, behind
    for count in (2, 7, 15):
        path.write_bytes(whole + b"\0" + bytes(range(2, count + 1)))
        assert read(path, kind)[2].damage == f"{count} bytes {told}"
    path.write_bytes(whole + b"x")
    assert read(path, kind)[2].damage == f"1 byte {told.replace('data are', 'data is').replace('follow ', 'follows ')}"


@pytest.mark.parametrize(
    ("damaged", "errors", "truncated_because", "told"),
    [
        ((), 0, None, None),
        ((), 1, None, "an error occurred while reading it: bad header"),
        ((), 3, None, "3 errors occurred while reading it, the first: bad header"),
        ((Damaged(start_seconds=1.0, end_seconds=2.0),), 0, None, "sound does not decode, from 1.000 s to 2.000 s"),
        ((Damaged(start_seconds=1.0, end_seconds=None),), 0, "the file ends early", "the file ends early"),
    ],
)
def test_damage_is_told_by_its_place_and_by_errors_only_if_there_were_any(
    damaged: tuple[Damaged, ...], errors: int, truncated_because: str | None, told: str | None
) -> None:
    report = AudioReport(
        sample_count_from_header=None,
        sample_count_decoded=48_000,
        missing_sample_count=0,
        end_padding_sample_count=0,
        non_finite_sample_count=0,
        decoder_errors=errors,
        first_error="bad header" if errors else None,
        sample_count_from_second_reader=None,
        damaged=damaged,
        truncated_because=truncated_because,
        unread_because=None,
    )
    assert report.damage == told
