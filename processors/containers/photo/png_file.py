"""Chunks of a PNG file: damage, orientation, and trailing data."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import ExifTags, Image

from processors.sources.read_at import read_at

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 200_000
MAX_READ_BYTES = 64 << 20
"""Size limit of EXIF and XMP chunks that are read."""
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


@dataclass(frozen=True, kw_only=True)
class PngChunk:
    """One chunk of a PNG."""

    kind: str
    at: int
    """Offset of its length field."""
    size_bytes: int
    """Size of its data."""
    is_sound: bool
    """True if its CRC matches its bytes."""

    @property
    def is_needed(self) -> bool:
        """Return whether the picture cannot be shown without it."""
        return self.kind[:1].isupper()


@dataclass(frozen=True, kw_only=True)
class PngFile:
    """The chunks of one PNG file."""

    chunks: tuple[PngChunk, ...]
    has_end: bool
    trailing_bytes: int
    """Bytes after the end chunk."""

    @property
    def damaged(self) -> tuple[PngChunk, ...]:
        return tuple(chunk for chunk in self.chunks if not chunk.is_sound)


def read_png_file(file: BinaryIO) -> PngFile:
    """Walk the chunks and check each one's CRC; never raises for bad bytes."""
    size, chunks = file.seek(0, 2), list[PngChunk]()
    for name, at, length in chunk_heads(file):
        if at + 12 + length > size or not (name.isalpha() and name.isascii()):
            return PngFile(chunks=tuple(chunks), has_end=False, trailing_bytes=0)
        crc, left = zlib.crc32(name), length
        file.seek(at + 8)
        while left:
            block = file.read(min(left, 1 << 20))
            crc, left = zlib.crc32(block, crc), left - len(block)
        is_sound = file.read(4) == crc.to_bytes(4, "big")
        chunks.append(PngChunk(kind=name.decode(), at=at, size_bytes=length, is_sound=is_sound))
        if name == b"IEND":
            return PngFile(chunks=tuple(chunks), has_end=True, trailing_bytes=size - at - 12 - length)
    return PngFile(chunks=tuple(chunks), has_end=False, trailing_bytes=0)


def png_exif(file: BinaryIO) -> Image.Exif:
    """Read the EXIF of a PNG, wherever its chunk is, with XMP's orientation if EXIF has none; decodes no pixels."""
    exif = Image.Exif()
    from_xmp = None
    for kind, data in _texts(file):
        if kind == b"eXIf":
            exif.load(data)
        elif found := _XMP_ORIENTATION.search(data):
            from_xmp = int(found[1])
    if ExifTags.Base.Orientation not in exif and from_xmp:
        exif[ExifTags.Base.Orientation] = from_xmp
    return exif


def _texts(file: BinaryIO) -> list[tuple[bytes, bytes]]:
    wanted = ((name, at, size) for name, at, size in chunk_heads(file) if name in (b"eXIf", b"iTXt"))
    texts = [(name, read_at(file, at + 8, size)) for name, at, size in wanted if size <= MAX_READ_BYTES]
    return [(name, data) for name, data in texts if name == b"eXIf" or data.startswith(b"XML:com.adobe.xmp\0")]


def chunk_heads(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and data length in bytes of each chunk up to the last, as they are written."""
    size, at = file.seek(0, 2), len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 12 > size:
            return
        length, name = struct.unpack(">I4s", read_at(file, at, 8))
        yield name, at, length
        if name == b"IEND":
            return
        at += 12 + length


def without_damaged_extras(file: BinaryIO, png: PngFile) -> io.BytesIO:
    """Return the file without damaged chunks that the picture does not need."""
    data = read_at(file, 0)
    for chunk in reversed(png.damaged):
        if not chunk.is_needed:
            data = data[: chunk.at] + data[chunk.at + 12 + chunk.size_bytes :]
    return io.BytesIO(data)
