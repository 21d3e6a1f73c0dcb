"""Is a Matroska or WebM file cut off? Its segment says how long it is (RFC 8794, RFC 9559)."""

from __future__ import annotations

from typing import BinaryIO

from processors.source_file import SourceFile

HEADER_ID, SEGMENT_ID = 0x1A45DFA3, 0x18538067


def cut_off_because(file: SourceFile, file_format: str) -> str | None:
    """Why a file of this format seems cut off; None for another format, and where it does not."""
    missing = missing_bytes(file) if "matroska" in file_format else 0
    return f"{missing} bytes of the segment are not there" if missing else None


def missing_bytes(file: SourceFile) -> int:
    """How many bytes of the segment are not there; 0 where all are, or where a live stream did not know its length."""
    with file.open() as opened:
        if _number(opened, is_id=True) != HEADER_ID or (length := _number(opened)) is None:
            return 0
        if opened.tell() + length > file.size_bytes:
            return 0
        opened.seek(length, 1)
        if _number(opened, is_id=True) != SEGMENT_ID or (length := _number(opened)) is None:
            return 0
        return max(0, opened.tell() + length - file.size_bytes)


def _number(opened: BinaryIO, *, is_id: bool = False) -> int | None:
    """A number of 1 to 8 bytes, with its marker where it is an ID; None where it is unknown or broken."""
    first = opened.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = opened.read(more)
    if len(rest) < more:
        return None
    value = int.from_bytes(first + rest, "big")
    if is_id:
        return value
    bits = 7 * (more + 1)
    value &= (1 << bits) - 1
    return None if value == (1 << bits) - 1 else value
