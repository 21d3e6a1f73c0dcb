"""Sound in bare frames, or in a file that says how long it is: whole files are whole, and cut ones are told."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import av
import pytest

from processors.audio.reading.audio_info import AudioReport
from processors.audio.reading.audio_reader import FileReader
from processors.identify import identify
from processors.sources.source_file import SourceFile

RATE_HZ = 48_000

ENCODED = [
    ("ac3", "ac3", "ac3"), ("eac3", "eac3", "eac3"), ("mp2", "mp2", "mp3"), ("adts", "aac", "aac"),
    ("latm", "aac", "loas"), ("dts", "dca", "dts"), ("truehd", "truehd", "truehd"), ("mlp", "mlp", "mlp"),
]  # fmt: skip
"""FFmpeg's muxer and encoder, and what the format is called here."""


def encoded(path: Path, muxer: str, encoder: str) -> Path:
    """Two seconds of a tone."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("needs ffmpeg")
    command = [
        ffmpeg,
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        f"sine=1000:r={RATE_HZ}:d=2",
        "-c:a",
        encoder,
        "-strict",
        "-2",
        "-f",
        muxer,
        str(path),
    ]
    subprocess.run(command, check=True, timeout=60)
    return path


def amr(path: Path) -> Path:
    """A second of frames of 12.2 kbit/s (RFC 4867, 5)."""
    noise = random.Random(1)
    path.write_bytes(b"#!AMR\n" + b"".join(b"\x3c" + noise.randbytes(30) + b"\0" for _ in range(50)))
    return path


def read(path: Path) -> tuple[int, AudioReport, str]:
    with path.open("rb") as opened:
        file_format = identify(opened, path.name).format
    reader = FileReader(SourceFile.at(path), file_format)
    count = sum(block.samples.shape[1] for block in reader.blocks())
    return count, reader.report(), file_format


def cut(path: Path, size_bytes: int) -> Path:
    path.write_bytes(path.read_bytes()[:size_bytes])
    return path


@pytest.mark.parametrize(("muxer", "encoder", "name"), ENCODED)
def test_whole_sound_in_bare_frames_is_whole_and_declares_no_length(
    tmp_path: Path, muxer: str, encoder: str, name: str
) -> None:
    path = encoded(tmp_path / "sound", muxer, encoder)
    count, report, file_format = read(path)
    with av.open(str(path)) as container:
        decoded: Any = container.decode(audio=0)
        assert count == sum(frame.samples for frame in decoded)
    assert (file_format, report.damage, report.sample_count_from_header) == (name, None, None)


@pytest.mark.parametrize(
    ("muxer", "encoder", "words"),
    [
        ("ac3", "ac3", "the last 7 bytes of the last frame are missing"),
        ("eac3", "eac3", "the last 7 bytes of the last frame are missing"),
        ("mp2", "mp2", "the last 7 bytes of the last frame are missing"),
        ("adts", "aac", "the last 7 bytes of the last frame are missing"),
        ("latm", "aac", "the last 7 bytes of the last frame are missing"),
        ("dts", "dca", "the last 7 bytes of the last frame are missing"),
    ],
)
def test_sound_that_ends_within_a_bare_frame_is_cut_off(tmp_path: Path, muxer: str, encoder: str, words: str) -> None:
    path = encoded(tmp_path / "sound", muxer, encoder)
    _, report, _ = read(cut(path, path.stat().st_size - 7))
    assert report.damage == words


def test_amr_is_whole_or_cut_off_within_a_frame(tmp_path: Path) -> None:
    path = amr(tmp_path / "sound.amr")
    count, report, _ = read(path)
    assert (count, report.damage, report.sample_count_from_header) == (8000, None, None)
    count, report, _ = read(cut(path, path.stat().st_size - 5))
    assert (count, report.damage) == (49 * 160, "sound does not decode, from 0.980 s to 1.000 s")


def svx(samples: bytes) -> bytes:
    """IFF 8SVX of 8000 Hz (EA IFF 85, supplement of 1985)."""
    header = struct.pack(">IIIHBBI", len(samples), 0, 0, 8000, 1, 0, 0x10000)
    chunks = b"8SVXVHDR" + struct.pack(">I", len(header)) + header + b"BODY" + struct.pack(">I", len(samples)) + samples
    return b"FORM" + struct.pack(">I", len(chunks)) + chunks


def dsf(blocks: int) -> bytes:
    """Silence of one channel, 2.8 MHz (Sony, DSF File Format Specification, 1.01)."""
    bits = bytes([0x69]) * 4096 * blocks
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, 2_822_400, 1, len(bits) * 8, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + len(bits)) + bits
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(fmt) + len(data), 0) + fmt + data


@pytest.mark.parametrize(
    ("data", "count", "missing"), [(svx(bytes(range(250)) * 8), 2000, 1000), (dsf(6), 6 * 4096, 3 * 4096)]
)
def test_a_file_shorter_than_its_first_bytes_say_is_cut_off(
    tmp_path: Path, data: bytes, count: int, missing: int
) -> None:
    path = tmp_path / "sound"
    path.write_bytes(data)
    read_count, report, _ = read(path)
    assert (read_count, report.damage, report.sample_count_from_header) == (count, None, count)
    _, report, _ = read(cut(path, len(data) - missing))
    assert report.damage == f"{missing} bytes of the file are missing"
    assert report.sample_count_from_header is None


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_size_that_was_never_written_is_unknown(tmp_path: Path, size: int) -> None:
    path = tmp_path / "sound"
    data = svx(bytes(range(250)) * 8)
    path.write_bytes(data[:4] + struct.pack(">I", size) + data[8:])
    assert read(path)[1].damage is None


def test_audio_of_a_truncated_avi_reports_how_much_is_missing(tmp_path: Path) -> None:
    path = encoded(tmp_path / "sound.avi", "avi", "mp2")
    assert read(path)[1].damage is None
    _, report, _ = read(cut(path, path.stat().st_size - 5000))
    assert report.damage == "5000 bytes of the file are missing"


@pytest.mark.parametrize(
    ("muxer", "encoder", "samples_each"), [("ac3", "ac3", 1536), ("eac3", "eac3", 1536), ("tta", "tta", None)]
)
def test_a_frame_with_a_wrong_checksum_is_reported_and_later_ones_keep_their_time(
    tmp_path: Path, muxer: str, encoder: str, samples_each: int | None
) -> None:
    path = encoded(tmp_path / "sound", muxer, encoder)
    whole, report, _ = read(path)
    assert report.damage is None
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 101] ^= 1
    path.write_bytes(data)
    count, report, _ = read(path)
    assert count == whole
    assert report.missing_sample_count == (samples_each or report.missing_sample_count) > 0
    assert str(report.damage).startswith(f"{report.missing_sample_count} of {whole} samples are missing, from ")


def test_a_checksum_of_mp2_that_is_right_is_no_fault(tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg") or pytest.skip("needs ffmpeg")
    path = tmp_path / "sound.mp2"
    command = f"{ffmpeg} -v error -f lavfi -i sine=1000:d=2 -c:a libtwolame -error_protection 1 {path}"
    if subprocess.run(command.split(), check=False, timeout=60).returncode:
        pytest.skip("this FFmpeg has no libtwolame")
    assert path.read_bytes()[1] & 1 == 0
    assert read(path)[1].damage is None
    data = bytearray(path.read_bytes())
    data[data.find(data[:3], len(data) // 2) + 4] ^= 1  # the checksum itself
    path.write_bytes(data)
    assert read(path)[1].missing_sample_count == 1152
