"""What a file lacks, by what its first bytes say of its length."""

from __future__ import annotations

import struct

from processors.sources.source_file import SourceFile

UNKNOWN_SIZES = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, (1 << 64) - 1})
"""Left by writers that cannot seek back."""


def too_short_because(file: SourceFile, file_format: str) -> str | None:
    """In words; None where nothing is missing, and where the format, or its writer, does not say.

    DSF (Sony, DSF File Format Specification, "DSD chunk"), IFF (EA IFF 85), DSDIFF (Philips, 3.1), the first RIFF of
    AVI, behind which others may follow.
    """
    with file.open() as opened:
        head = opened.read(20)
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
    missing = 0 if size in UNKNOWN_SIZES else size + head_bytes - file.size_bytes
    return f"{missing} bytes of the file are not there" if missing > 0 else None
