"""Decodable part of a damaged photo, made on request; reports which rows are real."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

import numpy as np
from PIL import ExifTags, Image, ImageFile

from processors.containers.photo.tiff_blocks import rows_before_lost
from processors.containers.photo.tiff_file import read_tiff_file
from processors.contract import Item, OpenSource, Reads, require
from processors.decoding.open_media import decoder_errors, open_picture
from processors.decoding.picture_header import open_header
from processors.errors import DamagedMedia, RefusedMedia
from processors.imaging.image_writer import encode
from processors.imaging.png_colour import png_chunk
from processors.photo.reading.colour_tags import tagged_colour
from processors.photo.reading.photo_reader import MAX_PIXELS, PhotoReader, refuse_larger
from processors.photo.reading.pixels import TRANSPOSED
from processors.photo.reading.to_srgb import photo_to_srgb
from processors.sources.source_file import SourceFile


@dataclass(frozen=True, kw_only=True)
class SalvagedFacts:
    """Real part of the picture."""

    is_needed: bool
    """False if the photo can be shown, intact or damaged, so that no picture is made here."""
    fault: str | None
    """Fault of the file; None if it is intact."""
    rows_decoded: int | None
    """Decoded rows from the top, as stored, not turned; uniform ones at their end may not be counted."""
    rows_promised: int | None
    """Rows declared by the header. The picture ends after the real rows: nothing replaces the others."""


@dataclass(frozen=True, kw_only=True)
class Salvaged:
    """`salvaged.png`: the decodable rows of a truncated JPEG, PNG or TIFF, in sRGB, as stored."""

    name: ClassVar[str] = "photo.salvaged"
    version: ClassVar[int] = 5
    reads: ClassVar[Reads] = "file"

    max_pixels: int = MAX_PIXELS
    """Maximum size; larger photos are refused from their header."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Yield the facts, and the picture if one is needed."""
        picture_format = opened.source.format
        if picture_format not in READERS:
            raise RefusedMedia(f"the rows of a damaged {picture_format} cannot be distinguished", "download it again")
        fault = self._fault(opened.file)
        if fault is None or not fault[1]:
            words = fault[0] if fault else None
            yield _item(SalvagedFacts(is_needed=False, fault=words, rows_decoded=None, rows_promised=None))
            return
        fault = fault[0]
        nothing = DamagedMedia(fault, "not one whole row can be decoded: download it again")
        try:
            with opened.file.open() as file, decoder_errors("decoding what is there"), _truncated_allowed():
                colour = tagged_colour(open_header(file), file)
                file.seek(0)
                image, rows, promised = READERS[picture_format](file)
        except DamagedMedia as error:
            raise nothing from error
        if rows < 1:
            raise nothing
        facts = SalvagedFacts(is_needed=True, fault=fault, rows_decoded=rows, rows_promised=promised)
        kept = photo_to_srgb(image.crop((0, 0, image.width, rows)), colour)
        yield _item(facts)
        yield Item(name="salvaged.png", media_type="image/png", data=encode(kept, "png"), facts=facts)

    def _fault(self, source: SourceFile) -> tuple[str, bool] | None:
        """Return the photo's fault, and whether it keeps other processors from showing it; None if there is none."""
        try:
            with source.open() as file:
                reader = PhotoReader(file)
                refuse_larger(reader.info, self.max_pixels)
                damage = reader.photo().damage
                return (damage.sentence, False) if damage else None
        except DamagedMedia as error:
            return error.what, True


@contextmanager
def _truncated_allowed() -> Iterator[None]:
    """Let Pillow leave rows black that it cannot decode, instead of raising; the setting is global to the process."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


BACK = TRANSPOSED | {6: TRANSPOSED[8], 8: TRANSPOSED[6]}
"""Transpositions from upright to stored, by Exif's orientation."""


def _tiff(file: BinaryIO) -> tuple[Image.Image, int, int]:
    """Return rows up to the last one that is not all zero, as stored: Pillow turns a TIFF upright while loading.

    In tiles or separate planes only those above the first one that is lost: it may be lost in part of its width, or
    in one channel.
    """
    found = read_tiff_file(file)
    is_in_parts = found is not None and (found.photo.tile_px is not None or found.photo.is_planar)
    whole_rows = rows_before_lost(found.photo, file.seek(0, io.SEEK_END)) if found and is_in_parts else None
    file.seek(0)
    opened = open_picture(file)
    orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
    opened.load()
    image = opened.transpose(BACK[orientation]) if orientation in BACK else opened
    image.info = opened.info
    values = np.asarray(image)
    filled = np.flatnonzero(values.reshape(values.shape[0], -1).any(axis=1))
    rows = int(filled[-1]) + 1 if len(filled) else 0
    return image, rows if whole_rows is None else min(rows, whole_rows), image.height


def _jpeg(file: BinaryIO) -> tuple[Image.Image, int, int]:
    """Return decoded rows. libjpeg continues with blocks of the last brightness: uniform last rows do not count."""
    image = open_picture(file)
    if "progressive" in image.info:
        raise RefusedMedia("a truncated progressive JPEG has too little detail everywhere", "download it again")
    image.load()
    values = np.asarray(image).reshape(image.height, image.width, -1)
    even = (values == values[-1, -1]).all(axis=(1, 2))
    first = len(even) - int(np.argmin(even[::-1])) if not even.all() else 0
    # one row less: its colours are blended with the blocks below
    return image, first // JPEG_BLOCKS_PX * JPEG_BLOCKS_PX - JPEG_BLOCKS_PX - 1, image.height


def _png(file: BinaryIO) -> tuple[Image.Image, int, int]:
    """Return the whole rows that can be inflated, as a shorter PNG that Pillow reads."""
    data = file.read()
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if interlaced:
        raise RefusedMedia("a truncated interlaced PNG has too little detail everywhere", "download it again")
    row_bytes = 1 + (width * bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] + 7) // 8
    head, packed = b"", b""
    place = 33
    while place + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        if kind == b"IDAT":
            packed += data[place + 8 : place + 8 + size]
        elif kind in (b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"sRGB"):
            head += data[place : place + 12 + size]
        place += 12 + size
    unpacked = zlib.decompressobj().decompress(packed, row_bytes * height)
    rows = len(unpacked) // row_bytes
    shorter = struct.pack(">IIBBBBB", width, max(1, rows), bits, colour, 0, 0, 0)
    body = zlib.compress(unpacked[: rows * row_bytes], 1)
    whole = data[:8] + png_chunk(b"IHDR", shorter) + head + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    image = Image.open(io.BytesIO(whole), formats=("PNG",))
    image.load()
    return image, rows, height


JPEG_BLOCKS_PX = 16
"""Height of the largest group of blocks (4:2:0)."""
READERS = {"jpeg": _jpeg, "png": _png, "tiff": _tiff}


def _item(facts: SalvagedFacts) -> Item:
    return Item.of_json("salvaged.json", facts, ensure_ascii=False, facts=facts)
