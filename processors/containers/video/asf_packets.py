"""Lost packets of ASF and WMV files (Advanced Systems Format, 5.2), which demuxers skip silently.

The pieces of each picture and block of sound are numbered, and each says where in it it belongs.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.sources.read_at import find_marks, read_at

PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
INDEXES = (bytes.fromhex("90080033b1e5cf1189f400a0c90349cb"), bytes.fromhex("d329e2d6da35d111903400a0c90349be"))
DATA_HEADER_BYTES = 50
MAX_HEADER_BYTES = 1 << 20
MAX_PACKET_BYTES = 1 << 20
FIRST_BYTES = re.compile(rb"\x82\0\0")
"""How nearly all packets begin: error correction of two bytes, with nothing in them."""
MAX_JUMPS_SHARE = 0.5
"""If more packets than this do not go on where the last one ended, their writer does not count by the standard."""
WIDTHS = (0, 1, 2, 4)
"""Bytes of a field by its length type."""


class Piece(NamedTuple):
    """One payload: a part of a picture, or of a block of sound."""

    stream: int
    number: int
    """Number of that object, counted by the writer, which starts again when its field is full."""
    number_bytes: int
    offset: int
    """Place in the object, bytes."""
    size_bytes: int
    object_bytes: int
    """Size of the object; 0 of one of several small ones stored together, which are not followed."""


@dataclass
class _Stream:
    number: int
    following: int
    object_bytes: int

    def goes_on_with(self, piece: Piece) -> bool:
        """Return whether nothing is missing between the last piece and this one."""
        if piece.number == self.number and piece.offset:
            return piece.offset == self.following
        is_next = piece.number == (self.number + 1) % (1 << 8 * piece.number_bytes)
        return is_next and not piece.offset and self.following == self.object_bytes


def look_at_asf(opened: BinaryIO, size_bytes: int) -> ElementFindings:
    """Find packets that are none, and places at which pieces are missing."""
    head = read_at(opened, 0, MAX_HEADER_BYTES)
    properties, data_at = head.find(PROPERTIES), head.find(DATA)
    if properties < 0 or data_at < 0 or len(head) < max(properties + 104, data_at + DATA_HEADER_BYTES):
        return ElementFindings()
    (packet_bytes,) = struct.unpack_from("<I", head, properties + 92)
    if not 16 <= packet_bytes <= MAX_PACKET_BYTES:
        return ElementFindings()
    (count,) = struct.unpack_from("<Q", head, properties + 56)
    begin = data_at + DATA_HEADER_BYTES
    walk = _Walk(opened, size_bytes, packet_bytes, declared_end=min(size_bytes, begin + count * packet_bytes))
    return ElementFindings(damaged=tuple(walk.over(begin)))


@dataclass
class _Walk:
    opened: BinaryIO
    size_bytes: int
    packet_bytes: int
    declared_end: int
    """End of the packets that the header counts; the start of the first where it does not."""
    streams: dict[int, _Stream] = field(default_factory=dict)

    def over(self, place: int) -> list[DamagedBytes]:
        found: list[DamagedBytes] = []
        packets = jumps = 0
        while place + self.packet_bytes <= self.size_bytes and len(found) < MAX_DAMAGED:
            data = read_at(self.opened, place, self.packet_bytes)
            if data.startswith(INDEXES):
                break
            pieces = pieces_of(data)
            if pieces is None:
                following = self._resynchronised(place + 1)
                if following >= self.size_bytes:  # data after the packets
                    if place + self.packet_bytes <= self.declared_end:
                        found.append(skipped(place, self.declared_end))
                    break
                found.append(skipped(place, following))
                place = following
                continue
            packets += 1
            if self._lacks_some_before(pieces):
                jumps += 1
                found.append(skipped(place, place, is_certain=False))
            place += self.packet_bytes
        is_counted = jumps <= MAX_JUMPS_SHARE * packets
        return [one for one in found if one.is_certain or is_counted]

    def _lacks_some_before(self, pieces: list[Piece]) -> bool:
        lacks = False
        for piece in pieces:
            before = self.streams.pop(piece.stream, None)
            if not piece.object_bytes:
                continue
            lacks = lacks or (before is not None and not before.goes_on_with(piece))
            following = piece.offset + piece.size_bytes
            self.streams[piece.stream] = _Stream(piece.number, following, piece.object_bytes)
        return lacks

    def _resynchronised(self, place: int) -> int:
        """Return where the next packet begins, or the end of the file."""
        for start in find_marks(FIRST_BYTES, self.opened, place, self.size_bytes, longest=3, at_once=self.packet_bytes):
            if pieces_of(read_at(self.opened, start, self.packet_bytes)) is not None:
                return start
        return self.size_bytes


def pieces_of(packet: bytes) -> list[Piece] | None:
    """Return the pieces in a packet; None if it is none."""
    try:
        return _pieces(packet)
    except (struct.error, IndexError):
        return None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, width: int) -> int:
        if self.at + width > len(self.data):
            raise IndexError
        self.at += width
        return int.from_bytes(self.data[self.at - width : self.at], "little")


def _pieces(packet: bytes) -> list[Piece] | None:
    read = _Reader(packet)
    flags = read.number(1)
    if flags & 0x80:
        if flags & 0x70:
            return None
        read.at += flags & 0x0F
        flags = read.number(1)
    kinds = read.number(1)
    if flags & 0x80 or kinds >> 6 != 1:
        return None
    length = read.number(WIDTHS[flags >> 5 & 3]) or len(packet)
    read.number(WIDTHS[flags >> 1 & 3])
    padding = read.number(WIDTHS[flags >> 3 & 3])
    read.number(6)  # send time and duration
    end = length - padding
    if not read.at <= end <= len(packet):
        return None
    count, width = 1, 0
    if flags & 1:
        several = read.number(1)
        count, width = several & 0x3F, WIDTHS[several >> 6]
    pieces: list[Piece] = []
    for _ in range(count):
        piece = _piece(read, kinds, width, end)
        if piece is None:
            return None
        pieces.append(piece)
    return pieces


def _piece(read: _Reader, kinds: int, width: int, end: int) -> Piece | None:
    """Read a payload; `width`: bytes of the field with its length, 0 if it ends with the packet."""
    stream, number_bytes = read.number(1) & 0x7F, WIDTHS[kinds >> 4 & 3]
    number, offset = read.number(number_bytes), read.number(WIDTHS[kinds >> 2 & 3])
    replicated = read.number(WIDTHS[kinds & 3])
    object_bytes = 0
    if replicated >= 8:
        object_bytes = read.number(4)
        read.at += replicated - 4
    else:
        read.at += replicated
    size = read.number(width) if width else end - read.at
    read.at += size
    if not stream or size < 0 or read.at > end or (object_bytes and offset + size > object_bytes):
        return None
    return Piece(stream, number, number_bytes, offset, size, object_bytes)
