"""Header of a portable anymap (netpbm, pgm(5) and ppm(5)): the white level and the end of the samples."""

from __future__ import annotations

import re
from typing import BinaryIO

HEAD_BYTES = 1 << 16
_HEADER = re.compile(rb"P[2356](?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d{1,5})\s")


def pnm_end(file: BinaryIO) -> int | None:
    """Return the offset after the samples of a binary grey or colour picture; None for another file."""
    file.seek(0)
    found = _HEADER.match(file.read(HEAD_BYTES))
    if not found or found[0][1:2] not in b"56":
        return None
    width, height, white = (int(found[number]) for number in (1, 2, 3))
    return found.end() + width * height * (3 if found[0][1:2] == b"6" else 1) * (2 if white > 255 else 1)


def pnm_white(file: BinaryIO) -> int | None:
    """Return the maximum level in the header, 1 to 65535; None for another file."""
    place = file.tell()
    file.seek(0)
    found = _HEADER.match(file.read(HEAD_BYTES))
    file.seek(place)
    return int(found[3]) if found and 1 <= int(found[3]) <= 65535 else None
