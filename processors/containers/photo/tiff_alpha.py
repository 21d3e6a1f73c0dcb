"""Alpha of a TIFF, where the numbers of the colours are wanted as stored."""

from __future__ import annotations

import io
from typing import BinaryIO

from processors.containers.photo.tiff_file import EXTRA, SIZES, Directory
from processors.sources.read_at import read_at

ASSOCIATED = 1
"""ExtraSamples of alpha by which the colours are multiplied (TIFF 6.0, section 18)."""


def without_meaning_of_alpha(file: BinaryIO, photo: Directory) -> io.BytesIO:
    """Return the file with the extra channels of this picture unspecified: decoders then give all numbers as stored."""
    data = bytearray(read_at(file, 0))
    order = "little" if data[:2] == b"II" else "big"
    count_bytes, entry_bytes, value_bytes = (8, 20, 8) if data[2:4] in (b"+\0", b"\0+") else (2, 12, 4)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    first = photo.at + count_bytes
    for at in range(first, first + number(photo.at, count_bytes) * entry_bytes, entry_bytes):
        if number(at, 2) == EXTRA:
            size = number(at + 4, value_bytes) * SIZES.get(number(at + 2, 2), 0)
            value_at = at + entry_bytes - value_bytes
            place = value_at if size <= value_bytes else number(value_at, value_bytes)
            if place + size <= len(data):
                data[place : place + size] = bytes(size)
    return io.BytesIO(data)
