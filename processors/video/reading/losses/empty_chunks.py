"""Empty chunks of AVI files, each of which shows the previous picture for another frame (AVI RIFF File Reference)."""

from __future__ import annotations

import struct
from collections import Counter
from typing import BinaryIO

from processors.containers.video.avi_index import PICTURES
from processors.sources.read_at import read_at

MAX_CHUNKS = 5_000_000


def empty_chunks(opened: BinaryIO, size: int) -> Counter[int]:
    """Count the chunks of an AVI without a picture, by stream index."""
    found: Counter[int] = Counter()
    place = 0
    for _ in range(MAX_CHUNKS):
        head = read_at(opened, place, 12)
        if len(head) < 8 or place >= size:
            break
        name, length = head[:4], struct.unpack("<I", head[4:8])[0]
        if name == b"RIFF" or (name == b"LIST" and head[8:] in (b"movi", b"rec ")):
            place += 12
            continue
        if not length and name[2:] in PICTURES and name[:2].isdigit():
            found[int(name[:2])] += 1
        place += 8 + length + length % 2
    return found
