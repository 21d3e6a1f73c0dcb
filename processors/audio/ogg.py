"""Is an Ogg file one recording without gaps, and is its end there? Nothing is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from processors.decoding import open_container, packets_of
from processors.errors import DamagedMedia
from processors.source_file import SourceFile

PAGE_BYTES = 27
"""The fixed part of a page's header (RFC 3533, 6)."""
MOST_PAGE_BYTES = 65_307
FIRST_PAGE, LAST_PAGE = 0x02, 0x04

SAME_TIME_SECONDS = Fraction(1, 20)


def is_in_one_piece(file: SourceFile) -> bool:
    """Is it one recording, of which each packet begins where the one before ended?

    Around a damaged page, which FFmpeg leaves out, libsndfile joins what is left, and of two recordings one behind the
    other it reads the first, both without a word.
    """
    if read_pages(file).is_chained:
        return False
    try:
        with file.open() as opened, open_container(opened) as container:
            end = None
            for packet in packets_of(container, container.streams.audio[:1]):
                if packet.pts is None or packet.time_base is None:
                    continue
                start = packet.pts * packet.time_base
                if end is not None and abs(start - end) > SAME_TIME_SECONDS:
                    return False
                end = start + (packet.duration or 0) * packet.time_base
    except DamagedMedia:
        return True  # only libsndfile may still read it
    return True


@dataclass(frozen=True, kw_only=True)
class OggPages:
    """What the headers of pages tell."""

    is_chained: bool
    """A stream begins after another's data (RFC 3533, 4)."""
    has_its_end: bool
    """The last page is there whole and marked as its stream's last (RFC 3533, 6); of a cut file it is not."""


def read_pages(file: SourceFile) -> OggPages:
    """Hop from page to page, until what is none; then look at the last."""
    is_chained = seen_data = False
    with file.open() as opened:
        while len(head := opened.read(PAGE_BYTES)) == PAGE_BYTES and head[:4] == b"OggS":
            opened.seek(sum(opened.read(head[26])), 1)
            is_chained |= bool(head[5] & FIRST_PAGE) and seen_data
            seen_data |= not head[5] & FIRST_PAGE
        tail_bytes = min(file.size_bytes, MOST_PAGE_BYTES)
        opened.seek(-tail_bytes, 2)
        tail = opened.read(tail_bytes)
    return OggPages(is_chained=is_chained, has_its_end=_ends(tail))


def _ends(tail: bytes) -> bool:
    """Is the last page in the last bytes of a file whole, and marked as the last?"""
    place = tail.rfind(b"OggS")
    head = tail[place : place + PAGE_BYTES]
    if place < 0 or len(head) < PAGE_BYTES or not head[5] & LAST_PAGE:
        return False
    lengths = tail[place + PAGE_BYTES : place + PAGE_BYTES + head[26]]
    return len(lengths) == head[26] and place + PAGE_BYTES + len(lengths) + sum(lengths) <= len(tail)
