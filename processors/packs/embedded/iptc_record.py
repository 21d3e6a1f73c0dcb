"""IPTC IIM 4.2 record inside a Photoshop image resource, as press agencies' systems read it in JPEG files."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator

from processors.packs.embedded.file_credits import FileCredits, fitting

PHOTOSHOP = b"Photoshop 3.0\0"
IPTC, IPTC_DIGEST = 0x0404, 0x0425
"""Numbers of the resources: the record, and its MD5, by which readers see that XMP and IPTC agree (MWG 2.0, 3.3)."""
UTF_8 = b"\x1b%G"
TEXTS = (5, 40, 105, 120)
"""Title, instructions, headline and caption, of which a beginning is useful; a name that is too long is left out."""
ELLIPSIS = "…".encode()
"""End of a text that is cut."""
PART_OF_WORD = re.compile(r"[^\s\u2e80-\uffef]+$")
"""End of a text that may be the beginning of a word; a Chinese, Japanese or Korean character is a word by itself."""
MAX_WORD_CHARACTERS = 30
"""Maximum that is left out for the sake of a whole word."""
MAX_KEYWORD_BYTES = 64
MAX_KEYWORDS_BYTES = 16_000
"""Maximum of all keywords, as one segment of a JPEG holds the whole record; the XMP has more."""


def photoshop_block(told: FileCredits) -> bytes:
    """Return the content of a JPEG's APP13 segment."""
    record = b"".join(_data_sets(told))
    digest = hashlib.md5(record, usedforsecurity=False).digest()
    return PHOTOSHOP + _resource(IPTC, record) + _resource(IPTC_DIGEST, digest)


def _resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)


def _data_sets(told: FileCredits) -> Iterator[bytes]:
    yield _data_set(1, 90, UTF_8)
    yield _data_set(2, 0, struct.pack(">H", 4))
    title, caption, instructions = (told.first(text) for text in (told.title, told.caption, told.to_read))
    day, time = _day_and_time(told.date)
    for number, value, most_bytes in (
        (5, title, 64),
        *((25, word, MAX_KEYWORD_BYTES) for word in fitting(told.keywords, MAX_KEYWORDS_BYTES)),
        (40, instructions, 256),
        (55, day, 8),
        (60, time, 11),
        (80, told.creator, 32),
        (105, title, 256),
        (110, told.credit, 32),
        (115, told.source, 32),
        (116, told.rights, 128),
        (120, caption, 2000),
    ):
        if value and (number in TEXTS or len(_line(value)) <= most_bytes):
            yield _data_set(2, number, _cut(value, most_bytes))


def _data_set(record: int, number: int, data: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data


def _line(value: str) -> bytes:
    return " ".join(value.split()).encode(errors="replace")


def _cut(value: str, most_bytes: int) -> bytes:
    """Return the text on one line, no longer than the standard's maximum; the whole is in the XMP.

    A longer one ends with an ellipsis, after a whole word; after any character where words are not set apart.
    """
    line = _line(value)
    if len(line) <= most_bytes:
        return line
    kept = line[: most_bytes - len(ELLIPSIS)].decode(errors="ignore")
    begun = PART_OF_WORD.search(kept)
    is_cut_through = PART_OF_WORD.match(line.decode()[len(kept)])
    if begun and is_cut_through and begun.start() > 0 and len(begun[0]) <= MAX_WORD_CHARACTERS:
        kept = kept[: begun.start()]
    return kept.rstrip(" ,;:，；：、").encode() + ELLIPSIS


def _day_and_time(date: str | None) -> tuple[str | None, str | None]:
    """Return `20210515` and `231800+0000`; an unknown day or month is 00, and a time without a zone is left out."""
    found = re.fullmatch(
        r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d)(?::(\d\d))?[\d.]*(Z|[+-]\d\d:\d\d)?)?", date or ""
    )
    if not found:
        return None, None
    year, month, day, hour, minute, second, zone = found.groups()
    time = f"{hour}{minute}{second or '00'}{'+0000' if zone == 'Z' else zone.replace(':', '')}" if zone else None
    return f"{year}{month or '00'}{day or '00'}", time
