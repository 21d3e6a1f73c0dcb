"""Pictures that the index of an AVI lists but whose chunks are gone are lost frames."""

from __future__ import annotations

import io
import struct
import subprocess
from array import array
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from processors.containers.video.avi_index import listed_pictures
from processors.video.reading.times.packet_index import PacketIndex
from processors.video.reading.times.times_behind_lost_pictures import with_places_of_missing
from tests.helpers.counting_file import CountingFile
from tests.video.test_video_damage import read


def counted(opened: BinaryIO) -> dict[int, int]:
    return {number: len(pictures) for number, pictures in listed_pictures(opened).items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("avi") / "whole.avi"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=15:duration=2", "-f", "lavfi", "-i", "sine=duration=2"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, "-c:v", "huffyuv", str(path)], check=True)
    return path


def test_a_whole_avi_has_as_many_pictures_as_its_index_lists(whole: Path) -> None:
    with whole.open("rb") as opened:
        assert counted(opened) == {0: 30}
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
    frames, report = read(path)
    assert [frame.pts for frame in frames] == [frame.pts for frame in read(whole)[0] if frame.pts != 9]
    assert report.frame_count_gone == 1
    cut = "; cut off: 3000 bytes of the file are missing" if is_removed else ""
    assert report.damage == f"29 of about 30 frames decoded; 1 is missing at 0.600 s{cut}"
    assert report.lost_seconds == ((Fraction(9, 15), Fraction(10, 15)),)
    assert report.shorter_than_declared is None


def test_empty_chunks_sound_and_repeated_entries_of_an_index_are_not_counted() -> None:
    entries = [(b"00dc", 4, 9), (b"00dc", 4, 9), (b"00dc", 30, 0), (b"01wb", 40, 9), (b"00db", 60, 9), (b"ix00", 80, 9)]
    index = b"".join(struct.pack("<4sIII", name, 16, place, size) for name, place, size in entries)
    body = b"AVI idx1" + struct.pack("<I", len(index)) + index
    assert counted(io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)) == {0: 2}


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
    assert counted(io.BytesIO(data)) == {0: 4}
    assert not counted(io.BytesIO(data[: -len(chunk)]))


@pytest.mark.parametrize("step_bytes", [0, 16], ids=["one place", "overlapping places"])
@pytest.mark.parametrize("streams", [1, 40], ids=["one stream", "many streams"])
def test_an_index_that_leads_to_the_same_bytes_many_times_is_read_once(step_bytes: int, streams: int) -> None:
    count = 50_000
    part = struct.pack("<HBBI4sQI", 2, 0, 1, count, b"00dc", 0, 0)
    below = b"ix00" + struct.pack("<I", len(part) + 8 * count) + part
    steps = below.ljust(48, b"\0") * 40 if step_bytes else below
    lists = [
        struct.pack("<HBBI4s12x", 4, 0, 0, 40, f"{stream:02d}dc".encode())
        + b"".join(struct.pack("<QII", 0x10000 + 48 * (entry if step_bytes else 0), 0, 0) for entry in range(40))
        for stream in range(streams)
    ]
    header = b"hdrl" + b"".join(
        b"LIST" + struct.pack("<I", len(one) + 12) + b"strlindx" + struct.pack("<I", len(one)) + one for one in lists
    )
    head = b"RIFF\xff\xff\xff\x7fAVI LIST" + struct.pack("<I", len(header)) + header
    file = CountingFile(head.ljust(0x10000, b"\0") + steps + struct.pack("<2I", 8, 9) * count)
    size = len(file.getvalue())
    found = counted(file)
    assert file.read_bytes < 3 * size
    assert found == ({} if step_bytes else {0: count})


@pytest.mark.parametrize(
    ("packets", "times", "missing"),
    [
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], []),
        ([1, 2, 3, 4], [1, 2, 3, 4], [(0, 1)]),
        ([0, 3, 4], [0, 3, 4], [(1, 3)]),
        ([0, 2, 4], [0, 2, 4], [(1, 2), (3, 4)]),
        ([0, 1, 2], [0, 1, 2], [(3, 5)]),
    ],
    ids=["none", "first", "two together", "two apart", "last"],
)
@pytest.mark.parametrize("removed_bytes", [0, 30], ids=["zeroed", "removed"])
def test_pictures_of_one_size_are_placed_by_the_index(
    packets: list[int], times: list[int], missing: list[tuple[int, int]], removed_bytes: int
) -> None:
    listed = np.array([[1000 + 108 * number, 100] for number in range(5)])
    moved, places = 0, list[int]()
    for before, number in zip([-1, *packets], packets, strict=False):
        moved += removed_bytes * (number > before + 1)
        places.append(1000 + 108 * number - moved)
    index = PacketIndex(
        pts=array("q", range(len(packets))),
        shown_pts=array("q", range(len(packets))),
        place=array("q", places),
        size_bytes=array("q", [100] * len(packets)),
        is_shown=bytearray(b"\1" * len(packets)),
        is_keyframe=bytearray(b"\1" * len(packets)),
    )
    found = with_places_of_missing(index, listed)
    assert (list(found.pts), list(found.shown_pts), list(found.missing)) == (times, times, missing)
    assert [number + found.joins.shift_of(number) for number in range(len(packets))] == times


def test_packets_that_do_not_fit_the_index_keep_their_times() -> None:
    index = PacketIndex(pts=array("q", [0, 1]), place=array("q", [8, 99]), size_bytes=array("q", [5, 6]))
    assert with_places_of_missing(index, np.array([[8, 5], [20, 7], [30, 8]])) is index
