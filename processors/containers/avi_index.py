"""Packets listed in the indexes of an AVI file (AVI RIFF File Reference; OpenDML AVI File Format Extensions, 3.0)."""

from __future__ import annotations

import struct
from collections import Counter
from typing import BinaryIO

import numpy as np

from processors.containers.chunks import ChunkFile

PICTURES = (b"dc", b"db")
"""Ends of the names of chunks that hold pictures, after the two digits of their stream."""
MAX_INDEX_BYTES = 256 << 20
TAIL_BYTES = 16 << 20
"""Bytes at the end in which an index is searched that the chunks before it no longer lead to."""
INDEX_OF_INDEXES, INDEX_OF_CHUNKS = 0, 1
_SIZE_BITS = 0x7FFFFFFF
"""The bits of a size in OpenDML; the highest marks a picture that is no keyframe."""


def listed_pictures(opened: BinaryIO) -> Counter[int]:
    """Count the chunks with a picture, not those without, that the indexes list, by stream.

    Streams without an index, or with one that is not fully there, are left out.
    """
    found: Counter[int] = Counter()
    old = None
    walk = ChunkFile(opened)
    if walk.kind != "riff" or walk.content != b"AVI ":
        return found
    for chunk in walk.chunks():
        if chunk.name == b"idx1" and old is None:
            old = chunk.read(opened, MAX_INDEX_BYTES)
        elif chunk.name == b"LIST" and chunk.read(opened, 4) == b"hdrl":
            for index in _new_indexes(chunk.read(opened)):
                found |= _listed_in_new(opened, index)
    old = _index_near_the_end(opened) if old is None else old
    return found | _listed_in_old(old)  # an old index lists the first part only of a file in several


def _index_near_the_end(opened: BinaryIO) -> bytes:
    """Return the content of the last chunk that is called an index and fits into the file; empty if there is none."""
    size = opened.seek(0, 2)
    opened.seek(max(0, size - TAIL_BYTES))
    tail = opened.read()
    place = tail.rfind(b"idx1")
    if place < 0 or place + 8 > len(tail):
        return b""
    (length,) = struct.unpack_from("<I", tail, place + 4)
    return tail[place + 8 : place + 8 + length] if place + 8 + length <= len(tail) else b""


def _listed_in_old(index: bytes) -> Counter[int]:
    """Count the pictures in the content of an `idx1`: name, flags, offset and size of each chunk."""
    rows = np.frombuffer(index, "<u4", len(index) // 16 * 4).reshape(-1, 4)
    pictures = np.unique(rows[rows[:, 3] > 0][:, [0, 2]], axis=0)
    found: Counter[int] = Counter()
    for name, count in zip(*np.unique(pictures[:, 0], return_counts=True), strict=True):
        letters = int(name).to_bytes(4, "little")
        if letters[2:] in PICTURES and letters[:2].isdigit():
            found[int(letters[:2])] += int(count)
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


def _listed_in_new(opened: BinaryIO, index: bytes, *, is_below: bool = False) -> Counter[int]:
    """Count the pictures in the content of an OpenDML index, or in those to which it leads; none if one is not there.

    Parameters
    ----------
    is_below : True for an index that another led to; it leads to no further ones.
    """
    if len(index) < 24:
        return Counter()
    _, _, kind, count, letters = struct.unpack_from("<HBBI4s", index)
    if letters[2:] not in PICTURES or not letters[:2].isdigit():
        return Counter()
    if kind == INDEX_OF_CHUNKS:
        sizes = np.frombuffer(index, "<u4", min(count, (len(index) - 24) // 8) * 2, 24)[1::2]
        return Counter({int(letters[:2]): int(np.count_nonzero(sizes & _SIZE_BITS))})
    total: Counter[int] = Counter()
    if kind != INDEX_OF_INDEXES or is_below:
        return total
    for number in range(min(count, (len(index) - 24) // 16)):
        (place,) = struct.unpack_from("<Q", index, 24 + 16 * number)
        opened.seek(min(place, 1 << 62))
        head = opened.read(8)
        if head[:2] != b"ix" or len(head) < 8:
            return Counter()
        length = int.from_bytes(head[4:], "little")
        total += _listed_in_new(opened, opened.read(min(length, MAX_INDEX_BYTES)), is_below=True)
    return total
