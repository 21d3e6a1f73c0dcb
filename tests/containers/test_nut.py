"""The packets and frames of a NUT file say where it is cut off, and where bytes of it cannot be as written."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from processors.audio.reading.audio_reader import FileReader
from processors.containers.video.nut import look_at_nut
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from tests.helpers.derived import derived

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=3")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=1000:duration=3")
KINDS = {
    "h264 and aac": (*PICTURE, *SOUND, "-c:v", "libx264", "-c:a", "aac"),
    "raw 16 bits": (*PICTURE, "-c:v", "rawvideo", "-pix_fmt", "gray16le"),
    "elided headers": (*PICTURE, *SOUND, "-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"),
    "no syncpoints": (*PICTURE, "-c:v", "mjpeg", "-syncpoints", "none", "-f_strict", "-2", "-strict", "-2"),
    "sound alone": (*SOUND, "-c:a", "libvorbis"),
}


def made(path: Path, kind: str, *more: str) -> bytes:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *KINDS[kind], *more, "-f", "nut", str(path)], check=True)
    return path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_is_seen_and_a_whole_file_is_whole(kind: str, tmp_path: Path) -> None:
    data = made(tmp_path / "a.nut", kind)
    whole = look_at_nut(io.BytesIO(data), len(data))
    assert (whole.cut_off_because, whole.damaged) == (None, ())
    for part in range(1, 24):
        held = len(data) * part // 24
        told = look_at_nut(io.BytesIO(data[:held]), held).cut_off_because
        assert told in (
            "it ends in the middle of a frame",
            "it ends in the middle of a packet",
            "the index that its writer puts at the end is missing",
        )


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_begin_no_frame_are_skipped_until_the_next_packet(kind: str, tmp_path: Path) -> None:
    data = made(tmp_path / "a.nut", kind)
    sync = bytes.fromhex("4e4be4adeeca4569")
    place = data.index(sync) if sync in data else data.index(bytes.fromhex("4e49ab68b596ba78"))
    torn = data[:place] + bytes(8) + data[place + 8 :]
    (found,) = look_at_nut(io.BytesIO(torn), len(torn)).damaged
    assert found.start_byte == place
    assert torn[found.end_byte : found.end_byte + 1] == b"N"


@pytest.mark.parametrize("kind", ["h264 and aac", "raw 16 bits", "no syncpoints"])
def test_a_cut_film_is_not_complete(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    data = made(path, kind)
    path.write_bytes(data[: len(data) * 2 // 3])
    (audit,) = derived(path, tmp_path / "store", Integrity())
    findings = audit.json("integrity.json")
    assert not findings["audit"]["is_complete"]
    assert "the container ends in the middle (it ends in the middle of a frame)" in findings["truncated_because"]


def test_a_cut_sound_is_not_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.nut"
    data = made(path, "sound alone")
    path.write_bytes(data[: len(data) * 2 // 3])
    reader = FileReader(SourceFile.at(path), "nut")
    assert sum(block.samples.shape[1] for block in reader.blocks()) > 44100
    assert reader.report().truncated_because == "it ends in the middle of a frame"


def test_a_file_without_a_main_header_is_left_to_its_reader(tmp_path: Path) -> None:
    data = made(tmp_path / "a.nut", "sound alone")
    torn = data[:30] + bytes(100) + data[130:]
    assert look_at_nut(io.BytesIO(torn), len(torn)).damaged == ()
    (tmp_path / "b.nut").write_bytes(torn)
    with pytest.raises(DamagedMedia):
        FileReader(SourceFile.at(tmp_path / "b.nut"), "nut")
