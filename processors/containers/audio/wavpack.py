"""Blocks of WavPack files (WavPack 4 and 5 file format, 1.0): the start of a second file after the first."""

from __future__ import annotations

import struct
from typing import BinaryIO

MARK, APE_MARK = b"wvpk", b"APETAGEX"
HEAD_BYTES = 32
INITIAL = 1 << 11
"""Flag of the first of the blocks that hold the same samples of different channels."""


def second_wavpack(opened: BinaryIO) -> int | None:
    """Return where another file begins, whose blocks count from 0 again; None for a single file.

    The first file may end with an APE tag.
    """
    place, has_sound = 0, False
    while True:
        opened.seek(place)
        head = opened.read(HEAD_BYTES)
        if head[:8] == APE_MARK and len(head) == HEAD_BYTES:
            place += HEAD_BYTES + int.from_bytes(head[12:16], "little")  # its items and its footer
            continue
        if len(head) < HEAD_BYTES or head[:4] != MARK:
            return None
        size_bytes, index_top, index, sample_count, flags = struct.unpack("<4xI2xB5xIII4x", head)
        if sample_count and flags & INITIAL and not (index or index_top):
            if has_sound:
                return place
            has_sound = True
        place += 8 + size_bytes
