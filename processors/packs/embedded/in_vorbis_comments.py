"""Credits as Vorbis comments in FLAC and Ogg: only the comments are replaced, all other bytes are unchanged."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from processors.containers.audio.flac import MARK as FLAC_MARK
from processors.containers.audio.ogg import CONTINUED, LAST, MARK, Packets, Page, Rubbish, checksum, pages
from processors.packs.embedded.file_credits import FileCredits, sentences

STREAM_INFO, VORBIS_COMMENT = 0, 4
"""Types of FLAC's metadata blocks (RFC 9639, 8.1)."""
IS_LAST = 0x80
MOST_SEGMENTS = 255
HEADERS = {b"OpusHead": (2, b"OpusTags", b""), b"\x01vorbis": (3, b"\x03vorbis", b"\x01")}
"""By the first packet's beginning: number of header packets; beginning and end of the second, which holds the comments
(RFC 7845, 5; Vorbis I specification, 5)."""
COPY_BYTES = 1 << 20


def comments(told: FileCredits, own: Sequence[str] = ()) -> list[str]:
    """Return fields `NAME=value`; one with a text in several languages is repeated, in their order.

    The format has no field for a language, and lets any name occur several times (Vorbis I specification, 5.2.2).

    Parameters
    ----------
    own : existing fields of the file; they are kept unless replaced by the credits.
    """
    codes = dict.fromkeys([*told.languages, *told.title, *told.caption, *told.to_read])
    both = [sentences(filter(None, [told.caption.get(code), told.to_read.get(code)])) for code in codes]
    said = {
        "TITLE": [told.title.get(code) for code in codes],
        "ARTIST": [told.credit],
        "ORGANIZATION": [told.source],
        "COPYRIGHT": [told.rights],
        "LICENSE": [told.rights_address, told.usage_terms],
        "DATE": [told.date],
        "DESCRIPTION": both,
        "KEYWORDS": [*told.keywords],
    }
    stated = [f"{name}={' '.join(value.split())}" for name, values in said.items() for value in values if value]
    names = {one.partition("=")[0] for one in stated}
    return stated + [one for one in own if one.partition("=")[0].upper() not in names]


def write_flac(source: Path, target: Path, told: FileCredits) -> None:
    """Write a copy of a FLAC file with the credits among its comments.

    Raises
    ------
    ValueError : it is not FLAC.
    OSError : it cannot be read or written.
    """
    with source.open("rb") as read, target.open("wb") as written:
        blocks = list(_blocks(read))
        vendor, own = _parsed(next((body for kind, body in blocks if kind == VORBIS_COMMENT), b""))
        kept = [one for one in blocks if one[0] != VORBIS_COMMENT]
        made = [kept[0], (VORBIS_COMMENT, _packed(vendor, comments(told, own))), *kept[1:]]
        written.write(FLAC_MARK)
        for number, (kind, body) in enumerate(made, 1):
            head = kind | (IS_LAST if number == len(made) else 0)
            written.write(bytes([head]) + len(body).to_bytes(3, "big") + body)
        _copy_rest(read, written)


def write_ogg(source: Path, target: Path, told: FileCredits) -> None:
    """Write a copy of an Ogg file with Opus or Vorbis with the credits among its comments.

    Pages of sound keep their content; they are renumbered if the comments need another number of pages.

    Raises
    ------
    ValueError : it is not such a file, or its headers are damaged.
    OSError : it cannot be read or written.
    """
    with source.open("rb") as read, target.open("wb") as written:
        walked = _whole(pages(read))
        first = next(walked)
        count, start, end = _form(first)
        written.write(_page(first))
        packets, last = Packets(), first
        headers = packets.of(first, after_loss=False)
        while len(headers) < count:
            last = next(walked)
            headers += packets.of(last, after_loss=False)
        vendor, own = _parsed(headers[1].removeprefix(start))
        headers[1] = start + _packed(vendor, comments(told, own)) + end
        made = list(_paged(headers[1:], first))
        written.writelines(made)
        further = len(made) - last.sequence
        written.writelines(_page(one, sequence=one.sequence + further) for one in walked)


