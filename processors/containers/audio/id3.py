"""Length of the ID3v2 tags at the start of a file."""

from __future__ import annotations

from typing import BinaryIO

HEAD_BYTES = 10
MAX_TAGS = 16


def behind_id3(opened: BinaryIO) -> int:
    """Return the offset after the leading ID3v2 tags; 0 if the file begins with none (ID3v2.4, 3.1)."""
    place = 0
    for _ in range(MAX_TAGS):
        opened.seek(place)
        head = opened.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or head[:3] != b"ID3" or any(byte > 0x7F for byte in head[6:]):
            break
        size = sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        place += HEAD_BYTES + size + (HEAD_BYTES if head[5] & 0x10 else 0)
    return place
