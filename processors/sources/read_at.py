"""Reading and searching of an open file from an offset on."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from typing import BinaryIO


def read_at(opened: BinaryIO, place: int, count: int = -1) -> bytes:
    """Return bytes from an offset on, fewer than `count` at the file's end, and all of the rest by default.

    An offset from a hostile file may be larger than any file system allows: nothing is there.
    """
    if place > sys.maxsize:
        return b""
    try:
        opened.seek(place)
    except OSError as error:
        if error.errno == errno.EINVAL and place >= 0:
            return b""
        raise
    return opened.read(count)


def find_marks(
    pattern: re.Pattern[bytes], opened: BinaryIO, place: int, end: int, *, longest: int, at_once: int = 1 << 20
) -> Iterator[int]:
    """Yield the offsets in a range of the file at which a pattern matches, ascending.

    Parameters
    ----------
    longest : length of the longest match, bytes.
    at_once : bytes searched at once.
    """
    for start in range(place, end, at_once):
        data = read_at(opened, start, min(at_once + longest - 1, end - start))
        yield from (start + found.start() for found in pattern.finditer(data))
