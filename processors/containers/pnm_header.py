"""What the header of a portable anymap says (netpbm, pgm(5) and ppm(5)): the number that is white."""

from __future__ import annotations

import re
from typing import BinaryIO

HEAD_BYTES = 1 << 16
_HEADER = re.compile(rb"P[2356](?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d{1,5})\s")


def pnm_white(file: BinaryIO) -> int | None:
    """The largest number that the header allows, 1 to 65535; None for another file."""
    place = file.tell()
    file.seek(0)
    found = _HEADER.match(file.read(HEAD_BYTES))
    file.seek(place)
    return int(found[3]) if found and 1 <= int(found[3]) <= 65535 else None
