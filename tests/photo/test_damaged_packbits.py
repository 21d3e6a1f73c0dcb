"""Rows of run-length coded pictures that do not unpack to their width are damage; others are not."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import pyvips
from PIL import Image

from processors.containers.photo.packbits import unpacks_to
from processors.containers.photo.tiff_blocks import rows_of_unsound_packbits
from processors.containers.photo.tiff_file import pictures_of
from processors.photo.reading.damage import Damage
from processors.photo.reading.photo_reader import PhotoReader

WIDTH, HEIGHT = 200, 40
ROW = bytes([127]) + bytes(range(128)) + bytes([257 - 72, 9])
"""128 different values, then 72 times the same."""


def photoshop_file(rows: list[bytes], channels: int) -> io.BytesIO:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, HEIGHT, WIDTH, 8, 3)
    lengths = struct.pack(f">{len(rows)}H", *map(len, rows))
    return io.BytesIO(head + bytes(12) + b"\0\1" + lengths + b"".join(rows))


def damage_of(file: io.BytesIO) -> Damage | None:
    return PhotoReader(file).photo().damage


@pytest.mark.parametrize(
    ("data", "is_whole"),
    [
        (ROW, True),
        (b"\x80" + ROW + b"\x80\x80", True),
        (ROW + b"\0", True),
        (ROW + b"\0\0", False),
        (ROW[:-1], False),
        (ROW[:-2], False),
        (ROW[:-2] + bytes([257 - 73, 9]), False),
        (b"", False),
    ],
)
def test_packets_unpack_to_exactly_a_length(data: bytes, is_whole: bool) -> None:
    assert unpacks_to(data, WIDTH) is is_whole


def test_a_whole_photoshop_file_is_undamaged() -> None:
    assert damage_of(photoshop_file([ROW] * 3 * HEIGHT, 3)) is None


def test_a_wrong_row_of_a_photoshop_file_is_damage_of_that_row_alone() -> None:
    rows = [ROW] * 3 * HEIGHT
    rows[HEIGHT + 30] = rows[2 * HEIGHT + 31] = bytes(len(ROW))
    file = photoshop_file(rows, 3)
    photo = PhotoReader(file).photo()
    assert photo.damage is not None
    assert (photo.damage.share, photo.damage.first_row) == (0.05, 30)
    assert photo.damage.fault == "2 of 40 rows do not unpack to the picture's width"
    shown = np.asarray(photo.image)
    whole = np.asarray(PhotoReader(photoshop_file([ROW] * 3 * HEIGHT, 3)).photo().image)
    assert np.flatnonzero((shown != whole).any(axis=(1, 2))).tolist() == [30, 31]


def test_a_wrong_row_of_a_channel_that_is_not_shown_affects_no_pixel() -> None:
    rows = [ROW] * 5 * HEIGHT
    rows[4 * HEIGHT + 3] = bytes(len(ROW))
    found = damage_of(photoshop_file(rows, 5))
    assert found is not None
    assert found.share is None
    assert found.fault == "a channel that is not shown has rows that do not unpack to the picture's width"


def in_strips(bands: int) -> bytes:
    values = np.random.default_rng(5).integers(0, 4, (50, 150, bands), np.uint8) // 3 * 255
    picture = Image.fromarray(values if bands > 1 else values[..., 0]).convert("RGB" if bands > 1 else "1")
    file = io.BytesIO()
    picture.save(file, "TIFF", compression="packbits", tiffinfo={278: 16})
    return file.getvalue()


def in_tiles() -> bytes:
    values = np.random.default_rng(5).integers(0, 4, (50, 150), np.uint8) // 3 * 255
    picture = pyvips.Image.new_from_array(values)
    return picture.tiffsave_buffer(compression="packbits", tile=True, tile_width=64, tile_height=16)


@pytest.mark.parametrize("made", [in_strips(1), in_strips(3), in_tiles()], ids=["bits", "colours", "tiles"])
def test_a_tiff_whose_strip_or_tile_unpacks_to_another_size_is_damaged(made: bytes) -> None:
    assert damage_of(io.BytesIO(made)) is None
    at, size = pictures_of(io.BytesIO(made)).photo.blocks[-1]
    wrong = io.BytesIO(made[:at] + b"\x81" * (size // 2) + made[at + size // 2 :])
    assert rows_of_unsound_packbits(wrong, pictures_of(wrong).photo) == [48]
    found = damage_of(wrong)
    assert found is not None
    assert (found.fault, found.first_row) == ("the picture data do not unpack to their size", 48)


def test_a_strip_that_unpacks_to_less_does_not_make_a_whole_file_truncated() -> None:
    made = in_strips(3)
    at, size = pictures_of(io.BytesIO(made)).photo.blocks[1]
    found = damage_of(io.BytesIO(made[:at] + bytes(size) + made[at + size :]))
    assert found is not None
    assert (found.condition, found.first_row, found.share) == ("damaged", 16, 16 / 50)


def lab_tiff(rows: list[bytes]) -> io.BytesIO:
    """A TIFF in CIELAB, one PackBits strip a row."""
    data, places = b"II*\0" + bytes(4), list[int]()
    for row in rows:
        places.append(len(data))
        data += row + bytes(len(row) % 2)
    at = len(data)
    data += struct.pack("<3H", 8, 8, 8) + bytes(2) + struct.pack(f"<{2 * HEIGHT}I", *places, *map(len, rows))
    tags = [
        (256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 3, at), (259, 3, 1, 32773), (262, 3, 1, 8),
        (273, 4, HEIGHT, at + 8), (277, 3, 1, 3), (278, 4, 1, 1), (279, 4, HEIGHT, at + 8 + 4 * HEIGHT),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return io.BytesIO(data[:4] + struct.pack("<I", len(data)) + data[8:] + directory)


def test_a_wrong_row_of_a_tiff_in_cielab_is_damage_of_that_row() -> None:
    row = bytes([127]) + bytes(range(128)) + (bytes([257 - 118, 9])) * 4
    assert damage_of(lab_tiff([row] * HEIGHT)) is None
    rows = [row] * HEIGHT
    rows[30] = bytes([257 - 128, 7]) * 4 + bytes([257 - 100, 9])
    damage = damage_of(lab_tiff(rows))
    assert damage is not None
    assert (damage.condition, damage.share, damage.first_row) == ("damaged", 1 / HEIGHT, 30)
    assert damage.fault == "the picture data do not unpack to their size"
