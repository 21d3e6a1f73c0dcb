"""Pictures lost with packets of ASF and WMV files are missing at their time."""

from __future__ import annotations

import io
import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from processors.containers.damaged_bytes import skipped
from processors.containers.video.asf_packets import DATA, PROPERTIES, Piece, look_at_asf, pieces_of
from tests.video.test_video_damage import read

PACKET_BYTES = 64


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("asf") / "whole.wmv"
    sources = ["-f", "lavfi", "-i", "testsrc2=size=192x144:rate=25:duration=3", "-f", "lavfi", "-i", "sine=duration=3"]
    coding = ["-c:v", "wmv2", "-b:v", "400k", "-g", "12", "-c:a", "wmav2"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *sources, *coding, str(path)], check=True)
    return path


def test_a_whole_wmv_is_complete(whole: Path) -> None:
    frames, report = read(whole)
    assert (len(frames), report.damage) == (75, None)
    with whole.open("rb") as opened:
        assert look_at_asf(opened, whole.stat().st_size).damaged == ()


@pytest.mark.parametrize("deed", ["zeroed", "removed", "zeroed in part"])
def test_pictures_lost_with_packets_are_missing_at_their_time(whole: Path, deed: str, tmp_path: Path) -> None:
    data = whole.read_bytes()
    (size,) = struct.unpack_from("<I", data, data.index(PROPERTIES) + 92)
    first = data.index(DATA) + 50
    place = first + 46 * size
    start, end = (place + 200, place + 900) if deed == "zeroed in part" else (place, place + 2 * size)
    path = tmp_path / "hole.wmv"
    path.write_bytes(data[:start] + bytes(0 if deed == "removed" else end - start) + data[end:])
    times = {frame.time for frame in read(whole)[0]}
    frames, report = read(path)
    lost = sorted(times - {frame.time for frame in frames})
    assert 1 <= len(lost) == report.frame_count_gone <= 4
    assert report.lost_seconds == ((lost[0], lost[-1] + Fraction(1, 25)),)
    told = f"{75 - len(lost)} of about 75 frames decoded; {len(lost)} {'is' if len(lost) == 1 else 'are'} missing at"
    assert report.damage is not None
    assert report.damage.startswith(f"{told} {float(lost[0]):.3f} s")


def packet(number: int, offset: int, size: int, object_bytes: int, *, replicated: int = 8) -> bytes:
    """A packet with one piece, and padding."""
    about = struct.pack("<II", object_bytes, 0) if replicated == 8 else b"\0" * replicated
    head = bytes([1, number]) + struct.pack("<IB", offset, replicated) + about + bytes([7]) * size
    padding = PACKET_BYTES - 12 - len(head)
    return b"\x82\0\0" + bytes([0x08, 0x5D, padding]) + bytes(6) + head + bytes(padding)


def asf(*packets: bytes, count: int = 0) -> io.BytesIO:
    counts = bytes(32) + struct.pack("<Q", count) + bytes(28)
    properties = PROPERTIES + struct.pack("<Q", 104) + counts + struct.pack("<III", PACKET_BYTES, PACKET_BYTES, 0)
    return io.BytesIO(properties + DATA + bytes(34) + b"".join(packets))


def test_the_pieces_of_a_packet_are_read() -> None:
    assert pieces_of(packet(5, 30, 20, 50)) == [Piece(1, 5, 1, 30, 20, 50)]
    assert pieces_of(packet(5, 40, 20, 50)) is None
    assert pieces_of(bytes(PACKET_BYTES)) is None
    assert pieces_of(b"") is None


@pytest.mark.parametrize(
    ("packets", "jumps"),
    [
        ([(255, 0, 30, 50), (255, 30, 20, 50), (0, 0, 30, 30), (1, 0, 9, 9)], []),
        ([(1, 0, 30, 50), (2, 0, 20, 20), (3, 0, 9, 9)], [1]),
        ([(1, 0, 30, 30), (3, 0, 20, 20), (4, 0, 9, 9)], [1]),
        ([(1, 0, 20, 60), (1, 40, 20, 60), (2, 0, 9, 9)], [1]),
        ([(1, 0, 9, 9), (5, 0, 9, 9), (9, 0, 9, 9), (3, 0, 9, 9)], []),
    ],
    ids=["whole", "end of a picture lost", "picture lost", "middle of a picture lost", "not counted"],
)
def test_pieces_that_do_not_go_on_show_a_loss(packets: list[tuple[int, int, int, int]], jumps: list[int]) -> None:
    file = asf(*(packet(*one) for one in packets))
    size = len(file.getvalue())
    first = size - len(packets) * PACKET_BYTES
    places = [first + number * PACKET_BYTES for number in jumps]
    assert look_at_asf(file, size).damaged == tuple(skipped(place, place, is_certain=False) for place in places)


def test_bytes_that_are_no_packet_are_skipped_to_the_next() -> None:
    whole_packets = [packet(number, 0, 9, 9) for number in range(4)]
    file = asf(whole_packets[0], b"\1" * (PACKET_BYTES + 5), *whole_packets[1:])
    size = len(file.getvalue())
    start = size - 4 * PACKET_BYTES - 5
    assert look_at_asf(file, size).damaged == (skipped(start, start + PACKET_BYTES + 5),)


def test_a_last_packet_that_is_none_is_damage_where_packets_are_counted() -> None:
    whole_packets = [packet(number, 0, 9, 9) for number in range(3)]
    behind = b"no packet".ljust(2 * PACKET_BYTES, b"\0")
    for count, damaged in ((0, 0), (3, 0), (4, 1), (5, 2), (9, 2)):
        file = asf(*whole_packets, behind, count=count)
        size = len(file.getvalue())
        start = size - 2 * PACKET_BYTES
        expected = (skipped(start, start + damaged * PACKET_BYTES),) if damaged else ()
        assert look_at_asf(file, size).damaged == expected


def test_a_payload_of_no_stream_is_no_payload() -> None:
    assert pieces_of(packet(5, 0, 20, 20).replace(b"\1\5", b"\0\5", 1)) is None


def test_a_last_packet_zeroed_in_part_is_told(whole: Path, tmp_path: Path) -> None:
    data = bytearray(whole.read_bytes())
    (size,) = struct.unpack_from("<I", data, data.index(PROPERTIES) + 92)
    (count,) = struct.unpack_from("<Q", data, data.index(PROPERTIES) + 56)
    last = data.index(DATA) + 50 + (count - 1) * size
    data[last + 3 : last + size] = bytes(size - 3)
    path = tmp_path / "hole.wmv"
    path.write_bytes(data)
    assert f"{size} bytes of the container cannot be read" in (read(path)[1].damage or "")
