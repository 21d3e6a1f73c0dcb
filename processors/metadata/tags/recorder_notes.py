"""Metadata of field recorders in WAV files: GUANO, and the `wamd` chunk of Wildlife Acoustics."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from processors.containers.text.unknown_text import decoded
from processors.metadata.tags.chunk_text import chunk_tags
from processors.metadata.tags.tag_records import Tag, bytes_tag, text_tag

MAX_NOTES = 1000

WAMD_TEXTS = {
    0x01: "Model", 0x02: "Serial Number", 0x03: "Firmware Version", 0x04: "Prefix", 0x05: "Timestamp",
    0x06: "GPS First", 0x08: "Software", 0x09: "License", 0x0A: "Notes", 0x0B: "Auto ID", 0x0C: "Manual ID",
    0x0E: "Auto ID Stats", 0x12: "Microphone", 0x13: "Sensitivity",
}  # fmt: skip
"""Text entries by number, named as in guano-py."""
WAMD_OTHER = {0x07: "GPS Track", 0x0D: "Voice Notes", 0x10: "Program", 0x11: "Run State"}
VERSION, TIME_EXPANSION, FILLER = 0x00, 0x0F, 0xFFFF


def guano_tags(data: bytes) -> Iterator[Tag]:
    """Yield GUANO tags, one `Key: value` per line in UTF-8 (GUANO 1.0); a namespace precedes `|` in the key."""
    text = decoded(data.strip(b"\0 \r\n"))
    if text is None:
        raise ValueError(f"its {len(data)} bytes are text in no known encoding")
    for number, line in enumerate(text.splitlines()):
        if number == MAX_NOTES:
            raise ValueError(f"more than {MAX_NOTES} lines: the rest is not read")
        key, colon, value = line.partition(":")
        if line.strip("\0 \t") and not colon:
            raise ValueError(f"line {number + 1} has no colon")
        if key.strip() and value.strip():
            yield text_tag("guano", key.strip(), value.strip().replace("\\n", "\n"))


def wamd_tags(data: bytes) -> Iterator[Tag]:
    """Yield `wamd` entries: 16-bit number, 32-bit size and that many bytes, little-endian."""
    place = 0
    for _ in range(MAX_NOTES):
        if place + 6 > len(data):
            return
        number, size = struct.unpack_from("<HI", data, place)
        body = data[place + 6 : place + 6 + size]
        if len(body) < size:
            raise ValueError(f"entry {number:#04x} says {size} bytes, but the chunk ends earlier")
        place += 6 + size
        if number in (VERSION, TIME_EXPANSION) and size >= 2:
            name = "Version" if number == VERSION else "Time Expansion"
            yield Tag(namespace="wamd", name=name, value=struct.unpack_from("<H", body)[0])
        elif number in WAMD_TEXTS:
            yield from chunk_tags("wamd", WAMD_TEXTS[number], body)
        elif number != FILLER and body:
            yield bytes_tag("wamd", WAMD_OTHER.get(number, f"Entry {number:#04x}"), body)
