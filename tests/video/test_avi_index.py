"""Pictures that the index of an AVI lists but whose chunks are gone are lost frames."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest

from processors.containers.avi_index import listed_pictures
from tests.video.test_video_damage import read


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("avi") / "whole.avi"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=15:duration=2", "-f", "lavfi", "-i", "sine=duration=2"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, "-c:v", "huffyuv", str(path)], check=True)
    return path


def test_a_whole_avi_has_as_many_pictures_as_its_index_lists(whole: Path) -> None:
    with whole.open("rb") as opened:
        assert listed_pictures(opened) == {0: 30}
    _, report = read(whole)
    assert (report.frame_count_gone, report.damage) == (0, None)


@pytest.mark.parametrize("is_removed", [False, True], ids=["zeroed", "removed"])
def test_a_chunk_that_the_index_lists_and_the_file_has_lost_is_a_lost_frame(
    whole: Path, tmp_path: Path, is_removed: bool
) -> None:
    data = whole.read_bytes()
    place = [at for at in range(len(data)) if data.startswith(b"00dc", at)][10]
    path = tmp_path / "damaged.avi"
    path.write_bytes(data[: place - 8] + bytes(0 if is_removed else 3000) + data[place + 2992 :])
    _, report = read(path)
    assert report.frame_count_gone == 1
    assert report.damage is not None
    assert report.damage.startswith("29 of about 30 frames decoded; 1 is missing")
    assert report.shorter_than_declared is None


def test_empty_chunks_sound_and_repeated_entries_of_an_index_are_not_counted() -> None:
    entries = [(b"00dc", 4, 9), (b"00dc", 4, 9), (b"00dc", 30, 0), (b"01wb", 40, 9), (b"00db", 60, 9), (b"ix00", 80, 9)]
    index = b"".join(struct.pack("<4sIII", name, 16, place, size) for name, place, size in entries)
    body = b"AVI idx1" + struct.pack("<I", len(index)) + index
    assert listed_pictures(io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)) == {0: 2}


def test_an_opendml_index_counts_the_pictures_of_all_its_parts() -> None:
    part = struct.pack("<HBBI4sQI", 2, 0, 1, 3, b"00dc", 0, 0) + struct.pack("<6I", 8, 9, 30, 1 << 31, 40, 1 << 31 | 9)
    chunk = b"ix00" + struct.pack("<I", len(part)) + part
    first = 12 + 12 + 12 + 8 + 24 + 2 * 16
    places = [first, first + len(chunk)]
    above = struct.pack("<HBBI4s12x", 4, 0, 0, 2, b"00dc") + b"".join(
        struct.pack("<QII", at, len(chunk), 3) for at in places
    )
    stream = b"strlindx" + struct.pack("<I", len(above)) + above
    header = b"hdrlLIST" + struct.pack("<I", len(stream)) + stream
    body = b"AVI LIST" + struct.pack("<I", len(header)) + header + 2 * chunk
    data = b"RIFF" + struct.pack("<I", len(body)) + body
    assert listed_pictures(io.BytesIO(data)) == {0: 4}
    assert not listed_pictures(io.BytesIO(data[: -len(chunk)]))
