"""Bits of a sample that a picture's header states; decoders that give 8 bits drop those below without a word."""

from __future__ import annotations

import struct
from typing import BinaryIO

from processors.containers.photo.heif_file import sample_bits_of_heif
from processors.containers.photo.pnm_header import pnm_white
from processors.containers.photo.tiff_file import is_tiff, read_tiff_file
from processors.sources.read_at import read_at

HEAD_BYTES = 1 << 16
CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of a JPEG 2000 codestream: SOC and SIZ."""


def sample_bits(file: BinaryIO) -> int | None:
    """Return the bits of the deepest channel of a picture; None if its format or its header states none."""
    place = file.tell()
    try:
        return _sample_bits(file)
    finally:
        file.seek(place)


def _sample_bits(file: BinaryIO) -> int | None:
    head = read_at(file, 0, 32)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return head[24] if len(head) > 24 else None  # IHDR (PNG, 11.2.1)
    if is_tiff(head):
        found = read_tiff_file(file)
        return max(found.photo.bits) if found else None
    if head[4:8] == b"ftyp":
        return sample_bits_of_heif(file)
    if head[:1] == b"P":
        white = pnm_white(file)
        return white.bit_length() if white else None
    return jpeg2000_bits(file)


def jpeg2000_bits(file: BinaryIO) -> int | None:
    """Return the bits of the deepest component of a JPEG 2000 picture (ISO/IEC 15444-1, A.5.1); None for any other."""
    components = _jpeg2000_components(file)
    return max((depth & 0x7F) + 1 for depth in components) if components else None


def has_signed_components(file: BinaryIO) -> bool:
    """Return whether a component of a JPEG 2000 picture has signed numbers."""
    return any(depth & 0x80 for depth in _jpeg2000_components(file))


def _jpeg2000_components(file: BinaryIO) -> bytes:
    """Return the field Ssiz of each component; empty if there is no codestream in the head of the file."""
    data = read_at(file, 0, HEAD_BYTES)
    if not data.startswith((CODESTREAM, b"\0\0\0\x0cjP  ")):
        return b""
    at = data.find(CODESTREAM)
    if at < 0 or len(data) < at + 42:
        return b""
    (count,) = struct.unpack(">H", data[at + 40 : at + 42])
    return data[at + 42 : at + 42 + 3 * count : 3]
