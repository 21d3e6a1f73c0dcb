"""What an MP4's own index of fragments or segments names in vain is a loss, for its pictures and its sound."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from processors.audio.reading.audio_reader import FileReader
from processors.containers.video.fragments import absent_fragments
from processors.containers.video.mp4_boxes import boxes
from processors.sources.source_file import SourceFile
from tests.video.test_video_damage import read

MFRA = "the index of fragments (mfra) names 4, 1 of which is missing or out of place"
SIDX = "the index of segments (sidx) names 4, {} missing or out of place"
FLAGS = {
    "mfra": "frag_keyframe+empty_moov",
    "sidx": "frag_keyframe+delay_moov+dash+global_sidx+skip_trailer",
    "a sidx each": "frag_keyframe+empty_moov+dash+skip_trailer",
}


@pytest.fixture(scope="module", params=list(FLAGS))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    """Four fragments of a second each, of picture and sound, and the index that the file has."""
    ffmpeg = shutil.which("ffmpeg") or pytest.skip("needs ffmpeg")
    path = tmp_path_factory.mktemp("whole") / "a.mp4"
    inputs = "-f lavfi -i testsrc2=size=64x64:rate=20:d=4 -f lavfi -i sine=440:r=48000:d=4"
    command = f"{ffmpeg} -v error {inputs} -c:v libx264 -bf 0 -c:a aac -g 20 -movflags {FLAGS[request.param]} {path}"
    subprocess.run(command.split(), check=True, timeout=60)
    return request.param, path.read_bytes()


def words(data: bytes) -> list[str]:
    return [one.words for one in absent_fragments(io.BytesIO(data), len(data))]


def fragments(data: bytes) -> list[tuple[int, int]]:
    """Where each begins and ends, with the boxes before it."""
    ends = [end for name, _, end in boxes(io.BytesIO(data), len(data), ()) if name in (b"moov", b"mdat")]
    return list(pairwise(ends))


def test_of_a_whole_file_nothing_is_absent(whole: tuple[str, bytes]) -> None:
    _, data = whole
    assert words(data) == []


def test_an_index_that_is_out_of_date_is_no_loss(whole: tuple[str, bytes]) -> None:
    _, data = whole
    (head,) = struct.unpack_from(">I", data)
    assert words(data[:head] + struct.pack(">I4s", 64, b"free") + bytes(56) + data[head:]) == []


def test_a_fragment_that_is_overwritten_is_reported_where_it_was(whole: tuple[str, bytes], tmp_path: Path) -> None:
    kind, data = whole
    start, end = fragments(data)[1]
    place = data.index(b"moof", start, end)
    path = tmp_path / "a.mp4"
    path.write_bytes(data[:place] + b"free" + data[place + 4 :])
    told = MFRA if kind == "mfra" else SIDX.format("1 of which is")
    assert words(path.read_bytes()) == [told]
    frames, report = read(path)
    assert (len(frames), report.frame_count_gone) == (60, 20)
    assert str(report.damage).startswith("60 of about 80 frames decoded; 20 are missing at 1.0")
    assert told in str(report.damage)
    sound = FileReader(SourceFile.at(path), "mov,mp4,m4a,3gp,3g2,mj2")
    assert sum(block.samples.shape[1] for block in sound.blocks()) > 0
    assert told in str(sound.report().damage)


def test_a_fragment_that_was_taken_out_is_reported(whole: tuple[str, bytes]) -> None:
    kind, data = whole
    start, end = fragments(data)[1]
    told = {"mfra": [MFRA], "sidx": [SIDX.format("2 of which are")], "a sidx each": []}
    assert words(data[:start] + data[end:]) == told[kind]


def test_a_missing_last_fragment_is_reported(whole: tuple[str, bytes], tmp_path: Path) -> None:
    kind, data = whole
    start, end = fragments(data)[3]
    path = tmp_path / "a.mp4"
    if kind == "a sidx each":
        start = data.index(b"moof", start) - 4
    path.write_bytes(data[:start] + data[end:])
    told = MFRA if kind == "mfra" else SIDX.format("1 of which is")
    assert words(path.read_bytes()) == [told]
    frames, report = read(path)
    assert len(frames) == 60
    assert told in str(report.damage)


@pytest.mark.parametrize("cut", range(1, 40))
def test_an_index_that_breaks_off_is_no_fault(cut: int) -> None:
    """Boxes of an index with lengths and counts beyond their end."""
    sidx = struct.pack(">I4sIIIQQHH", 44, b"sidx", 1 << 24, 1, 1, 0, 0, 0, 9) + bytes(4)
    assert words(sidx[:cut]) == []
    tfra = struct.pack(">I4sIIII", 24, b"tfra", 0, 1, 0xFFFFFFFF, 0xFFFFFFFF)
    mfra = struct.pack(">I4s", 8 + len(tfra) + 16, b"mfra") + tfra + struct.pack(">I4sII", 16, b"mfro", 0, 48 + cut)
    assert words(bytes(cut) + mfra) == []


@pytest.mark.parametrize("length", [0, 1, *range(8, 13), 31])
def test_a_short_index_behind_a_whole_file_is_no_fault(length: int) -> None:
    short = struct.pack(">I4s", length, b"sidx") + b"\1" * max(0, length - 8)
    assert words(struct.pack(">I4s", 8, b"free") + short) == []


def test_an_index_with_a_length_of_64_bits_names_its_segments() -> None:
    entries = struct.pack(">III", 100, 0, 0) * 2
    sidx = struct.pack(">I4sQIIIIIHH", 1, b"sidx", 48 + len(entries) - 8, 0, 1, 1, 0, 0, 0, 2) + entries
    assert words(sidx) == ["the index of segments (sidx) names 2, 2 of which are missing or out of place"]
