"""Rows of run-length coded BMP files, RLE8 and RLE4 (Windows GDI, Bitmap Compression).

Pillow reads no literal run of an odd number of pixels in RLE4, no jump, and no last row without its own end.
"""

from __future__ import annotations

import io
import struct
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from processors.sources.read_at import read_at

RLE8, RLE4 = 1, 2
MAX_HEADER_BYTES = 54
MAX_DATA_BYTES = 1 << 30
END_OF_ROW, END_OF_PICTURE, JUMP = 0, 1, 2
MAX_PADDING_BYTES = 3


@dataclass(frozen=True, kw_only=True)
class BmpRows:
    """Rows in the order of the file, from the bottom of the picture upward."""

    width_px: int
    height_px: int
    data_at: int
    colour_count: int
    """Colours in the palette."""
    pixels: bytearray
    """A palette index for each pixel; 0 where the codes give none."""
    row_count: int
    """Number of rows that the codes make."""
    too_long: tuple[int, ...]
    """Rows of the picture whose runs give more pixels than a whole row has, ascending."""
    too_short: tuple[int, ...]
    """Rows of the picture that end before its width, ascending."""
    jumps: bool
    """True if codes leave out pixels on purpose, so that short rows are none."""
    is_ended: bool
    """True if the mark of the picture's end is there."""
    trailing_bytes: int
    """Number of bytes of the picture's data after that mark."""

    def without_run_lengths(self, file: BinaryIO) -> io.BytesIO:
        """Return the picture as a BMP of 8 bits that is not compressed."""
        head = bytearray(read_at(file, 0, self.data_at))
        head[28:38] = struct.pack("<HII", 8, 0, 0)
        head[46:50] = struct.pack("<I", self.colour_count)
        width, padding = self.width_px, bytes(-self.width_px % 4)
        rows = (self.pixels[at : at + width] + padding for at in range(0, len(self.pixels), width))
        return io.BytesIO(bytes(head) + b"".join(rows))


def rows_of_bmp(file: BinaryIO) -> BmpRows | None:
    """Return the rows of a run-length coded BMP; None for others."""
    head = read_at(file, 0, MAX_HEADER_BYTES)
    if len(head) < MAX_HEADER_BYTES or head[:2] != b"BM":
        return None
    data_at, size, width, height, _, bits, compression, length = struct.unpack("<IIiiHHII", head[10:38])
    (colours,) = struct.unpack("<I", head[46:50])
    if size < 40 or (bits, compression) not in ((8, RLE8), (4, RLE4)) or width <= 0 or height <= 0:
        return None
    data = read_at(file, data_at, min(length or MAX_DATA_BYTES, MAX_DATA_BYTES))
    walk = _Walk(width, height, pixels_a_byte=8 // bits)
    at = walk.over(data)
    whole = _length_of_whole(walk.lengths, width, 32 // bits)
    return BmpRows(
        width_px=width,
        height_px=height,
        data_at=data_at,
        colour_count=colours or 1 << bits,
        pixels=walk.pixels,
        row_count=walk.row_count,
        too_long=tuple(row for row, length in enumerate(walk.lengths) if length > whole),
        too_short=tuple(row for row, length in enumerate(walk.lengths) if length < width),
        jumps=walk.jumps,
        is_ended=walk.is_ended,
        trailing_bytes=max(0, len(data) - at),
    )


class _Walk:
    """A walk over the codes, which never stops at damage."""

    def __init__(self, width: int, height: int, *, pixels_a_byte: int) -> None:
        self.pixels = bytearray(width * height)
        self.lengths = array("q")
        """Pixels of each row of the picture that has ended."""
        self.row_count = 0
        """Number of rows that have ended, in the picture or above it."""
        self.jumps = self.is_ended = False
        self._width, self._height, self._pixels_a_byte = width, height, pixels_a_byte
        self._x = 0

    def over(self, data: bytes) -> int:
        """Walk to the mark of the picture's end, or to that of the data, and return the place after it."""
        at = 0
        while at + 2 <= len(data) and not self.is_ended:
            count, code = data[at], data[at + 1]
            at += 2
            if count:
                self._put((self._spread(bytes([code])) * count)[:count])
            elif code > JUMP:
                used = -(-code // self._pixels_a_byte)
                self._put(self._spread(data[at : at + used])[:code])
                at += used + used % 2
            elif code == JUMP:
                right, up = data[at : at + 1], data[at + 1 : at + 2]
                self._x, at, self.jumps = self._x + sum(right), at + 2, True
                self._end_rows([0] * sum(up))
            else:
                self.is_ended = code == END_OF_PICTURE
                if self._x or not self.is_ended:
                    self._end_rows([self._x])
                    self._x = 0
        if self._x:  # the data end within a row
            self._end_rows([self._x])
        return at

    def _end_rows(self, lengths: Sequence[int]) -> None:
        """Count rows; the lengths are kept of those in the picture, as codes of 4 bytes may give 255 rows each."""
        self.lengths.extend(lengths[: max(0, self._height - self.row_count)])
        self.row_count += len(lengths)

    def _spread(self, data: bytes) -> bytes:
        """Return a byte for each pixel."""
        return data if self._pixels_a_byte == 1 else bytes(half for byte in data for half in (byte >> 4, byte & 15))

    def _put(self, pixels: bytes) -> None:
        row = self.row_count
        if row < self._height and self._x < self._width:
            inside = pixels[: self._width - self._x]
            start = row * self._width + self._x
            self.pixels[start : start + len(inside)] = inside
        self._x += len(pixels)


def _length_of_whole(lengths: Sequence[int], width: int, step: int) -> int:
    """Return the pixels of a whole row: the width, or that with the padding of an uncompressed row, if most have it."""
    padded = -(-width // step) * step
    counts = Counter(length for length in lengths if width <= length <= padded)
    return counts.most_common(1)[0][0] if counts else width
