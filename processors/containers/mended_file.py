"""A sound file as the libraries must be given it: without what stands before it, its chunks as the format wants them.

FFmpeg and libsndfile lose their way in files that our own walk reads: where padding is missing, where several chunks
hold sound, where junk stands before the first frame. They get the same bytes without what misleads them.
"""

from __future__ import annotations

import io
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO, cast

from processors.containers.chunks import SOUND, ChunkFile
from processors.containers.frame_sync import FRAMES, follow_one_another, mpeg_audio_start
from processors.containers.id3 import behind_id3
from processors.containers.ogg import Page, pages
from processors.formats import FORMATS
from processors.sources.source_file import SourceFile

HEAD_BYTES = 1 << 16
"""Junk is no longer than this."""
MIN_FRAMES_BEHIND_JUNK = 8
FOLLOWING_FILES = (b"RIFF", b"RF64", b"RIFX", b"FORM")
MAGICS = {
    "flac": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
    "ogg": re.compile(rb"OggS\x00[\x02\x06]"),
    "wav": re.compile(rb"(RIFF|RIFX|RF64|BW64)....WAVE(fmt |bext|JUNK|ds64|LIST)", re.S),
    "aiff": re.compile(rb"FORM....(AIFFCOMM|AIFCFVER|AIFCCOMM)", re.S),
    "wv": re.compile(rb"wvpk....[\x02-\x10]\x04", re.S),
}
"""How a file begins that has a mark of its own (RFC 9639, RFC 3533, RIFF, AIFF, WavPack), found behind junk."""

Piece = bytes | tuple[int, int]
"""Bytes of ours, or those of the file from a place to another."""


@dataclass(frozen=True, kw_only=True)
class Mending:
    """What the libraries get of a file."""

    pieces: tuple[Piece, ...]
    junk: tuple[int, int] | None = None
    """Where bytes stand that are none of its format, half open, before the first that are."""
    is_junk_empty: bool = False
    """Nothing but zeros: nothing was lost there."""
    format: str | None = None
    """Of what follows the junk."""

    @property
    def junk_words(self) -> str | None:
        """What is left out at the start, in words."""
        if self.junk is None:
            return None
        first, end = self.junk
        where = "before the sound" if not first else f"at byte {first}, before the sound,"
        return f"{end - first} bytes {where} do not belong to it"


class MendedBytes(io.RawIOBase):
    """An open file, in pieces put together anew."""

    def __init__(self, opened: BinaryIO, mending: Mending, *, closes: bool = False) -> None:
        self._opened, self._pieces, self._place, self._closes = opened, mending.pieces, 0, closes
        sizes = [len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in self._pieces]
        self._starts = [0, *accumulate(sizes)]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = offset + (0, self._place, self._starts[-1])[whence]
        if self._place < 0:
            self._place = 0
            raise OSError(22, "Invalid argument")
        return self._place

    def readinto(self, buffer: object) -> int:
        room = memoryview(cast(bytearray, buffer)).cast("B")
        number = bisect_right(self._starts, self._place) - 1
        if number >= len(self._pieces):
            return 0
        piece, into = self._pieces[number], self._place - self._starts[number]
        count = min(len(room), self._starts[number + 1] - self._place)
        if isinstance(piece, bytes):
            data = piece[into : into + count]
        else:
            self._opened.seek(piece[0] + into)
            data = self._opened.read(count)
        room[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        if self._closes:
            self._opened.close()
        super().close()


@dataclass(frozen=True, kw_only=True)
class MendedFile(SourceFile):
    """A source file that opens mended."""

    mending: Mending

    def open(self) -> BinaryIO:
        """Open for reading; raises as `SourceFile.open`."""
        return as_mended(super().open(), self.mending, closes=True)


def as_mended(opened: BinaryIO, mending: Mending, *, closes: bool = False) -> BinaryIO:
    """Return the file as `mending` puts it together; does closing it close `opened`, too?"""
    return cast(BinaryIO, io.BufferedReader(MendedBytes(opened, mending, closes=closes), 1 << 18))


def is_mended(opened: BinaryIO) -> bool:
    """Is this open file put together anew, so that its descriptor shows other bytes?"""
    return isinstance(getattr(opened, "raw", None), MendedBytes)


def mending_of(opened: BinaryIO) -> Mending | None:
    """Say what the libraries must be given in place of this file; None where they read it as it is.

    Leaves the file at its start.
    """
    opened.seek(0)
    head = opened.read(HEAD_BYTES)
    found = _chunks_mended(opened) or _behind_junk(opened, head)
    opened.seek(0)
    return found


def mended(file: SourceFile) -> tuple[SourceFile, Mending | None]:
    """Return the file as the libraries must be given it, and what was done to it."""
    with file.open() as opened:
        mending = mending_of(opened)
    if mending is None:
        return file, None
    return MendedFile(path=file.path, size_bytes=file.size_bytes, mtime_ns=file.mtime_ns, mending=mending), mending


def _chunks_mended(opened: BinaryIO) -> Mending | None:
    """Of a file of chunks: all of them with their padding, up to the second that holds sound and without it."""
    walked = ChunkFile(opened)
    if walked.kind is None or walked.content == b"AVI ":
        return None
    pieces: list[Piece] = []
    place, sounds, is_wrong = None, 0, False
    align = {"wave64": 8, "caf": 1}.get(walked.kind, 2)
    for chunk in walked.chunks():
        if chunk.name in FOLLOWING_FILES and sounds:
            break
        is_wrong |= place is not None and chunk.place != place
        sounds += chunk.name in SOUND
        if place is None:
            pieces.append((0, chunk.place))
        if chunk.name in SOUND and sounds > 1:
            is_wrong = True
        else:
            pieces += [(chunk.place, chunk.start + chunk.held_bytes), bytes(-chunk.held_bytes % align)]
        place = chunk.start + chunk.held_bytes + -chunk.held_bytes % align
    if not is_wrong or not sounds:
        return None
    return Mending(pieces=tuple(_with_size(opened, walked, pieces)))


def _with_size(opened: BinaryIO, walked: ChunkFile, pieces: list[Piece]) -> Iterator[Piece]:
    """The pieces, with the size of the whole in the head where the format has one there."""
    first, *others = pieces
    assert not isinstance(first, bytes)
    size = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)
    opened.seek(0)
    head = opened.read(first[1])
    if walked.kind == "wave64":
        head = head[:16] + struct.pack("<Q", size) + head[24:]
    elif walked.kind in ("riff", "aiff") and head[:4] in (b"RIFF", b"RIFX", b"FORM"):
        head = head[:4] + struct.pack(walked.order + "I", min(size - 8, 0xFFFFFFFF)) + head[8:]
    yield head
    yield from others


