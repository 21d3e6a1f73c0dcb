"""What field recorders write into WAV files: GUANO, and the `wamd` chunk of Wildlife Acoustics."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from processors.metadata.chunk_text import text_of
from processors.metadata.record import Tag, Value, bytes_tag, text_tag

MAX_NOTES = 1000

WAMD_TEXTS = {
    0x01: "Model", 0x02: "Serial Number", 0x03: "Firmware Version", 0x04: "Prefix", 0x05: "Timestamp",
    0x06: "GPS First", 0x08: "Software", 0x09: "License", 0x0A: "Notes", 0x0B: "Auto ID", 0x0C: "Manual ID",
    0x0E: "Auto ID Stats", 0x12: "Microphone", 0x13: "Sensitivity",
}  # fmt: skip
"""Entries of text, by their number; as guano-py names them."""
WAMD_OTHER = {0x07: "GPS Track", 0x0D: "Voice Notes", 0x10: "Program", 0x11: "Run State"}
_NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
_PAIR = (
    rf"\s*(?P<latitude>{_NUMBER})\s*,?\s*(?P<south>[NS]?)\s*[,\s]"
    rf"\s*(?P<longitude>{_NUMBER})\s*,?\s*(?P<west>[EW]?)"
)
WRITTEN_POSITION = {
    "guano:Loc Position": re.compile(rf"{_PAIR}\s*$"),
    "wamd:GPS First": re.compile(rf"WGS\w*\s*,{_PAIR}"),
}
"""`25.1 109.9`; `WGS84, 25.1, N, 109.9, E, 71` or `WGS84, 25.1, 109.9, 71`."""
VERSION, TIME_EXPANSION, FILLER = 0x00, 0x0F, 0xFFFF


def guano_tags(data: bytes) -> Iterator[Tag]:
    """One tag a line, `Key: value` in UTF-8 (GUANO 1.0); a namespace stands before `|` in the key."""
    for number, line in enumerate(data.decode("utf-8", errors="replace").strip("\0 \r\n").splitlines()):
        if number == MAX_NOTES:
            raise ValueError(f"more than {MAX_NOTES} lines: the rest is not read")
        key, colon, value = line.partition(":")
        if line.strip("\0 \t") and not colon:
            raise ValueError(f"line {number + 1} has no colon")
        if key.strip() and value.strip():
            yield text_tag("guano", key.strip(), value.strip().replace("\\n", "\n"))


def wamd_tags(data: bytes) -> Iterator[Tag]:
    """Entries of a number of 16 bits, a size of 32 and as many bytes, little-endian."""
    place = 0
    for _ in range(MAX_NOTES):
        if place + 6 > len(data):
            return
        number, size = struct.unpack_from("<HI", data, place)
        body = data[place + 6 : place + 6 + size]
        if len(body) < size:
            raise ValueError(f"entry {number:#04x} says {size} bytes, the chunk ends before")
        place += 6 + size
        if number in (VERSION, TIME_EXPANSION) and size >= 2:
            name = "Version" if number == VERSION else "Time Expansion"
            yield Tag(namespace="wamd", name=name, value=struct.unpack_from("<H", body)[0])
        elif number in WAMD_TEXTS:
            if text := text_of(body):
                yield text_tag("wamd", WAMD_TEXTS[number], text)
        elif number != FILLER and body:
            yield bytes_tag("wamd", WAMD_OTHER.get(number, f"Entry {number:#04x}"), body)


def position(tags: tuple[Tag, ...]) -> dict[str, Value | None]:
    """Latitude and longitude in degrees that a recorder's notes give, north and east positive; empty where none do."""
    for tag in tags:
        place = f"{tag.namespace}:{tag.name}"
        found = WRITTEN_POSITION[place].match(str(tag.value)) if place in WRITTEN_POSITION else None
        if found is None:
            continue
        latitude = float(found["latitude"]) * (-1 if found["south"] == "S" else 1)
        longitude = float(found["longitude"]) * (-1 if found["west"] == "W" else 1)
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return {
                "latitude_degrees_north": Value(value=latitude, source=place),
                "longitude_degrees_east": Value(value=longitude, source=place),
            }
    return {}
