"""Is an Ogg file several recordings one after the other?"""

from __future__ import annotations

import struct
from typing import BinaryIO

PAGE_BYTES = 27
"""The fixed part of a page's header (RFC 3533, 6)."""
FIRST_PAGE = 0x02


def is_chained(file: BinaryIO) -> bool:
    """Does a stream begin after another's data (RFC 3533, 4)? libsndfile reads only the first, without a word.

    Hops from page to page; ends where the pages do.
    """
    file.seek(0)
    seen_data = False
    while True:
        head = file.read(PAGE_BYTES)
        if len(head) < PAGE_BYTES or head[:4] != b"OggS":
            return False
        kind, (segments,) = head[5], struct.unpack_from("B", head, 26)
        if kind & FIRST_PAGE and seen_data:
            return True
        seen_data = seen_data or not kind & FIRST_PAGE
        file.seek(sum(file.read(segments)), 1)
