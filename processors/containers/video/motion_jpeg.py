"""Detection of raw Motion JPEG: JPEG pictures of one size, one directly after another."""

from __future__ import annotations

from typing import BinaryIO

MIN_PICTURES = 3
"""Number of pictures that make a video; a photo may be followed by a preview, but not by so many of its own size."""
MAX_PICTURE_BYTES = 16 << 20
MAX_SEGMENTS = 1000
SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Frame headers, which give height and width (ISO/IEC 10918-1, B.2.2)."""
SCAN = 0xDA


def is_motion_jpeg(file: BinaryIO) -> bool:
    """Return True if enough pictures of one size follow one another from the first byte, but not in an MPO."""
    sizes: set[bytes] = set()
    place = 0
    for _ in range(MIN_PICTURES):
        file.seek(place)
        data = file.read(MAX_PICTURE_BYTES)
        found = _size_and_end(data)
        if found is None:
            return False
        sizes.add(found[0])
        place += found[1]
    return len(sizes) == 1


def _size_and_end(data: bytes) -> tuple[bytes, int] | None:
    """Return height and width as stored, and the picture's end; None if it is none, or one of several in a photo."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    size, at = b"", 2
    for _ in range(MAX_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        if data[at + 1] in SIZES:
            size = data[at + 5 : at + 9]
        if data[at + 1] == SCAN:
            break
        if data[at + 1] == 0xE2 and data[at + 4 : at + 8] == b"MPF\0":
            return None
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    end = data.find(b"\xff\xd9", at)
    return (size, end + 2) if size and end > 0 else None