def _whole(found: Iterator[Page | Rubbish]) -> Iterator[Page]:
    """Yield the pages of a file that holds one stream and nothing else.

    Raises
    ------
    ValueError : a page is damaged, of another stream, or the file ends without a last page.
    """
    serial: int | None = None
    page: Page | Rubbish | None = None
    for page in found:
        if isinstance(page, Rubbish) or not page.is_whole or page.serial != (page.serial if serial is None else serial):
            raise ValueError("damaged, or more than one stream in Ogg")
        serial = page.serial
        yield page
    if not (isinstance(page, Page) and page.flags & LAST):
        raise ValueError("no last page in Ogg")


def _blocks(read: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of FLAC's metadata blocks; afterwards the file is at its first frame."""
    if read.read(len(FLAC_MARK)) != FLAC_MARK:
        raise ValueError("not FLAC")
    is_last, is_first = False, True
    while not is_last:
        head = read.read(4)
        size = int.from_bytes(head[1:], "big")
        body = read.read(size)
        if len(head) < 4 or len(body) < size or (is_first and head[0] & ~IS_LAST != STREAM_INFO):
            raise ValueError("FLAC without its metadata blocks")
        is_last, is_first = bool(head[0] & IS_LAST), False
        yield head[0] & ~IS_LAST, body


def _form(page: Page) -> tuple[int, bytes, bytes]:
    """Return the row of `HEADERS` for a stream's first page."""
    for mark, form in HEADERS.items():
        if page.body.startswith(mark):
            return form
    raise ValueError("neither Opus nor Vorbis")


def _parsed(block: bytes) -> tuple[bytes, list[str]]:
    """Return the encoder's name and the fields; an empty block has neither."""
    if not block:
        return b"", []
    try:
        (size,) = struct.unpack_from("<I", block)
        vendor, place, fields = block[4 : 4 + size], 8 + size, list[str]()
        (count,) = struct.unpack_from("<I", block, 4 + size)
        for _ in range(count):
            (size,) = struct.unpack_from("<I", block, place)
            fields.append(block[place + 4 : place + 4 + size].decode(errors="replace"))
            place += 4 + size
    except struct.error as error:
        raise ValueError("damaged Vorbis comments") from error
    return vendor, fields


def _packed(vendor: bytes, fields: Sequence[str]) -> bytes:
    coded = [one.encode(errors="replace") for one in fields]
    parts = [struct.pack("<I", len(one)) + one for one in coded]
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(coded)) + b"".join(parts)


def _paged(packets: Sequence[bytes], like: Page) -> Iterator[bytes]:
    """Yield header packets in pages from number 1 on (RFC 3533, 5 and 6)."""
    lengths, body = b"", b"".join(packets)
    for packet in packets:
        lengths += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    place = 0
    for number, first in enumerate(range(0, len(lengths), MOST_SEGMENTS), 1):
        ours = lengths[first : first + MOST_SEGMENTS]
        flags = CONTINUED if first and lengths[first - 1] == 255 else 0
        granule = 0 if any(one < 255 for one in ours) else None
        part = body[place : place + sum(ours)]
        yield _page(replace(like, lengths=ours, body=part, flags=flags, granule=granule), sequence=number)
        place += sum(ours)


def _page(page: Page, *, sequence: int | None = None) -> bytes:
    """Return the bytes of a page, with its own number or another."""
    granule, number = -1 if page.granule is None else page.granule, page.sequence if sequence is None else sequence
    head = struct.pack("<4sBBqII", MARK, 0, page.flags, granule, page.serial, number)
    table = bytes([len(page.lengths)]) + page.lengths
    return head + struct.pack("<I", checksum(head + bytes(4) + table + page.body)) + table + page.body


def _copy_rest(read: BinaryIO, written: BinaryIO) -> None:
    while block := read.read(COPY_BYTES):
        written.write(block)
