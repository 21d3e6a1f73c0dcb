"""Is an Ogg file several recordings one after the other, and is its end there?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from processors.source_file import SourceFile

PAGE_BYTES = 27
"""The fixed part of a page's header (RFC 3533, 6)."""
FIRST_PAGE, LAST_PAGE = 0x02, 0x04


def is_chained(file: BinaryIO) -> bool:
    """Does a stream begin after another's data (RFC 3533, 4)? libsndfile reads only the first, without a word.

    Hops from page to page; ends where the pages do.
    """
    seen_data = False
    for kind in _kinds_of_pages(file):
        if kind & FIRST_PAGE and seen_data:
            return True
        seen_data = seen_data or not kind & FIRST_PAGE
    return False


def has_its_end(file: SourceFile) -> bool:
    """Is the last page marked as its stream's last (RFC 3533, 6)? Of a file that is cut off it is not."""
    with file.open() as opened:
        last = deque(_kinds_of_pages(opened), maxlen=1)
    return bool(last and last[0] & LAST_PAGE)


def _kinds_of_pages(file: BinaryIO) -> Iterator[int]:
    """The flags of each page that is there whole."""
    size_bytes = file.seek(0, 2)
    file.seek(0)
    while len(head := file.read(PAGE_BYTES)) == PAGE_BYTES and head[:4] == b"OggS":
        if file.seek(sum(file.read(head[26])), 1) > size_bytes:
            return
        yield head[5]
