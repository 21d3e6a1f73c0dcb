"""Directories of TIFF, BigTIFF and EXIF as they are stored: entries with number, type, count and place of the value."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Read = Callable[[int, int], bytes]
"""Function that reads at most this many bytes from an offset; fewer at the end."""

TEXT, UNDEFINED, UTF_8 = 2, 7, 129
RATIONAL, SIGNED_RATIONAL = 5, 10
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 129: 1}
"""Bytes of one value of each type (TIFF 6.0, section 2; BigTIFF; EXIF 3.0, 4.6.2)."""
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}


@dataclass(frozen=True, kw_only=True)
class TiffEntry:
    """TiffEntry of a directory."""

    number: int
    """Number of the tag."""
    kind: int
    """Type of its values, a key of `SIZES` or unknown."""
    count: int
    """Number of values."""
    field_at: int
    """Offset of `field`."""
    field: bytes
    """The values, or their offset where they are longer than this."""

    @property
    def size_bytes(self) -> int:
        """Return the size of the values; 0 for an unknown type."""
        return self.count * SIZES.get(self.kind, 0)

    @property
    def is_inside(self) -> bool:
        """Return whether the values are in the entry."""
        return self.size_bytes <= len(self.field)


@dataclass(frozen=True, kw_only=True)
class StoredDirectory:
    """Entries of a directory, in its order."""

    entries: tuple[TiffEntry, ...]
    count: int
    """Number of entries that it claims; more than there are if that exceeds the limit, or if the data end before."""
    following: int
    """Offset of the next directory; 0 if there is none."""
    following_at: int
    """Place of that offset."""


@dataclass(frozen=True, kw_only=True)
class TiffLayout:
    """How numbers are stored."""

    order: Literal["<", ">"]
    """Byte order: `<` little-endian, `>` big-endian."""
    is_big: bool = False
    """True for BigTIFF, with counts and offsets of 8 bytes."""

    @property
    def offset_bytes(self) -> int:
        """Return the size of an offset, and of the field for the values of an entry."""
        return 8 if self.is_big else 4

    @property
    def count_bytes(self) -> int:
        """Return the size of the number of entries, with which a directory begins."""
        return 8 if self.is_big else 2

    @property
    def entry_bytes(self) -> int:
        """Return the size of an entry."""
        return 4 + 2 * self.offset_bytes

    def number(self, data: bytes) -> int:
        """Return an unsigned number of any size."""
        return int.from_bytes(data, "little" if self.order == "<" else "big")

    def bytes_of(self, offset: int) -> bytes:
        """Return an offset as it is stored."""
        return offset.to_bytes(self.offset_bytes, "little" if self.order == "<" else "big")

    def short(self, number: int) -> bytes:
        """Return a number of 16 bits as it is stored."""
        return number.to_bytes(2, "little" if self.order == "<" else "big")

    def directory(self, read: Read, at: int, most: int) -> StoredDirectory | None:
        """Return the directory at an offset, with the first `most` entries; None if that is behind the data's end."""
        head = read(at, self.count_bytes)
        if len(head) < self.count_bytes:
            return None
        count, first = self.number(head), at + self.count_bytes
        wanted = min(count, most)
        data = read(first, wanted * self.entry_bytes)
        ends = range(self.entry_bytes, len(data) + 1, self.entry_bytes)
        entries = [self._entry(data[end - self.entry_bytes : end], first + end) for end in ends]
        following_at = first + count * self.entry_bytes
        following = read(following_at, self.offset_bytes) if len(entries) == wanted else b""
        return StoredDirectory(
            entries=tuple(entries),
            count=count,
            following=self.number(following) if len(following) == self.offset_bytes else 0,
            following_at=following_at,
        )

    def _entry(self, data: bytes, end: int) -> TiffEntry:
        """Return the entry in these bytes, which end at an offset."""
        return TiffEntry(
            number=self.number(data[:2]),
            kind=self.number(data[2:4]),
            count=self.number(data[4 : -self.offset_bytes]),
            field_at=end - self.offset_bytes,
            field=data[-self.offset_bytes :],
        )

    def value(self, entry: TiffEntry, read: Read, most: int) -> bytes:
        """Return the first `most` bytes of an entry's values; fewer where the data end before."""
        size = min(entry.size_bytes, most)
        return entry.field[:size] if entry.is_inside else read(self.number(entry.field), size)

    def numbers(self, kind: int, data: bytes) -> tuple[int | float | None, ...]:
        """Return the values of a type, as many as are whole; bytes if it is no number. None: divided by 0."""
        if kind in (RATIONAL, SIGNED_RATIONAL):
            parts = self._unpacked("I" if kind == RATIONAL else "i", data)
            return tuple(
                above / below if below else None for above, below in zip(parts[::2], parts[1::2], strict=False)
            )
        return self._unpacked(_CODES.get(kind, "B"), data)

    def _unpacked(self, code: str, data: bytes) -> tuple[int | float, ...]:
        count = len(data) // struct.calcsize(self.order + code)
        return struct.unpack_from(f"{self.order}{count}{code}", data)


def layout_of(head: bytes) -> tuple[TiffLayout, int] | None:
    """Return how the numbers of a TIFF are stored, and the offset of its first directory; None if it is no TIFF.

    Parameters
    ----------
    head : its first 16 bytes.
    """
    order: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
    if head[:2] not in order or len(head) < 8:
        return None
    layout = TiffLayout(order=order[head[:2]])
    if layout.number(head[2:4]) == 43:
        layout = TiffLayout(order=layout.order, is_big=True)
    at = layout.offset_bytes
    return layout, layout.number(head[at : 2 * at])
