"""What stands in a sound file behind the sound that its header declares, and that no library reads."""

from __future__ import annotations

import struct

from processors.audio.lengths import UNKNOWN_SIZE, heads
from processors.source_file import SourceFile

LEAST_BYTES = 16
"""Less is padding."""
FLAC_START = b"fLaC\x00\x00\x00\x22"
"""The mark, and the head of the block that must follow it (RFC 9639, 6 and 8.1)."""
READ_BYTES = 1 << 20


def unread_because(file: SourceFile, file_format: str) -> str | None:
    """What is not read, in words; None where nothing is left over, as far as the format tells."""
    if file_format == "wav":
        return _behind_the_chunks(file)
    return _second_flac(file) if file_format == "flac" else None


def _behind_the_chunks(file: SourceFile) -> str | None:
    with file.open() as opened:
        if opened.read(12)[8:] != b"WAVE":
            return None
        place, has_sound = 12, False
        for head in heads(opened, 8):
            name, size = struct.unpack("<4sI", head)
            if name == b"data" and size in (0, UNKNOWN_SIZE):
                return None
            if name in (b"RIFF", b"RF64") and has_sound:
                return f"another WAVE file follows at byte {place}"
            if not all(0x20 <= letter < 0x7F for letter in name):
                break
            has_sound |= name == b"data"
            place += 8 + size + size % 2
            opened.seek(min(place, file.size_bytes))
    left = file.size_bytes - place
    return f"{left} bytes behind the sound belong to no chunk" if has_sound and left >= LEAST_BYTES else None


def _second_flac(file: SourceFile) -> str | None:
    """Libsndfile reads no more than the first stream declares."""
    with file.open() as opened:
        place, before = 0, b""
        while data := opened.read(READ_BYTES):
            found = (before + data).find(FLAC_START, 1 if place == 0 else 0)
            if found >= 0:
                return f"another FLAC stream follows at byte {place - len(before) + found}"
            place, before = place + len(data), data[1 - len(FLAC_START) :]
    return None
