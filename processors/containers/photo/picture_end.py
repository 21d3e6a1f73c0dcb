"""Trailing data after the picture in a file."""

from __future__ import annotations

import re
from typing import BinaryIO

from processors.containers.photo.pnm_header import pnm_end
from processors.containers.video.mp4_boxes import box_header
from processors.sources.read_at import read_at

IN_BOXES = ("HEIF", "AVIF", "JPEG2000")
"""Pillow's names of the formats that consist of boxes (ISO/IEC 14496-12, 4.2; 15444-1, I.4)."""
MAX_BOXES = 10_000
FIRST_BOXES = (b"ftyp", b"jP  ")
"""Boxes that begin a file; a second one begins another."""
PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1")
_BOX_NAME = re.compile(rb"[A-Za-z0-9 ]{4}")
_BEGINNINGS = {
    b"PK\x03\x04": "a ZIP archive", b"\xff\xd8\xff": "another JPEG", b"\x89PNG": "a PNG", b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive", b"%PDF": "a PDF", b"SEFH": "a camera maker's data",
}  # fmt: skip


def behind_picture(file: BinaryIO, picture_format: str) -> tuple[int, str | None]:
    """Return the number of bytes after the last box or chunk, and their apparent kind.

    The number is 0 for a format that does not show it. `picture_format`: Pillow's name.
    """
    size_bytes = file.seek(0, 2)
    end = _end_of_boxes(file, size_bytes) if picture_format in IN_BOXES else None
    if picture_format == "WEBP":
        declared = 8 + int.from_bytes(read_at(file, 4, 4), "little")
        end = declared + declared % 2
    elif picture_format == "BMP":
        declared, rows_at = (int.from_bytes(read_at(file, place, 4), "little") for place in (2, 10))
        end = declared if declared > rows_at else None  # else a program left out the size
    elif picture_format == "PPM":
        end = pnm_end(file)
    if end is None or end >= size_bytes:
        return 0, None
    return size_bytes - end, apparent_kind(read_at(file, end, 12))


def apparent_kind(head: bytes) -> str | None:
    """Return the apparent kind of bytes that begin like this; None if unknown."""
    if head[4:8] == b"ftyp":
        return "another picture" if head[8:12] in PICTURE_BRANDS else "an MP4 video"
    return next((kind for begins, kind in _BEGINNINGS.items() if head.startswith(begins)), None)


def _end_of_boxes(file: BinaryIO, size_bytes: int) -> int | None:
    """Return the end of the top-level boxes; None if the file does not begin with one (a bare JPEG 2000 codestream)."""
    place, seen = 0, set[bytes]()
    for _ in range(MAX_BOXES):
        length, name, header_bytes = box_header(file, place) or (0, b"", 0)
        if (name in FIRST_BOXES and name in seen) or not _BOX_NAME.fullmatch(name) or 0 < length < header_bytes:
            return place or None
        if length == 0 or place + length >= size_bytes:
            return size_bytes
        seen.add(name)
        place += length
    return None
