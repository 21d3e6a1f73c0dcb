"""Bytes missing from a file, by the length declared in its first bytes."""

from __future__ import annotations

import struct

from processors.sources.source_file import SourceFile

ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_HEAD_BYTES = 1 << 16
UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, (1 << 64) - 1})
"""Sizes left by writers that cannot seek back."""


def too_short_because(file: SourceFile, file_format: str) -> str | None:
    """Return what is missing, in words; None if nothing is, or the format or its writer does not state the length.

    ASF (Microsoft, 3.2: the file properties count the whole file, unless it is a broadcast), DSF (Sony, DSF File
    Format Specification, "DSD chunk"), IFF (EA IFF 85), DSDIFF (Philips, 3.1), the first RIFF of AVI, which
    others may follow.
    """
    with file.open() as opened:
        head = opened.read(ASF_HEAD_BYTES if file_format == "asf" else 20)
    if len(head) < 20:
        return None
    size, head_bytes = 0, 8
    if file_format == "dsf":
        (size,), head_bytes = struct.unpack_from("<Q", head, 12), 0
    elif file_format == "iff":
        is_long = head.startswith(b"FRM8")
        (size,), head_bytes = struct.unpack_from(">Q" if is_long else ">I", head, 4), 12 if is_long else 8
    elif file_format == "avi":
        (size,) = struct.unpack_from("<I", head, 4)
    elif file_format == "asf":
        size, head_bytes = _asf_size(head), 0
    missing = 0 if size in UNKNOWN_SIZES else size + head_bytes - file.size_bytes
    return f"{missing} bytes of the file are missing" if missing > 0 else None


def _asf_size(head: bytes) -> int:
    """Return the size in the file properties; 0 if they are missing, or declare a broadcast."""
    place = head.find(ASF_FILE_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return 0
    size, flags = struct.unpack_from("<Q", head, place + 40)[0], struct.unpack_from("<I", head, place + 88)[0]
    return 0 if flags & 1 else size
