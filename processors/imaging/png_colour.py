"""Chunks of a PNG, and those that describe its colour: cICP, cHRM and gAMA (PNG, third edition, 11.3.2)."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

from processors.imaging.colour import UNSPECIFIED, Colour

HEADER_BYTES = 8 + 25
"""Length of the signature and IHDR, which come first."""


def colour_chunks(colour: Colour) -> bytes:
    """Return the chunks that describe a picture's colour; empty for plain sRGB, and if an ICC profile describes it."""
    chunks = b""
    codes = colour.primaries, colour.transfer
    if colour.is_narrow or (codes != (UNSPECIFIED, UNSPECIFIED) and not colour.is_srgb):
        chunks += png_chunk(b"cICP", bytes((*codes, 0, 0 if colour.is_narrow else 1)))
    if colour.chromaticities:
        places = (*colour.chromaticities[6:8], *colour.chromaticities[0:6])  # white comes first
        chunks += png_chunk(b"cHRM", struct.pack(">8I", *(round(place * 100_000) for place in places)))
    if colour.gamma:
        chunks += png_chunk(b"gAMA", struct.pack(">I", round(100_000 / colour.gamma)))
    return chunks


def describe_colour(path: Path, colour: Colour) -> None:
    """Put the chunks into a PNG that was written without them."""
    chunks = colour_chunks(colour)
    if not chunks:
        return
    described = path.with_name(f"{path.name}.described")
    with path.open("rb") as plain, described.open("wb") as file:
        file.write(plain.read(HEADER_BYTES) + chunks)
        shutil.copyfileobj(plain, file, 1 << 20)
    described.replace(path)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and check sum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
