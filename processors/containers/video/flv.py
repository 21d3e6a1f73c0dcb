"""Tags of a Flash video file, each followed by its own length (Video File Format Specification 10.1, annex E)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.sources.read_at import find_marks, read_at

HEAD_BYTES, LENGTH_BYTES = 11, 4
FILE_MARK = b"FLV\x01"
TYPES = (8, 9, 18)
VIDEO = 9
PICTURE_KINDS = range(1, 6)
SOUGHT = re.compile(rb"[\x08\x09\x12].{6}.\0\0\0", re.DOTALL)
"""Tag header: type, length, time and stream number, which is always 0."""
MAX_TAGS = 5_000_000
MAX_TRIES = 1_000_000
"""Offsets tried after damage to find a tag; beyond them nothing is reported."""
FIRST_TAGS = 3
"""If none of the first tags is followed by its length, the writer omitted lengths and nothing can be checked."""


def look_at_tags(opened: BinaryIO, size: int) -> ElementFindings:
    """Find where the chain of tags breaks off."""
    place = int.from_bytes(read_at(opened, 5, 4), "big") + LENGTH_BYTES
    walk = _Walk(opened, size)
    damaged = tuple(one for _, one in zip(range(MAX_DAMAGED), walk.damage(place), strict=False))
    if walk.keeps_lengths is False:
        return ElementFindings()
    return ElementFindings(
        cut_off_because="it ends in the middle of a tag" if walk.is_cut else None,
        unread_because=None if walk.follows is None else f"another FLV file follows at byte {walk.follows}",
        damaged=damaged,
    )


class _Walk:
    def __init__(self, opened: BinaryIO, size: int) -> None:
        self._opened = opened
        self._size = size
        self.is_cut = False
        self.follows: int | None = None
        """Offset of another file's header after the last tag."""
        self._tries = 0
        self.keeps_lengths: bool | None = None
        """True if tags are followed by their lengths; None until one matches."""

    def damage(self, place: int) -> Iterator[DamagedBytes]:
        for number in range(MAX_TAGS):
            if place >= self._size:
                return
            end = self._end_of_tag(place)
            if end is not None and end > self._size:
                self.is_cut = True
                return
            if end is not None and self._fits(place, end):
                self.keeps_lengths = True
                if not self._is_of_a_kind(place):
                    yield skipped(place, end, is_certain=False)
                place = end
                continue
            if self.keeps_lengths is None and number >= FIRST_TAGS:
                self.keeps_lengths = False
                return
            if self.keeps_lengths and self.follows is None and read_at(self._opened, place, 4) == FILE_MARK:
                self.follows = place
            following = self._resynchronised(place + 1)
            yield skipped(place, following)
            place = following

    def _end_of_tag(self, place: int) -> int | None:
        """Return the offset after the tag and its length, or None if no tag begins here."""
        head = read_at(self._opened, place, HEAD_BYTES)
        if not head or head[0] & 0x1F not in TYPES or head[8:11] != bytes(len(head[8:11])):
            return None
        length = int.from_bytes(head[1:4], "big")
        return place + HEAD_BYTES + length + LENGTH_BYTES if len(head) == HEAD_BYTES else self._size + 1

    def _is_of_a_kind(self, place: int) -> bool:
        """Return whether a video tag states its frame type and codec; True for other tags."""
        head = read_at(self._opened, place, HEAD_BYTES + 1)
        if head[0] & 0x1F != VIDEO or len(head) <= HEAD_BYTES or head[HEAD_BYTES] & 0x80:  # which has a longer head
            return True
        return head[HEAD_BYTES] >> 4 in PICTURE_KINDS and head[HEAD_BYTES] & 15 != 0

    def _fits(self, place: int, end: int) -> bool:
        written = end - LENGTH_BYTES
        return int.from_bytes(read_at(self._opened, written, LENGTH_BYTES), "big") == written - place

    def _resynchronised(self, place: int) -> int:
        for start in find_marks(SOUGHT, self._opened, place, self._size, longest=HEAD_BYTES):
            self._tries += 1
            if self._tries > MAX_TRIES:
                break
            end = self._end_of_tag(start)
            if end is not None and end <= self._size and self._fits(start, end):
                return start
        return self._size
