"""Fragments and segments of an MP4: whether all are present, and which its own index lists but the file lacks.

The random access index at the end (`mfra`) names where fragments begin (ISO/IEC 14496-12, 8.8.9 to 8.8.11); a segment
index (`sidx`) gives the size of each segment that follows it (8.16.3).
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.video.mp4_boxes import MAX_BOXES, box_header, boxes
from processors.sources.read_at import read_at
from processors.sources.source_file import SourceFile

MFRO_BYTES = 16
MAX_INDEX_BYTES = 16 << 20
MAX_BOXES_BEFORE = 64
"""Boxes of a segment before its first fragment, such as `styp`, `prft` and `emsg`."""


@dataclass(frozen=True, kw_only=True)
class AbsentFragments:
    """Fragments or segments that an index lists but the file lacks."""

    words: str
    """"the index of fragments (mfra) names 4, 1 of which is missing or out of place"."""
    at_bytes: tuple[int, ...]
    """Offset in the file where each would begin; if only their number is known, the end of the others."""


def absent_fragments(opened: BinaryIO, size_bytes: int) -> tuple[AbsentFragments, ...]:
    """Return the missing fragments for each kind of index; empty for a file without an index.

    An index with only wrong offsets and the right number of fragments is out of date, and no evidence of a loss.
    """
    named = _places_in_mfra(opened, size_bytes)
    found = (
        ("the index of fragments (mfra)", len(named), _absent_places(opened, size_bytes, named)),
        ("the index of segments (sidx)", *_absent_segments(opened, size_bytes)),
    )
    return tuple(
        AbsentFragments(
            words=f"{index} names {count}, {len(absent)} of which {_is(len(absent))} missing or out of place",
            at_bytes=tuple(absent),
        )
        for index, count, absent in found
        if absent
    )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _places_in_mfra(opened: BinaryIO, size_bytes: int) -> list[int]:
    """Read where fragments begin, of all tracks, ascending; `mfro`, the last box, gives the size of the index."""
    end = read_at(opened, max(0, size_bytes - MFRO_BYTES), MFRO_BYTES)
    if len(end) < MFRO_BYTES or end[:8] != b"\0\0\0\x10mfro":
        return []
    length = int.from_bytes(end[12:], "big")
    if not 8 < length <= min(size_bytes, MAX_INDEX_BYTES):
        return []
    index = read_at(opened, size_bytes - length, length)
    inside = boxes(io.BytesIO(index[8:]), length - 8, ()) if index[4:8] == b"mfra" else ()
    tables = [index[8:][start:end] for name, start, end in inside if name == b"tfra"]
    return sorted({place for table in tables for place in _moof_offsets(table)})


def _moof_offsets(table: bytes) -> Iterator[int]:
    """Yield the places in the content of a `tfra` box."""
    if len(table) < 16:
        return
    numbers = ">QQ" if table[0] == 1 else ">II"
    lengths = int.from_bytes(table[8:12], "big")
    step = struct.calcsize(numbers) + sum((lengths >> shift & 3) + 1 for shift in (0, 2, 4))
    count = min(int.from_bytes(table[12:16], "big"), (len(table) - 16) // step)
    for number in range(count):
        yield struct.unpack_from(numbers, table, 16 + number * step)[1]


def _absent_places(opened: BinaryIO, size_bytes: int, named: list[int]) -> list[int]:
    """Return the listed places at which no fragment begins, if that is a loss and not a shift of all later ones."""
    is_there = [read_at(opened, place + 4, 4) == b"moof" for place in named]
    last = max((number for number, there in enumerate(is_there) if there), default=-1)
    absent = [place for place, there in zip(named[: last + 1], is_there, strict=False) if not there]
    behind = named[last + 1 :]
    if not behind:
        return absent
    known_until = named[last] if last >= 0 else -1
    starts = _box_starts(opened, size_bytes)
    if starts is None:
        return absent
    held = [place for place, name in starts if name == b"moof" and place > known_until]
    broken_at = max(known_until, 0) if held else min(behind[0], size_bytes)
    return [*absent, *itertools.repeat(broken_at, max(0, len(behind) - len(held)))]


def _absent_segments(opened: BinaryIO, size_bytes: int) -> tuple[int, list[int]]:
    """Return the number of segments in all indexes, and the start of each that is truncated or holds no fragment."""
    named = dict[int, int]()
    for place, name in _box_starts(opened, size_bytes) or ():
        if name == b"sidx":
            named |= dict(_segments(opened, place))
    absent = [
        start
        for start, length in sorted(named.items())
        if start + length > size_bytes or not _holds_fragment(opened, start, start + length)
    ]
    return len(named), [min(start, size_bytes) for start in absent]


def _segments(opened: BinaryIO, place: int) -> Iterator[tuple[int, int]]:
    """Yield start and size of each segment listed by the index at this offset; a size of 0 is unknown."""
    box = box_header(opened, place)
    if box is None:
        return
    size, _, head_bytes = box
    body = read_at(opened, place + head_bytes, min(max(0, size - head_bytes), MAX_INDEX_BYTES))
    head = ">12xQQxxH" if body[:1] != b"\0" else ">12xIIxxH"
    if len(body) < struct.calcsize(head):
        return
    _, first, count = struct.unpack_from(head, body)
    start, entries = place + size + first, body[struct.calcsize(head) :]
    for number in range(min(count, len(entries) // 12)):
        length = int.from_bytes(entries[12 * number : 12 * number + 4], "big") & 0x7FFFFFFF
        if length:
            yield start, length
        start += length


def _holds_fragment(opened: BinaryIO, start: int, end: int) -> bool:
    """Return whether a segment contains a fragment, or an index of smaller segments."""
    for _ in range(MAX_BOXES_BEFORE):
        header = read_at(opened, start, 8)
        if start >= end or len(header) < 8:
            return False
        if header[4:] in (b"moof", b"sidx"):
            return True
        start += max(8, int.from_bytes(header[:4], "big"))
    return False


def _box_starts(opened: BinaryIO, size_bytes: int) -> list[tuple[int, bytes]] | None:
    """Return the offset and name of each top-level box; None if there are too many."""
    found, start = list[tuple[int, bytes]](), 0
    for name, _, end in boxes(opened, size_bytes, ()):
        found.append((start, name))
        start = end
    return found if len(found) < MAX_BOXES else None


def has_every_fragment(file: SourceFile) -> bool:
    """Return True if fragments are numbered without a gap (8.8.5), and boxes reach the end; False without fragments."""
    numbers: list[int] = []
    count = last_end = 0
    with file.open() as opened:
        for name, start, end in boxes(opened, file.size_bytes, {b"moof"}):
            count, last_end = count + 1, max(last_end, end)
            if name == b"mfhd" and end - start >= 8:
                numbers.append(int.from_bytes(read_at(opened, start + 4, 4)))
    follow = all(after == before + 1 for before, after in itertools.pairwise(numbers))
    return bool(numbers) and follow and last_end == file.size_bytes and count < MAX_BOXES
