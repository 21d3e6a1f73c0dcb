"""Damage of PNG files, from their checksums and end chunk, and the transparency that Pillow does not read."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image

from processors.containers.photo.png_file import SIGNATURE, PngChunk, PngFile
from processors.photo.reading.damage import Damage
from processors.photo.reading.vips import open_with_vips, vips_errors
from processors.sources.read_at import read_at


def png_damage(file: BinaryIO, png: PngFile) -> Damage | None:
    """Evaluate the damaged chunks of a PNG that can still be decoded; None if undamaged."""
    if bad := next((chunk for chunk in png.damaged if chunk.kind == "IDAT"), None):
        first, rows = _sound_rows(file, png, bad)
        return Damage(
            condition="damaged",
            fault="the checksum (CRC) of its picture data does not match",
            share=max(1, rows - first) / rows,
            first_row=first,
            rows=rows,
        )
    if png.damaged:
        kinds = ", ".join(sorted({chunk.kind for chunk in png.damaged}))
        if any(chunk.kind == "fdAT" for chunk in png.damaged):
            fault = f"the checksum (CRC) of {kinds} does not match"
            words = f"the file is damaged in the pixels of a later frame, its first picture is not: {fault}"
            return Damage(condition="damaged", fault=fault, share=None, in_words=words)
        return Damage(condition="damaged", fault=f"the checksum (CRC) of {kinds} does not match", share=None)
    lost = _lost_pictures(file, png)
    if lost:
        return Damage(condition="truncated", fault=lost, share=None)
    if not png.has_end:
        return Damage(condition="truncated", fault="the chunk at the end of a PNG is missing", share=None)
    return None


def alpha_of_16_bits(file: BinaryIO, png: PngFile) -> np.ndarray | None:
    """Return the alpha of a PNG of 16 bits in which one colour is transparent (tRNS), uint8; None for any other.

    Pillow compares that colour with the 8 bits that it keeps of each sample, or, in a grey picture, not at all.
    """
    bits = read_at(file, len(SIGNATURE) + 8 + 8, 1)
    if bits != b"\x10" or not any(chunk.kind == "tRNS" and chunk.is_sound for chunk in png.chunks):
        return None
    with vips_errors("reading its transparency"):
        image = open_with_vips(file, "png", fail_on="none")
        return (image.extract_band(image.bands - 1) >> 8).cast("uchar").numpy() if image.hasalpha() else None


def palette_damage(image: Image.Image) -> Damage | None:
    """Return the damage of a picture with pixels of a colour outside its palette, which decoders show as black.

    Such an index is an error (PNG, 11.2.2, "PLTE").
    """
    if image.mode != "P" or image.palette is None:
        return None
    colours = len(image.palette.palette) // len(image.palette.mode)
    lost = sum(image.histogram()[colours:])
    if not lost:
        return None
    return Damage(
        condition="damaged",
        fault=f"its palette has {colours} colours, and {lost} pixels name others",
        share=lost / (image.width * image.height),
    )


def _lost_pictures(file: BinaryIO, png: PngFile) -> str | None:
    """Return how many pictures an animated PNG lacks, in words (PNG, 11.3.6, "acTL" and "fcTL")."""
    head = next((chunk for chunk in png.chunks if chunk.kind == "acTL"), None)
    if head is None:
        return None
    file.seek(head.at + 8)
    declared, there = int.from_bytes(file.read(4), "big"), sum(chunk.kind == "fcTL" for chunk in png.chunks)
    return f"{declared - there} of its {declared} pictures are missing" if declared > there else None


def _sound_rows(file: BinaryIO, png: PngFile, bad: PngChunk) -> tuple[int, int]:
    """Return the complete rows before a damaged chunk, and all rows; 0 for an interlaced picture."""
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", read_at(file, len(SIGNATURE) + 8, 13))
    row_bytes = 1 + (width * bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4) + 7) // 8
    unpack, unpacked = zlib.decompressobj(), 0
    for chunk in png.chunks:
        if chunk.at >= bad.at or interlaced:
            break
        if chunk.kind == "IDAT":
            data = read_at(file, chunk.at + 8, chunk.size_bytes)
            while data:
                unpacked += len(unpack.decompress(data, 1 << 20))
                data = unpack.unconsumed_tail
    return min(height - 1, unpacked // row_bytes), height
