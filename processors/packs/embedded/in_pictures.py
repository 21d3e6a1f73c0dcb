"""Credits in JPEG, PNG and WebP: metadata are put between the file's segments; the coded pixels are unchanged."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from processors.imaging.image_writer import XMP_KEYWORD
from processors.imaging.png_colour import png_chunk
from processors.packs.embedded.file_credits import FileCredits
from processors.packs.embedded.iptc_record import PHOTOSHOP, photoshop_block
from processors.packs.embedded.xmp_packet import xmp_packet

XMP_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
XMP_IN_PNG = XMP_KEYWORD.encode() + b"\0"
PNG_START = b"\x89PNG\r\n\x1a\n"
APP0, APP1, APP13, START_OF_SCAN = 0xE0, 0xE1, 0xED, 0xDA
HAS_XMP, HAS_ALPHA = 0x04, 0x10
"""Flags of a WebP file's `VP8X` chunk."""


def credited_picture(data: bytes, media_type: str, told: FileCredits) -> bytes | None:
    """Return the picture with its credits; None if the format holds none, or the file is not of that format."""
    put_in = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}.get(media_type)
    try:
        return put_in(data, told) if put_in else None
    except (struct.error, IndexError, ValueError):
        return None


def own_xmp(data: bytes, media_type: str) -> bytes | None:
    """Return the XMP packet of a picture; None without one."""
    packets: list[bytes] = []
    if media_type == "image/jpeg":
        packets = [body[len(XMP_IN_JPEG) :] for _, body in _segments(data) if body.startswith(XMP_IN_JPEG)]
    elif media_type == "image/png":
        packets = [body[len(XMP_IN_PNG) + 4 :] for name, body in _png_chunks(data) if _is_png_xmp(name, body)]
    elif media_type == "image/webp":
        packets = [body for name, body in _webp_chunks(data) if name == b"XMP "]
    return packets[0] if packets else None


def _jpeg(data: bytes, told: FileCredits) -> bytes:
    segments = list(_segments(data))
    xmp = xmp_packet(told, own_xmp(data, "image/jpeg"))
    kept = [one for one in segments if not (one[1].startswith(XMP_IN_JPEG) or one[1].startswith(PHOTOSHOP))]
    first = sum(1 for marker, _ in kept[:1] if marker == APP0)  # JFIF's own segment comes first
    new = [(APP1, XMP_IN_JPEG + xmp), (APP13, photoshop_block(told))]
    header = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in _with(kept, first, new)
    )
    scan = 2 + sum(len(body) + 4 for _, body in segments)
    return data[:2] + header + data[scan:]


def _with(segments: list[tuple[int, bytes]], place: int, new: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    return [*segments[:place], *new, *segments[place:]]


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment before the first scan.

    Raises
    ------
    ValueError : not a JPEG, or one with fill bytes, which our encoders never write.
    """
    if data[:2] != b"\xff\xd8":
        raise ValueError("no start of image")
    place = 2
    while data[place + 1] != START_OF_SCAN:
        fill, marker, size = struct.unpack_from(">BBH", data, place)
        if fill != 0xFF or marker == 0xFF or size < 2:
            raise ValueError(f"no segment at byte {place}")
        yield marker, data[place + 4 : place + 2 + size]
        place += 2 + size


def _png(data: bytes, told: FileCredits) -> bytes:
    packet = XMP_IN_PNG + b"\0\0\0\0" + xmp_packet(told, own_xmp(data, "image/png"))
    made = [PNG_START]
    for name, body in _png_chunks(data):
        if not _is_png_xmp(name, body):
            made.append(png_chunk(name, body))
        if name == b"IHDR":
            made.append(png_chunk(b"iTXt", packet))
    return b"".join(made)


def _is_png_xmp(name: bytes, body: bytes) -> bool:
    return name == b"iTXt" and body.startswith(XMP_IN_PNG)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(PNG_START):
        raise ValueError("not a PNG")
    place = len(PNG_START)
    while place < len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + 8 + size]
        place += size + 12


def _webp(data: bytes, told: FileCredits) -> bytes:
    """Return a WebP in its extended form (RFC 9649, 2.7), which alone holds XMP."""
    packet = xmp_packet(told, own_xmp(data, "image/webp"))
    chunks = [one for one in _webp_chunks(data) if one[0] != b"XMP "]
    if chunks[0][0] == b"VP8X":
        head = bytes([chunks[0][1][0] | HAS_XMP]) + chunks[0][1][1:]
        chunks = chunks[1:]
    else:
        head = _extended(*chunks[0])
    whole = [(b"VP8X", head), *chunks, (b"XMP ", packet)]
    body = b"".join(name + struct.pack("<I", len(one)) + one + b"\0" * (len(one) % 2) for name, one in whole)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP")
    place = 12
    while place < len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _extended(name: bytes, body: bytes) -> bytes:
    """Return the content of the `VP8X` chunk of a file that has one picture."""
    if name == b"VP8L":  # after its signature: 14 bits each for width - 1 and height - 1, one for alpha
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    else:  # after frame tag and start code: 14 bits of each side
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        width, height, alpha = width - 1, height - 1, 0
    flags = HAS_XMP | (HAS_ALPHA if alpha else 0)
    return bytes([flags, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
