"""Boxes of MP4 and QuickTime files, in file order (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from typing import BinaryIO

from processors.sources.read_at import read_at

MAX_BOXES = 20_000


def box_header(opened: BinaryIO, place: int) -> tuple[int, bytes, int] | None:
    """Return length, name and header's length of the box at an offset; None if the file ends there.

    The length counts the header; 0: to the end of what surrounds the box.
    """
    header = read_at(opened, place, 16)
    if len(header) < 8:
        return None
    length, name = struct.unpack_from(">I4s", header)
    if length == 1 and len(header) == 16:
        return int.from_bytes(header[8:]), name, 16
    return length, name, 8


def is_movie_cut(opened: BinaryIO, size_bytes: int) -> bool:
    """Return whether the box that describes the streams reaches beyond the end of the file."""
    place = 0
    for _ in range(MAX_BOXES):
        header = box_header(opened, place)
        if header is None:
            return False
        length, name, _ = header
        if name == b"moov":
            return place + length > size_bytes
        place += length
        if length < 8 or place > size_bytes:
            return False
    return False


def boxes(opened: BinaryIO, size_bytes: int, inside: Collection[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the content of every box, including those within the boxes named `inside`.

    Stops at `MAX_BOXES` and at an impossible length.
    """
    waiting = [(0, size_bytes)]
    for _ in range(MAX_BOXES):
        while waiting and waiting[-1][1] - waiting[-1][0] < 8:
            waiting.pop()
        if not waiting:
            return
        place, last = waiting.pop()
        header = box_header(opened, place)
        if header is None:
            continue
        length, name, header_bytes = header
        length = length or last - place
        if length < header_bytes or place + length > last:
            continue
        waiting.append((place + length, last))
        if name in inside:
            waiting.append((place + header_bytes, place + length))
        yield name, place + header_bytes, place + length


def second_file(opened: BinaryIO, size_bytes: int) -> str | None:
    """Describe a second complete file after the first, which demuxers skip; None if there is none.

    Fragments may follow one another, each with its own headers; these are read.
    """
    has_movie = False
    for name, content, _ in boxes(opened, size_bytes, ()):
        if name == b"moof":
            return None
        if name == b"ftyp" and has_movie:
            return f"another MP4 file follows at byte {content - 8}"
        has_movie = has_movie or name == b"moov"
    return None
