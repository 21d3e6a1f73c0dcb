"""Completeness of the last unit, in formats whose units state their length and can be found from the end of the file.

MPEG program streams (ISO/IEC 13818-1, 2.5.3) and MLP with TrueHD (access units of even length, each major one with a
sync word after its first 4 bytes). Nothing is reported for a file that ends in anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

END_BYTES = 4 << 20
"""Bytes examined: MLP's major syncs are at most 128 units apart, program stream packets at most 64 kB long."""
MAX_TRIES = 64
MAX_STEPS = 2_000_000
"""Limit on steps from unit to unit, over all attempts."""
PACK, END_CODE, LEAST_CODE = 0xBA, 0xB9, 0xBB
MLP_SYNCS = (b"\xf8\x72\x6f\xba", b"\xf8\x72\x6f\xbb")
MLP_SYNC_AT = 4

UnitAt = Callable[[bytes, int], int | None]
"""Function that returns the length of the unit at an offset, or None. A truncated header counts as past the end."""


def missing_of_last_pack(opened: BinaryIO, size: int) -> int:
    """Return the minimum number of bytes missing from the last MPEG program stream packet; 0 if complete or unknown."""
    return _missing(opened, size, lambda data: _found(data, b"\0\0\1\xba", 0), _pack_length)


def missing_of_last_access_unit(opened: BinaryIO, size: int) -> int:
    """Return the minimum number of bytes missing from the last MLP or TrueHD access unit; 0 if complete or unknown."""
    starts = [lambda data, sync=sync: _found(data, sync, MLP_SYNC_AT) for sync in MLP_SYNCS]
    return max(_missing(opened, size, start, _mlp_length) for start in starts)


def _missing(opened: BinaryIO, size: int, starts: Callable[[bytes], Iterator[int]], unit_at: UnitAt) -> int:
    """Follow the units from the first start near the end that leads to another start and to the end."""
    opened.seek(max(0, size - END_BYTES))
    data = opened.read(END_BYTES)
    known = list(starts(data))
    others, steps = set(known), 0
    for first in known[:MAX_TRIES]:
        place, met = first, 0
        while place < len(data) and steps < MAX_STEPS and (length := unit_at(data, place)):
            met += place in others
            place, steps = place + length, steps + 1
        if place >= len(data) and met >= min(2, len(known)):
            return place - len(data)
    return 0


def _found(data: bytes, mark: bytes, before: int) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        if place >= before:
            yield place - before
        place = data.find(mark, place + 1)


def _pack_length(data: bytes, place: int) -> int | None:
    head = data[place : place + 14]
    if head[:3] != b"\0\0\1"[: len(head)]:
        return None
    if len(head) < 4:
        return 4
    if head[3] == END_CODE:
        return 4
    if head[3] == PACK:
        if len(head) < 14:
            return 14 if len(head) < 5 or head[4] & 0xC0 == 0x40 else 12
        return 14 + (head[13] & 7) if head[4] & 0xC0 == 0x40 else 12
    if head[3] < LEAST_CODE:
        return None
    return 6 + int.from_bytes(head[4:6], "big") if len(head) >= 6 else 6


def _mlp_length(data: bytes, place: int) -> int | None:
    head = data[place : place + 2]
    if len(head) < 2:
        return 2
    length = (int.from_bytes(head, "big") & 0xFFF) * 2
    return length if length >= MLP_SYNC_AT else None
