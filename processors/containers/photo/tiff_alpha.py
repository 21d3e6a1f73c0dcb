"""Alpha of a TIFF, where the numbers of the colours are wanted as stored."""

from __future__ import annotations

import functools
import io
from typing import BinaryIO

from processors.containers.photo.tiff_directory import TiffLayout, layout_of
from processors.containers.photo.tiff_file import EXTRA, MAX_ENTRIES, Directory
from processors.sources.read_at import read_at

ASSOCIATED = 1
"""ExtraSamples of alpha by which the colours are multiplied (TIFF 6.0, section 18)."""


def without_meaning_of_alpha(file: BinaryIO, photo: Directory) -> io.BytesIO:
    """Return the file with the extra channels of this picture unspecified: decoders then give all numbers as stored."""
    read = functools.partial(read_at, file)
    layout, _ = layout_of(read(0, 16)) or (TiffLayout(order="<"), 0)
    stored = layout.directory(read, photo.at, MAX_ENTRIES)
    data = bytearray(read(0, -1))
    for entry in stored.entries if stored else ():
        if entry.number == EXTRA:
            place = entry.field_at if entry.is_inside else layout.number(entry.field)
            if place + entry.size_bytes <= len(data):
                data[place : place + entry.size_bytes] = bytes(entry.size_bytes)
    return io.BytesIO(data)
