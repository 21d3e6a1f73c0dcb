"""Packets and frames of a NUT file, walked from its beginning (NUT Open Container Format, 2013-10-03)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.sources.read_at import find_marks, read_at

MARK = b"nut/multimedia container\0"
MAIN, STREAM, SYNC, INDEX, INFO = (
    bytes.fromhex(code)
    for code in ("4e4d7a561f5f04ad", "4e5311405bf2f9db", "4e4be4adeeca4569", "4e58dd672f23e64e", "4e49ab68b596ba78")
)
CODES = (MAIN, STREAM, SYNC, INDEX, INFO)
ANY_CODE = re.compile(b"|".join(map(re.escape, CODES)))
PACKET = ord("N")
CODED_PTS, STREAM_ID, SIZE_MSB, CHECKSUM, RESERVED = 8, 16, 32, 64, 128
HEADER_IDX, MATCH_TIME, CODED, INVALID = 1024, 2048, 4096, 8192
FREE_HEADER_BYTES, CHECKSUM_BYTES = 4096, 4
"""A longer packet has a checksum of its header, and a longer frame no elided header."""
MAX_NUMBER_BYTES, MAX_HEAD_BYTES = 10, 64
MAX_FRAMES = 5_000_000
WRITES_AN_INDEX = b"Lavf"
"""Name, in an info packet, of the writer that ends every file with an index."""


@dataclass(frozen=True, kw_only=True)
class _Code:
    """Meaning of one frame code."""

    flags: int
    multiplier: int
    low_size: int
    reserved_count: int
    header_index: int


def look_at_nut(opened: BinaryIO, size: int) -> ElementFindings:
    """Find where the chain of packets and frames breaks off; no findings without a readable main header."""
    walk = _Walk(opened, size)
    damaged = tuple(one for _, one in zip(range(MAX_DAMAGED), walk.damage(), strict=False))
    return ElementFindings(cut_off_because=walk.cut_off_because, damaged=damaged)


class _Walk:
    def __init__(self, opened: BinaryIO, size: int) -> None:
        self._opened = opened
        self._size = size
        self._codes: list[_Code] = []
        self._elided_bytes = [0]
        self.cut_off_because: str | None = None

    def damage(self) -> Iterator[DamagedBytes]:
        place, last, expects_index = len(MARK), b"", False
        for _ in range(MAX_FRAMES):
            if place >= self._size:
                break
            head = read_at(self._opened, place, MAX_HEAD_BYTES)
            is_packet = head[0] == PACKET
            end = self._end_of_packet(place, head) if is_packet else self._end_of_frame(place, head)
            if end is not None and end > self._size:
                self.cut_off_because = f"it ends in the middle of a {'packet' if is_packet else 'frame'}"
                return
            if end is None:
                if not self._codes:
                    return
                following = next(find_marks(ANY_CODE, self._opened, place + 1, self._size, longest=8), self._size)
                yield skipped(place, following)
                place, last = following, b""
                continue
            last = head[:8] if is_packet else b""
            if last == MAIN and not self._codes and not self._read_main(self._body(place, end)):
                return
            expects_index |= last == INFO and WRITES_AN_INDEX in read_at(self._opened, place, end - place)
            place = end
        if expects_index and last != INDEX:
            self.cut_off_because = "the index that its writer puts at the end is missing"

    def _end_of_packet(self, place: int, head: bytes) -> int | None:
        if head[:8] not in CODES:
            return self._size + 1 if len(head) < 8 and any(code.startswith(head) for code in CODES) else None
        body = io.BytesIO(head[8:])
        length = _number(body)
        if length is None:
            return None if len(head) == MAX_HEAD_BYTES else self._size + 1
        return place + 8 + body.tell() + (CHECKSUM_BYTES if length > FREE_HEADER_BYTES else 0) + length

    def _body(self, place: int, end: int) -> io.BytesIO:
        """Return the content of a packet."""
        body = io.BytesIO(read_at(self._opened, place + 8, end - place - 8 - CHECKSUM_BYTES))
        if (_number(body) or 0) > FREE_HEADER_BYTES:
            body.seek(CHECKSUM_BYTES, io.SEEK_CUR)
        return body

    def _end_of_frame(self, place: int, head: bytes) -> int | None:
        if not self._codes or (code := self._codes[head[0]]).flags & INVALID:
            return None
        body, flags, too_few = io.BytesIO(head[1:]), code.flags, self._size + 1
        is_cut = len(head) < MAX_HEAD_BYTES
        fields: dict[int, int] = {}
        for flag in (CODED, STREAM_ID, CODED_PTS, SIZE_MSB, MATCH_TIME, HEADER_IDX, RESERVED):
            if not flags & flag:
                continue
            number = _number(body)
            if number is None:
                return too_few if is_cut else None
            fields[flag] = number
            flags ^= number if flag == CODED else 0
        for _ in range(min(MAX_HEAD_BYTES, fields.get(RESERVED, code.reserved_count))):
            _number(body)
        size = code.low_size + code.multiplier * fields.get(SIZE_MSB, 0)
        index = fields.get(HEADER_IDX, code.header_index) if size <= FREE_HEADER_BYTES else 0
        if index >= len(self._elided_bytes) or flags & INVALID:
            return None
        checksum_bytes = CHECKSUM_BYTES if flags & CHECKSUM else 0
        return place + 1 + body.tell() + checksum_bytes + max(0, size - self._elided_bytes[index])

    def _read_main(self, body: io.BytesIO) -> bool:
        """Read the table of frame codes (main_header); return whether it is complete."""
        version = _number(body) or 0
        for _ in range(3 if version > 3 else 2):  # minor version, stream count, greatest distance
            _number(body)
        for _ in range(2 * min(1000, _number(body) or 0)):
            _number(body)
        codes, multiplier, header_index = list[_Code](), 1, 0
        while len(codes) < 256:
            flags, count = _number(body), _number(body)
            if flags is None or count is None or count > MAX_HEAD_BYTES:
                return False
            fields = [_number(body) or 0 for _ in range(count)]
            multiplier = fields[1] if count > 1 else multiplier
            low_size, reserved = (fields[place] if count > place else 0 for place in (3, 4))
            header_index = fields[7] if count > 7 else header_index
            span = fields[5] if count > 5 else multiplier - low_size
            if span <= 0:
                return False
            added = 0
            while added < span and len(codes) < 256:
                is_packet = len(codes) == PACKET
                codes.append(
                    _Code(
                        flags=INVALID if is_packet else flags,
                        multiplier=multiplier,
                        low_size=low_size + added,
                        reserved_count=reserved,
                        header_index=header_index,
                    )
                )
                added += not is_packet
        for _ in range(min(256, _number(body) or 0)):
            length = _number(body) or 0
            self._elided_bytes.append(length)
            body.seek(length, io.SEEK_CUR)
        self._codes = codes
        return True


def _number(body: io.BytesIO) -> int | None:
    """Read a number of 7 bits a byte, the highest first; None if it does not end."""
    value = 0
    for _ in range(MAX_NUMBER_BYTES):
        one = body.read(1)
        if not one:
            return None
        value = value << 7 | one[0] & 127
        if one[0] < 128:
            return value
    return None
