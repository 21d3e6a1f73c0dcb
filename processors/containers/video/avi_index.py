"""Packets listed in the indexes of an AVI file (AVI RIFF File Reference; OpenDML AVI File Format Extensions, 3.0)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

from processors.containers.chunks import ChunkFile
from processors.sources.read_at import read_at

PICTURES = (b"dc", b"db")
"""Ends of the names of chunks that hold pictures, after the two digits of their stream."""
MAX_INDEX_BYTES = 256 << 20
"""Limit on an old index, and on all new ones together; each lists 16 or 32 million pictures."""
TAIL_BYTES = 16 << 20
"""Bytes at the end in which an index is searched that the chunks before it no longer lead to."""
INDEX_OF_INDEXES, INDEX_OF_CHUNKS = 0, 1
_SIZE_BITS = 0x7FFFFFFF
"""The bits of a size in OpenDML; the highest marks a picture that is no keyframe."""
HEADER_BYTES = 8

Pictures = np.ndarray
"""Places in the file of the contents of chunks, and their sizes, bytes: int64, shape (chunks, 2)."""


def listed_pictures(opened: BinaryIO) -> dict[int, Pictures]:
    """Return the chunks with a picture, not those without, that the indexes list, by stream, in the order of the file.

    Streams without an index, or with one that is not fully there, are left out.
    """
    new: dict[int, Pictures] = {}
    old, content_at = None, 0
    walk = ChunkFile(opened)
    if walk.kind != "riff" or walk.content != b"AVI ":
        return new
    indexes = _NewIndexes(opened)
    for chunk in walk.chunks():
        letters = chunk.read(opened, 4) if chunk.name == b"LIST" else b""
        if chunk.name == b"idx1" and old is None:
            old = chunk.read(opened, MAX_INDEX_BYTES)
        elif letters == b"movi":
            content_at = content_at or chunk.start
        elif letters == b"hdrl":
            for index in _new_indexes(chunk.read(opened)):
                new = _longer(new, indexes.listed_in(index))
    old = _index_near_the_end(opened) if old is None else old
    return _longer(new, _listed_in_old(old, content_at))  # an old index lists the first part only of a file in several


def _longer(some: Mapping[int, Pictures], others: Mapping[int, Pictures]) -> dict[int, Pictures]:
    """Return for each stream the list with more pictures."""
    return {**some, **{number: one for number, one in others.items() if len(one) > len(some.get(number, ()))}}


def _index_near_the_end(opened: BinaryIO) -> bytes:
    """Return the content of the last chunk that is called an index and fits into the file; empty if there is none."""
    size = opened.seek(0, 2)
    tail = read_at(opened, max(0, size - TAIL_BYTES))
    place = tail.rfind(b"idx1")
    if place < 0 or place + 8 > len(tail):
        return b""
    (length,) = struct.unpack_from("<I", tail, place + 4)
    return tail[place + 8 : place + 8 + length] if place + 8 + length <= len(tail) else b""


def _listed_in_old(index: bytes, content_at: int) -> dict[int, Pictures]:
    """Return the pictures in the content of an `idx1`: name, flags, offset and size of each chunk.

    `content_at`: place of the letters `movi`, from which the offsets count, unless the first of them is beyond it.
    """
    rows = np.frombuffer(index, "<u4", len(index) // 16 * 4).reshape(-1, 4).astype(np.int64)
    base = HEADER_BYTES + (content_at if len(rows) and rows[0, 2] < content_at else 0)
    found: dict[int, Pictures] = {}
    for name in np.unique(rows[:, 0]):
        letters = int(name).to_bytes(4, "little")
        if letters[2:] in PICTURES and letters[:2].isdigit():
            of_stream = np.unique(rows[(rows[:, 0] == name) & (rows[:, 3] > 0)][:, 2:], axis=0)
            if len(of_stream):
                number = int(letters[:2])
                both = np.concatenate([found.get(number, of_stream[:0]), of_stream + np.array([base, 0])])
                found[number] = both[np.argsort(both[:, 0], kind="stable")]
    return found


def _new_indexes(header: bytes) -> list[bytes]:
    """Return the contents of the `indx` chunks in the stream headers (`strl`) of a `hdrl` list."""
    found, place = list[bytes](), 4
    while place + 12 <= len(header):
        name, length = struct.unpack_from("<4sI", header, place)
        if name == b"LIST" and header[place + 8 : place + 12] == b"strl":
            place += 12
            continue
        if name == b"indx":
            found.append(header[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return found


class _NewIndexes:
    """OpenDML's indexes of one file: each is read once, and together no more than the file can hold."""

    def __init__(self, opened: BinaryIO) -> None:
        self._opened = opened
        self._bytes_left = min(opened.seek(0, 2), MAX_INDEX_BYTES)
        self._seen: set[int] = set()

    def listed_in(self, index: bytes, *, is_below: bool = False) -> dict[int, Pictures]:
        """Return the pictures in the content of an index, or in those to which it leads; none if one is missing.

        Parameters
        ----------
        is_below : True for an index that another led to; it leads to no further ones.
        """
        if len(index) < 24:
            return {}
        _, _, kind, count, letters, base = struct.unpack_from("<HBBI4sQ", index)
        if letters[2:] not in PICTURES or not letters[:2].isdigit():
            return {}
        number = int(letters[:2])
        if kind == INDEX_OF_CHUNKS:
            rows = np.frombuffer(index, "<u4", min(count, (len(index) - 24) // 8) * 2, 24).reshape(-1, 2)
            rows = rows.astype(np.int64)
            rows[:, 1] &= _SIZE_BITS
            return {number: rows[rows[:, 1] > 0] + np.array([min(base, 1 << 62), 0])}
        parts: list[Pictures] = []
        if kind != INDEX_OF_INDEXES or is_below:
            return {}
        for entry in range(min(count, (len(index) - 24) // 16)):
            (place,) = struct.unpack_from("<Q", index, 24 + 16 * entry)
            if place in self._seen:
                continue
            below = self._index_at(min(place, 1 << 62))
            if below is None:
                return {}
            pictures = self.listed_in(below, is_below=True)
            parts += [pictures[number]] if number in pictures else []
        return {number: np.concatenate(parts)} if parts else {}

    def _index_at(self, place: int) -> bytes | None:
        """Return the content of the index at a place; None if there is none, or no room for one."""
        self._seen.add(place)
        head = read_at(self._opened, place, HEADER_BYTES)
        length = int.from_bytes(head[4:], "little")
        if head[:2] != b"ix" or len(head) < HEADER_BYTES or length > self._bytes_left:
            return None
        self._bytes_left -= length
        return self._opened.read(length)
