"""Run-length coded rows of a BMP that do not give the picture's width are damage; what the format allows is not."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from processors.containers.photo.bmp_rows import rows_of_bmp
from processors.photo.reading.photo_reader import PhotoReader, PhotoReport

WIDTH, HEIGHT = 50, 20
ROW8 = bytes([20, 3, 0, 5, 1, 2, 3, 4, 5, 0, 25, 9])
"""20 pixels of 3, five different ones with a byte of padding, 25 of 9."""
ROW4 = bytes([20, 0x34, 0, 5, 0x12, 0x34, 0x50, 0, 25, 0x99])
END_OF_ROW, END = b"\0\0", b"\0\1"


def bmp(data: bytes, bits: int = 8) -> bytes:
    palette = b"".join(bytes([number, number, number, 0]) for number in range(0, 256, 1 if bits == 8 else 17))
    place = 14 + 40 + len(palette)
    sizes = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, 1 if bits == 8 else 2, len(data), 1, 1, 0, 0)
    return b"BM" + struct.pack("<IHHI", place + len(data), 0, 0, place) + sizes + palette + data


def coded(rows: Sequence[bytes]) -> bytes:
    return END_OF_ROW.join(rows) + END


def read(file: bytes) -> tuple[np.ndarray, PhotoReport]:
    reader = PhotoReader(io.BytesIO(file))
    return np.asarray(reader.photo().image.convert("L")), reader.report()


def whole(bits: int) -> list[bytes]:
    return [ROW8 if bits == 8 else ROW4] * HEIGHT


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("end", [b"", END_OF_ROW], ids=["without", "with an end of the last row"])
def test_a_whole_picture_is_complete(bits: int, end: bytes) -> None:
    picture, report = read(bmp(END_OF_ROW.join(whole(bits)) + end + END, bits))
    row = [3] * 20 + [1, 2, 3, 4, 5] + [9] * 25 if bits == 8 else [51, 68] * 10 + [17, 34, 51, 68, 85] + [153] * 25
    assert picture.tolist() == [row] * HEIGHT
    assert report.condition == "complete"


def test_what_the_format_allows_is_no_damage() -> None:
    padded = coded([ROW8 + bytes([2, 0])] * HEIGHT)  # rows of 52 pixels, as an uncompressed one has
    jumping = coded([ROW8] * 5 + [bytes([20, 3, 0, 2, 1, 2, 28, 9])] + [ROW8] * 12)
    background_left_out = coded([bytes([20, 3])] * HEIGHT)
    for data in (padded, jumping, background_left_out, coded(whole(8)) + bytes(2)):
        assert read(bmp(data))[1].damage is None


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("count", [4, 40], ids=["too short", "too long"])
def test_a_row_of_another_length_is_damage_of_that_row_alone(bits: int, count: int) -> None:
    rows = whole(bits)
    rows[7] = bytes([count]) + rows[7][1:]
    picture, report = read(bmp(coded(rows), bits))
    right, _ = read(bmp(coded(whole(bits)), bits))
    assert np.flatnonzero((picture != right).any(axis=1)).tolist() == [HEIGHT - 1 - 7]
    assert report.damage == (
        "the picture is damaged: up to 5 % of the picture may be wrong, from row 12 of 20 on"
        " (1 of 20 rows does not unpack to the picture's width)"
    )


@pytest.mark.parametrize(
    ("data", "share", "fault"),
    [
        (coded([*[ROW8] * 7, ROW8 + ROW8, *[ROW8] * 11]), 0.65, "the picture data give 19 rows, the header says 20"),
        (coded([ROW8] * 22), 0.05, "the picture data give 22 rows, the header says 20"),
        (coded([ROW8] * 12) + coded([ROW8] * 8), 0.4, "the picture data give 12 rows, the header says 20"),
        (coded([ROW8] * 20) + ROW8, 0.05, "12 bytes of the picture data follow the mark of its end"),
        (END_OF_ROW.join([ROW8] * 20) + END_OF_ROW, 0.05, "the mark of the picture's end is missing"),
    ],
    ids=["row end lost", "too many rows", "early end", "data behind the end", "no end"],
)
def test_rows_and_an_end_that_disagree_with_the_header_are_damage(data: bytes, share: float, fault: str) -> None:
    _, report = read(bmp(data))
    assert (report.condition, report.damaged_share, report.fault) == ("damaged", share, fault)


def test_jumps_far_above_the_picture_are_counted_and_take_no_memory() -> None:
    jumps = bytes([0, 2, 0, 255]) * 20_000
    file = io.BytesIO(bmp(coded(whole(8))[: -len(END)] + jumps + END))
    tracemalloc.start()
    rows = rows_of_bmp(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows is not None
    assert (rows.row_count, rows.too_long, rows.too_short, rows.jumps) == (HEIGHT + 20_000 * 255, (), (19,), True)
    assert peak < 2 << 20
    _, report = read(file.getvalue())
    assert "the picture data give 5100020 rows, the header says 20" in str(report.damage)
