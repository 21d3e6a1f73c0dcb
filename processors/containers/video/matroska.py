"""Truncation and damage of Matroska and WebM files, found from their element structure.

RFC 8794 (EBML), RFC 9559 (Matroska). Demuxers silently skip unreadable data up to the next cluster.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import BinaryIO

from processors.containers.damaged_bytes import MAX_DAMAGED, DamagedBytes, ElementFindings, skipped
from processors.containers.stream_coding import Coding
from processors.sources.read_at import find_marks, read_at
from processors.sources.source_file import SourceFile

HEADER_ID, SEGMENT_ID, CLUSTER_ID, TRACKS_ID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B
CRC_ID, VOID_ID, SIMPLE_BLOCK_ID, BLOCK_GROUP_ID, BLOCK_ID = 0xBF, 0xEC, 0xA3, 0xA0, 0xA1
TRACK_ENTRY_ID, TRACK_NUMBER_ID, VIDEO_ID, AUDIO_ID = 0xAE, 0xD7, 0xE0, 0xE1
CODEC_ID, ENCODINGS_ID, ENCODING_ID, ENCODING_TYPE_ID = 0x86, 0x6D80, 0x6240, 0x5033
ENCRYPTION_ID, ENCRYPTION_KIND_ID = 0x5035, 0x47E1
ENCRYPTION_KINDS = {1: "DES", 2: "Triple-DES", 3: "Twofish", 4: "Blowfish", 5: "AES"}
"""Algorithms by number; 0 is a signature without encryption (RFC 9559, 5.1.4.1.31.9)."""
PIXEL_CROP_IDS = (0x54CC, 0x54BB, 0x54DD, 0x54AA)
"""Element IDs: left, top, right, bottom (RFC 9559, 5.1.4.1.28)."""
IN_SEGMENT = {
    CLUSTER_ID,
    TRACKS_ID,
    0x114D9B74,
    0x1549A966,
    0x1C53BB6B,
    0x1941A469,
    0x1043A770,
    0x1254C367,
    CRC_ID,
    VOID_ID,
}
MASTERS_IN_TRACKS = ({TRACK_ENTRY_ID}, {VIDEO_ID, AUDIO_ID})
"""Elements of `Tracks` that have others in them, and those in these (RFC 9559, 5.1.4)."""
IN_CLUSTER = {SIMPLE_BLOCK_ID, BLOCK_GROUP_ID, CRC_ID, VOID_ID, 0xE7, 0x5854, 0xA7, 0xAB, 0xAF}
MARKS = re.compile(b"|".join(re.escape(one.to_bytes(4)) for one in sorted(IN_SEGMENT - {CRC_ID, VOID_ID})))

MAX_ELEMENTS = 5_000_000
"""Elements examined; nothing is reported beyond them. Enough for 13 hours of video and audio."""
MAX_CHECKED_BYTES = 1 << 26
"""A larger element's checksum is not computed."""
MAX_VALUE_BYTES = 1000


def look_at(file: SourceFile, file_format: str) -> ElementFindings:
    """Find where elements of such a file break off, fail their checksums or are missing."""
    if "matroska" not in file_format:
        return ElementFindings()
    with file.open() as opened:
        segment = _segment(opened, file.size_bytes)
        if segment is None:
            return ElementFindings()
        start, end = segment
        walk = _Walk(opened, min(end or file.size_bytes, file.size_bytes))
        damaged = tuple(walk.damage(start))
    missing = max(0, (end or 0) - file.size_bytes)
    why = f"{missing} bytes of the segment are missing" if missing else None
    if walk.is_cut_in_a_block and not missing:
        why = "it ends in the middle of a block"
    return ElementFindings(cut_off_because=why, damaged=damaged, crops=walk.crops)


def track_codings(opened: BinaryIO, size_bytes: int) -> Iterator[Coding]:
    """Yield the coding of each track, in the order of the file's first `Tracks`."""
    segment = _segment(opened, size_bytes)
    if segment is None:
        return
    start, end = segment
    walk = _Walk(opened, min(end or size_bytes, size_bytes))
    while start < walk.end and (element := walk.element(start)):
        identity, content, length = element
        if identity == TRACKS_ID and length is not None:
            yield from walk.codings(content, content + length)
        if identity in (TRACKS_ID, CLUSTER_ID) or identity not in IN_SEGMENT or length is None:
            return
        start = content + length


def _segment(opened: BinaryIO, size_bytes: int) -> tuple[int, int | None] | None:
    """Return where the segment's content begins and ends (end None if unknown); None without a segment."""
    if _number(opened, is_id=True) != HEADER_ID or (length := _number(opened)) is None:
        return None
    if opened.tell() + length > size_bytes:
        return None
    opened.seek(length, 1)
    if _number(opened, is_id=True) != SEGMENT_ID:
        return None
    is_known, length = _length(opened)
    return (opened.tell(), None if length is None else opened.tell() + length) if is_known else None


