"""Blocks of a GIF file: its complete pictures, truncation and trailing bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from processors.sources.read_at import read_at

PICTURE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
MAX_BLOCKS = 200_000


@dataclass(frozen=True, kw_only=True)
class GifFile:
    """The blocks of one GIF file."""

    picture_count: int
    """Number of pictures with complete data."""
    is_cut: bool
    """True if the file ends before its trailer, within a block or after one."""
    trailing_bytes: int
    """Bytes after the trailer."""
    lost_at: int | None = None
    """Offset of the first byte that begins no block, although blocks should go on there."""


def read_gif_file(file: BinaryIO) -> GifFile:
    """Walk the blocks (GIF89a, section 14 on); never raises for bad bytes."""
    size = file.seek(0, 2)
    head = read_at(file, 0, 13)
    pictures, at = 0, 13 + _table_bytes(head[10:11])
    for _ in range(MAX_BLOCKS):
        kind = read_at(file, at, 1)
        if not kind:
            return GifFile(picture_count=pictures, is_cut=True, trailing_bytes=0)
        if kind[0] == TRAILER:
            return GifFile(picture_count=pictures, is_cut=False, trailing_bytes=size - at - 1)
        if kind[0] == PICTURE:
            at = _behind_data(file, at + 11 + _table_bytes(file.read(9)[8:9]), size)
            pictures += at <= size
        elif kind[0] == EXTENSION:
            at = _behind_data(file, at + 2, size)
        elif kind[0] == 0:  # some programs end a block twice
            at += 1
        else:
            return GifFile(picture_count=pictures, is_cut=False, trailing_bytes=0, lost_at=at)
    return GifFile(picture_count=pictures, is_cut=False, trailing_bytes=0)


def _table_bytes(flags: bytes) -> int:
    """Return the size of the colour table announced by these flags."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_data(file: BinaryIO, at: int, size: int) -> int:
    """Return the offset after a chain of data blocks; one past the file's end if that comes first."""
    while at < size:
        length = read_at(file, at, 1)[0]
        at += 1 + length
        if length == 0:
            return at
    return size + 1
