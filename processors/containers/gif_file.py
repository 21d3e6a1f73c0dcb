"""Blocks of a GIF file: how many pictures are whole in it, and whether it ends where it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

PICTURE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
MAX_BLOCKS = 200_000


@dataclass(frozen=True, kw_only=True)
class GifFile:
    """The blocks of one GIF file."""

    picture_count: int
    """Pictures whose data are there to their end."""
    is_cut: bool
    """The file ends before its trailer, and within a block or behind one."""
    trailing_bytes: int
    """Behind the trailer."""


def read_gif_file(file: BinaryIO) -> GifFile:
    """Walk the blocks (GIF89a, section 14 on); never raises for bad bytes."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(13)
    pictures, at = 0, 13 + _table_bytes(head[10:11])
    for _ in range(MAX_BLOCKS):
        file.seek(at)
        kind = file.read(1)
        if not kind:
            return GifFile(picture_count=pictures, is_cut=True, trailing_bytes=0)
        if kind[0] == TRAILER:
            return GifFile(picture_count=pictures, is_cut=False, trailing_bytes=size - at - 1)
        if kind[0] == PICTURE:
            at = _behind_data(file, at + 11 + _table_bytes(file.read(9)[8:9]), size)
            pictures += at <= size
        elif kind[0] == EXTENSION:
            at = _behind_data(file, at + 2, size)
        else:  # bytes of no block: what they are for is not known
            break
    return GifFile(picture_count=pictures, is_cut=False, trailing_bytes=0)


def _table_bytes(flags: bytes) -> int:
    """Size of the colour table that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_data(file: BinaryIO, at: int, size: int) -> int:
    """Place behind a chain of data blocks; one behind the file's end where that comes first."""
    while at < size:
        file.seek(at)
        length = file.read(1)[0]
        at += 1 + length
        if length == 0:
            return at
    return size + 1
