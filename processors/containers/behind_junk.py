"""Search for the beginning of a media file after bytes that do not belong to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

SEARCHED_BYTES = 4 << 20
_BEGINNINGS = (
    (re.compile(rb"\0\0[\0-\x0f].ftyp[A-Za-z0-9 ]{4}\0", re.DOTALL), "an MP4 or QuickTime file"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{1,48}\x42\x82.(matroska|webm)", re.DOTALL), "a Matroska or WebM file"),
    (re.compile(rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "a PNG"),
    (re.compile(rb"\xff\xd8\xff[\xe0\xe1]..(JFIF|Exif)\0", re.DOTALL), "a JPEG"),
    (re.compile(rb"RIFF....(AVI LIST|WEBPVP8[ LX]|WAVEfmt )", re.DOTALL), "a RIFF file (WAV, AVI or WebP)"),
    (re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"), "a FLAC file"),
    (re.compile(rb"OggS\x00\x02.{8}", re.DOTALL), "an Ogg file"),
    (re.compile(rb"ID3[\x02-\x04]\x00[\x00-\xf0][\x00-\x7f]{4}(T|\0)"), "an MP3 or another file behind an ID3 tag"),
)
"""Beginnings of at least eight bytes that random data do not have."""


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """Beginning of a file of a known kind."""

    place: int
    """Offset of its first byte, above 0."""
    what: str
    """Kind of file, with an article."""


def first_beginning(file: BinaryIO) -> Beginning | None:
    """Return the first beginning of a media file within `SEARCHED_BYTES`; None if there is none."""
    file.seek(0)
    data = file.read(SEARCHED_BYTES)
    found = [(match.start(), what) for pattern, what in _BEGINNINGS if (match := pattern.search(data, 1))]
    return Beginning(place=min(found)[0], what=min(found)[1]) if found else None
