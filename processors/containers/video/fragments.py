"""Completeness of the fragments of an MP4 file (ISO/IEC 14496-12, 8.8.5)."""

from __future__ import annotations

import itertools
import struct

from processors.containers.video.mp4_boxes import MAX_BOXES, boxes
from processors.sources.source_file import SourceFile


def has_every_fragment(file: SourceFile) -> bool:
    """Return True if the fragments are numbered without a gap and the boxes reach the end; False without fragments."""
    numbers: list[int] = []
    count = last_end = 0
    with file.open() as opened:
        for name, start, end in boxes(opened, file.size_bytes, {b"moof"}):
            count, last_end = count + 1, max(last_end, end)
            if name == b"mfhd" and end - start >= 8:
                opened.seek(start + 4)
                numbers.append(struct.unpack(">I", opened.read(4))[0])
    follow = all(after == before + 1 for before, after in itertools.pairwise(numbers))
    return bool(numbers) and follow and last_end == file.size_bytes and count < MAX_BOXES
