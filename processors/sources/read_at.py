"""Reading at an offset of an open file."""

from __future__ import annotations

from typing import BinaryIO


def read_at(opened: BinaryIO, place: int, count: int = -1) -> bytes:
    """Return bytes from an offset on, fewer than `count` at the file's end, and all of the rest by default."""
    opened.seek(place)
    return opened.read(count)
