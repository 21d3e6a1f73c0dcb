"""Tags of MPEG audio other than ID3v2: ID3v1, APE (versions 1 and 2) and Lyrics3 after the frames, APE before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

ID3V1_BYTES = 128
APE_BYTES = 32
"""Of the footer of an APE tag, and of its header."""
HAS_HEADER, IS_HEADER, IS_BINARY = 1 << 31, 1 << 29, 2
LYRICS_MARKS = (b"LYRICS200", b"LYRICSEND")
LYRICS_BYTES = 5100
"""Largest distance from the start of a Lyrics3 tag of version 1 to its end."""
MAX_APE_BYTES = 16 << 20
MAX_ITEMS = 1000


@dataclass(frozen=True, kw_only=True)
class TagsBehind:
    """Where the tags at the end of a file begin, and what its APE tag holds."""

    start: int
    """Offset of the first of them; the file's size without any."""
    ape: tuple[tuple[str, bytes], ...] = ()
    """Key and text of each item that is a text (APEv2 specification, item flags)."""


def tags_behind(opened: BinaryIO) -> TagsBehind:
    """Find the tags from the end of the file backwards."""
    start, ape = opened.seek(0, 2), tuple[tuple[str, bytes], ...]()
    while True:
        if _read(opened, start - ID3V1_BYTES, 3) == b"TAG":
            start -= ID3V1_BYTES
        elif length := _lyrics_bytes(opened, start):
            start -= length
        elif found := _ape_tag(opened, start):
            start, ape = start - found[0], ape or found[1]
        else:
            return TagsBehind(start=start, ape=ape)


def ape_before(opened: BinaryIO, place: int) -> tuple[int, tuple[tuple[str, bytes], ...]]:
    """Return length and texts of the APE tag that begins at a place; a length of 0 without one."""
    head = _read(opened, place, APE_BYTES)
    size, count, flags = (int.from_bytes(head[at : at + 4], "little") for at in (12, 16, 20))
    is_header = head[:8] == b"APETAGEX" and flags & HAS_HEADER and flags & IS_HEADER
    if not is_header or not APE_BYTES <= size <= MAX_APE_BYTES or place + APE_BYTES + size > opened.seek(0, 2):
        return 0, ()
    return APE_BYTES + size, tuple(_texts(_read(opened, place + APE_BYTES, size - APE_BYTES), min(count, MAX_ITEMS)))


def _read(opened: BinaryIO, place: int, count: int) -> bytes:
    if place < 0:
        return b""
    opened.seek(place)
    return opened.read(count)


def _lyrics_bytes(opened: BinaryIO, end: int) -> int:
    """Return the length of the Lyrics3 tag that ends here; 0 without one."""
    tail = _read(opened, end - 15, 15)
    if tail[6:] == LYRICS_MARKS[0] and tail[:6].isdigit():  # version 2 states its length, without these 15 bytes
        length = int(tail[:6]) + 15
        return length if _read(opened, end - length, 11) == b"LYRICSBEGIN" else 0
    if tail[6:] == LYRICS_MARKS[1]:
        most = min(end, LYRICS_BYTES + 20)
        found = _read(opened, end - most, most).rfind(b"LYRICSBEGIN")
        return most - found if found >= 0 else 0
    return 0


def _ape_tag(opened: BinaryIO, end: int) -> tuple[int, tuple[tuple[str, bytes], ...]] | None:
    """Return length and texts of the APE tag whose footer ends here; None without one."""
    footer = _read(opened, end - APE_BYTES, APE_BYTES)
    if footer[:8] != b"APETAGEX":
        return None
    size, count, flags = (int.from_bytes(footer[place : place + 4], "little") for place in (12, 16, 20))
    length = size + (APE_BYTES if flags & HAS_HEADER else 0)
    if not APE_BYTES <= size <= min(MAX_APE_BYTES, end) or length > end:
        return None
    return length, tuple(_texts(_read(opened, end - size, size - APE_BYTES), min(count, MAX_ITEMS)))


def _texts(data: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    place = 0
    for _ in range(count):
        length, flags = (int.from_bytes(data[place + at : place + at + 4], "little") for at in (0, 4))
        key, nul, _ = data[place + 8 : place + 8 + 256].partition(b"\0")
        if not nul or not key.isascii():
            return
        place += 8 + len(key) + 1
        if not flags & IS_BINARY:
            yield key.decode("ascii"), data[place : place + length]
        place += length
