"""Pages of an Ogg file, with their checksums verified, and the packets in them (RFC 3533)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MARK = b"OggS"
HEAD_BYTES = 27
"""Size of the fixed part of a page header (RFC 3533, 6)."""
MAX_PAGE_BYTES = 65_307
READ_BYTES = 1 << 20
CONTINUED, FIRST, LAST = 0x01, 0x02, 0x04
MAX_PACKET_BYTES = 16 << 20

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, or an apparent page."""

    place: int
    """File offset, bytes."""
    size_bytes: int
    flags: int
    granule: int | None
    """End of its last complete packet, in units of its codec; None if no packet ends on it."""
    serial: int
    sequence: int
    lengths: bytes
    """Lengths of the packet segments in it; a packet continues after a segment of 255 bytes."""
    body: bytes
    is_whole: bool
    """True if its checksum matches; otherwise nothing in it can be trusted."""


@dataclass(frozen=True, kw_only=True)
class Rubbish:
    """Bytes that are not part of a page."""

    place: int
    size_bytes: int


def checksum(page: bytes) -> int:
    """Return the checksum of a page whose checksum field is set to zero.

    Ogg takes each byte's highest bit first and zlib its lowest: for mirrored bytes zlib returns the mirrored sum.
    """
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def pages(opened: BinaryIO) -> Iterator[Page | Rubbish]:
    """Yield all pages and the rubbish between them, in file order."""
    opened.seek(0)
    data, base, place, rubbish_from = b"", 0, 0, None
    while True:
        if len(data) - place < MAX_PAGE_BYTES and (more := opened.read(READ_BYTES)):
            data, base, place = data[place:] + more, base + place, 0
        if place >= len(data):
            break
        page = _page_at(data, place, base)
        if page is None or (not page.is_whole and not _can_follow(data, place + page.size_bytes)):
            rubbish_from = base + place if rubbish_from is None else rubbish_from
            found = data.find(MARK, place + 1)
            place = found if found >= 0 else max(place + 1, len(data) - len(MARK) + 1)
            continue
        if rubbish_from is not None:
            yield Rubbish(place=rubbish_from, size_bytes=page.place - rubbish_from)
            rubbish_from = None
        yield page
        place += page.size_bytes
    if rubbish_from is not None:
        yield Rubbish(place=rubbish_from, size_bytes=base + len(data) - rubbish_from)


def _page_at(data: bytes, place: int, base: int) -> Page | None:
    """Return the page that begins there; None if there is none or its end is missing."""
    if data[place : place + 4] != MARK or len(data) < place + HEAD_BYTES or data[place + 4]:
        return None
    flags, granule, serial, sequence, said, count = struct.unpack_from("<BqIIIB", data, place + 5)
    lengths = data[place + HEAD_BYTES : place + HEAD_BYTES + count]
    start, size = place + HEAD_BYTES + count, HEAD_BYTES + count + sum(lengths)
    if len(lengths) < count or len(data) < place + size:
        return None
    zeroed = data[place : place + 22] + bytes(4) + data[place + 26 : place + size]
    return Page(
        place=base + place,
        size_bytes=size,
        flags=flags,
        granule=None if granule == -1 else granule,
        serial=serial,
        sequence=sequence,
        lengths=lengths,
        body=data[start : place + size],
        is_whole=checksum(zeroed) == said,
    )


def _can_follow(data: bytes, place: int) -> bool:
    """Return whether a page or the end of the file follows a damaged page; otherwise its length is damaged too."""
    return place >= len(data) or data[place : place + 4] == MARK


class Packets:
    """Assembler of one stream's packets from its pages."""

    def __init__(self) -> None:
        self._waiting: bytes | None = None
        """Start of an incomplete packet; None: a continued segment belongs to a lost packet."""

    def of(self, page: Page, *, after_loss: bool) -> list[bytes]:
        """Return the packets that end on a page."""
        waiting = None if after_loss else self._waiting
        if not page.flags & CONTINUED:
            waiting = b""
        done: list[bytes] = []
        place = 0
        for length in page.lengths:
            if waiting is not None:
                waiting += page.body[place : place + length]
                if len(waiting) > MAX_PACKET_BYTES:
                    waiting = None
            place += length
            if length < 255:
                if waiting is not None:
                    done.append(waiting)
                waiting = b""
        self._waiting = waiting
        return done