def _behind_junk(opened: BinaryIO, head: bytes) -> Mending | None:
    """Of a file that begins with bytes of no known format: what stands behind them."""
    tags = behind_id3(opened)
    if tags:
        opened.seek(tags)
        head = opened.read(HEAD_BYTES)
    elif head.startswith(b"APETAGEX") or any(row.begins(head) for row in FORMATS):
        return None
    found = _first_of_a_format(opened, head, tags)
    if found is None or found[0] == 0:
        return None
    place, name = _before_its_tag(head, found[0]), found[1]
    opened.seek(0, 2)
    keeps_tags: tuple[Piece, ...] = ((0, tags),) if tags and name in FRAMES else ()
    pieces = (*keeps_tags, (tags + place, opened.tell()))
    is_empty = not head[:place].strip(b"\0")
    return Mending(pieces=pieces, junk=(tags, tags + place), is_junk_empty=is_empty, format=name)


def _first_of_a_format(opened: BinaryIO, head: bytes, base: int) -> tuple[int, str] | None:
    """Where in these bytes a file begins, and of which format; None where none does, or one does at their start."""
    for name, magic in MAGICS.items():
        for found in magic.finditer(head):
            if name != "ogg" or _is_ogg_page(opened, base + found.start()):
                return found.start(), name
    if any(follow_one_another(head, 0, frame_at, 2) for frame_at in FRAMES.values()):
        return None
    if (place := mpeg_audio_start(head)) is not None:
        return place, "mp3"
    for name, frame_at in FRAMES.items():
        sync = _SYNCS.get(name)
        for found in sync.finditer(head) if sync else ():
            if follow_one_another(head, found.start(), frame_at, MIN_FRAMES_BEHIND_JUNK):
                return found.start(), name
    return None


def _before_its_tag(head: bytes, place: int) -> int:
    """Where the ID3v2 tag begins that stands right before this place; the place itself where none does."""
    tag = head.rfind(b"ID3", 0, place)
    return tag if tag > 0 and tag + behind_id3(io.BytesIO(head[tag:])) == place else place


_SYNCS = {
    "aac": re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "loas": re.compile(rb"\x56[\xe0-\xff]"),
    "ac3": re.compile(rb"\x0bw"), "eac3": re.compile(rb"\x0bw"), "dts": re.compile(rb"\x7f\xfe\x80\x01"),
}  # fmt: skip


def _is_ogg_page(opened: BinaryIO, place: int) -> bool:
    """Does a page whose checksum is right begin there?"""
    opened.seek(0, 2)
    rest = as_mended(opened, Mending(pieces=((place, opened.tell()),)))
    first = next(pages(rest), None)
    return isinstance(first, Page) and first.is_whole