@dataclass
class _Walk:
    """A walk over the elements of the segment and its clusters; never stops at damage and reads headers only."""

    opened: BinaryIO
    end: int
    """End of the walk: the end of the segment or of the file."""
    elements: int = 0
    tracks: set[int] = field(default_factory=set)
    """Numbers of the declared tracks; empty if none could be read."""
    is_cut_in_a_block: bool = False
    crops: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Crops as in `ElementFindings`."""

    def damage(self, start: int) -> Iterator[DamagedBytes]:
        found, place = 0, start
        while place < self.end and found < MAX_DAMAGED and self.elements < MAX_ELEMENTS:
            element = self.element(place)
            if element is None or element[0] not in IN_SEGMENT:
                if self._is_another_segment(place):
                    return
                following = self._resynchronised(place + 1)
                yield skipped(place, following)
                found, place = found + 1, following
                continue
            identity, content, length = element
            behind = None if length is None else content + length
            if identity == CLUSTER_ID:
                for one in self._in_cluster(content, behind):
                    yield one
                    found += 1
                place = self._place
                continue
            if behind is None or behind > self.end:
                return  # truncated: reported separately
            if identity == TRACKS_ID:
                self.tracks = set(self._track_numbers(content, behind))
                self.crops = dict(self._pixel_crops(content, behind))
                if self._has_overrun(content, behind, masters=MASTERS_IN_TRACKS):
                    yield skipped(place, behind)  # demuxers read on at another place, and find tracks that are none
                    found, place = found + 1, behind
                    continue
            if not self._fits_checksum(content, behind):
                yield DamagedBytes(start_byte=place, end_byte=behind, is_certain=True, is_skipped=False)
                found += 1
            place = behind

    def _in_cluster(self, start: int, end: int | None) -> Iterator[DamagedBytes]:
        """Find damage in one cluster; leaves `_place` where the walk continues. `end` is None in a live stream."""
        limit = min(self.end, self.end if end is None else end)
        place = start
        while place < limit and self.elements < MAX_ELEMENTS:
            element = self.element(place)
            if element and element[0] in IN_SEGMENT - IN_CLUSTER:
                break  # it ends where the next begins, whatever its declared length
            is_cut = element is not None and element[2] is not None and limit == self.end < element[1] + element[2]
            if is_cut and (end is None or end > self.end):
                place, self.is_cut_in_a_block = self.end, True
                break
            if element is None or element[2] is None or element[1] + element[2] > limit:
                self._place = self._resynchronised(place)
                yield skipped(place, self._place)
                return
            identity, content, length = element
            behind = content + (length or 0)
            if identity not in IN_CLUSTER or not self._is_sound_block(identity, content, behind):
                # some demuxers skip the rest of the cluster here
                yield DamagedBytes(start_byte=place, end_byte=behind, is_certain=False, is_skipped=True)
            place = behind
        self._place = place
        if end is not None and end <= self.end and not self._fits_checksum(start, end):
            yield DamagedBytes(start_byte=start, end_byte=end, is_certain=True, is_skipped=False)

    def _is_sound_block(self, identity: int, content: int, end: int) -> bool:
        """Return whether a block belongs to a declared track and its laced frames fit; True for other elements."""
        if identity not in (SIMPLE_BLOCK_ID, BLOCK_GROUP_ID):
            return True
        if identity == BLOCK_GROUP_ID:
            place = content
            while place < end:
                inner = self.element(place)
                if inner is None or inner[2] is None or inner[1] + inner[2] > end:
                    return False
                if inner[0] == BLOCK_ID:
                    content, end = inner[1], inner[1] + inner[2]
                    break
                place = inner[1] + inner[2]
            else:
                return False
        self.opened.seek(content)
        track = _number(self.opened)
        return (not self.tracks or track in self.tracks) and self._fits_lacing(end)

    def _fits_lacing(self, end: int) -> bool:
        """Return whether the frames' lengths fit into the block; the file is positioned after the track number."""
        head = self.opened.read(4)
        lacing = head[2] >> 1 & 3 if len(head) > 2 else 0
        if not lacing:
            return len(head) > 2
        count = head[3] + 1 if len(head) == 4 else 0
        total = 0
        if lacing == 1:  # Xiph
            for _ in range(count - 1):
                while (byte := self.opened.read(1)) == b"\xff" and self.opened.tell() <= end:
                    total += 255
                total += byte[0] if byte else 0
        elif lacing == 3:  # EBML: the first length, then differences
            length = 0
            for number in range(count - 1):
                place = self.opened.tell()
                value = _number(self.opened)
                if value is None:
                    return False
                width = self.opened.tell() - place
                length = value if not number else length + value - ((1 << (7 * width - 1)) - 1)
                total += length
                if length < 0:
                    return False
        else:
            return count > 0 and (end - self.opened.tell()) % count == 0
        return count > 0 and self.opened.tell() + total <= end

    def _has_overrun(self, start: int, end: int, *, masters: Sequence[Set[int]]) -> bool:
        """Return whether the elements between two places, or those in them, do not end where they should.

        Parameters
        ----------
        masters : elements with further ones in them, of each level in turn.
        """
        with_others, *below = masters or (frozenset[int](),)
        while start < end:
            element = self.element(start)
            if element is None or element[2] is None or element[1] + element[2] > end:
                return True
            identity, content, length = element[0], element[1], element[2]
            if identity in with_others and self._has_overrun(content, content + length, masters=below):
                return True
            start = content + length
        return False

    def _track_numbers(self, start: int, end: int) -> Iterator[int]:
        for _, content, length in self._named(TRACK_ENTRY_ID, start, end):
            for number in self._named(TRACK_NUMBER_ID, content, content + length):
                if number[2] <= 8:
                    yield int.from_bytes(self._bytes(number))

    def _pixel_crops(self, start: int, end: int) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
        for number, (_, content, length) in enumerate(self._named(TRACK_ENTRY_ID, start, end)):
            for _, place, size in self._named(VIDEO_ID, content, content + length):
                inner = [one for one in self._children(place, place + size) if one[0] in PIXEL_CROP_IDS and one[2] <= 8]
                edges = {one[0]: int.from_bytes(self._bytes(one)) for one in inner}
                if any(edges.values()):
                    left, top, right, bottom = (edges.get(edge, 0) for edge in PIXEL_CROP_IDS)
                    yield number, (left, top, right, bottom)

    def codings(self, start: int, end: int) -> Iterator[Coding]:
        """Yield the coding of each track entry between two places."""
        for _, content, length in self._named(TRACK_ENTRY_ID, start, end):
            name = next((self._bytes(one) for one in self._named(CODEC_ID, content, content + length)), b"")
            encryption = None
            for _, place, size in self._named(ENCODINGS_ID, content, content + length):
                for _, inner, inner_size in self._named(ENCODING_ID, place, place + size):
                    encryption = encryption or self._encryption(inner, inner + inner_size)
            yield Coding(name=name.rstrip(b"\0").decode("ascii", "replace") or None, encryption=encryption)

    def _encryption(self, start: int, end: int) -> str | None:
        kinds = [self._bytes(one) for one in self._named(ENCODING_TYPE_ID, start, end)]
        if not any(int.from_bytes(kind, "big") == 1 for kind in kinds):
            return None
        for _, content, length in self._named(ENCRYPTION_ID, start, end):
            for one in self._named(ENCRYPTION_KIND_ID, content, content + length):
                number = int.from_bytes(self._bytes(one), "big")
                return ENCRYPTION_KINDS.get(number, f"algorithm {number}") if number else None
        return "ContentEncryption"

    def _named(self, identity: int, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        return (child for child in self._children(start, end) if child[0] == identity)

    def _bytes(self, element: tuple[int, int, int]) -> bytes:
        return read_at(self.opened, element[1], min(element[2], MAX_VALUE_BYTES))

    def _children(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        while start < end and (element := self.element(start)) and element[2] is not None:
            yield element[0], element[1], element[2]
            start = element[1] + element[2]

    def element(self, place: int) -> tuple[int, int, int | None] | None:
        """Read an element's ID, content offset and length (None if unknown); None if there is no element."""
        self.elements += 1
        self.opened.seek(place)
        identity = _number(self.opened, is_id=True)
        if identity is None:
            return None
        is_known, length = _length(self.opened)
        return (identity, self.opened.tell(), length) if is_known else None

    def _fits_checksum(self, start: int, end: int) -> bool:
        """Return whether the content's checksum matches; True if it has none or is too long to check."""
        element = self.element(start) if end - start <= MAX_CHECKED_BYTES else None
        if element is None or element[0] != CRC_ID or element[2] != 4:
            return True
        expected = int.from_bytes(read_at(self.opened, element[1], 4), "little")
        return zlib.crc32(self.opened.read(end - element[1] - 4)) == expected

    def _resynchronised(self, place: int) -> int:
        """Return where the next element of the segment begins, as a demuxer finds it, or the end."""
        return next(find_marks(MARKS, self.opened, place, self.end, longest=4), self.end)

    def _is_another_segment(self, place: int) -> bool:
        """Return whether another file's header follows here, after a segment of unknown length."""
        self.opened.seek(place)
        return _number(self.opened, is_id=True) in (HEADER_ID, SEGMENT_ID)


def _number(opened: BinaryIO, *, is_id: bool = False) -> int | None:
    """Read a number of 1 to 8 bytes, with its marker if it is an ID; None if unknown or invalid."""
    first = opened.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = opened.read(more)
    if len(rest) < more:
        return None
    value = int.from_bytes(first + rest, "big")
    if is_id:
        return value if more < 4 else None
    bits = 7 * (more + 1)
    value &= (1 << bits) - 1
    return None if value == (1 << bits) - 1 else value


def _length(opened: BinaryIO) -> tuple[bool, int | None]:
    """Return whether a length could be read, and the length; None represents unknown."""
    place = opened.tell()
    value = _number(opened)
    if value is not None:
        return True, value
    first = read_at(opened, place, 1)
    rest = opened.read(8 - first[0].bit_length()) if first and first[0] else b""
    is_unknown = bool(first and first[0]) and len(rest) == 8 - first[0].bit_length()
    return is_unknown, None
