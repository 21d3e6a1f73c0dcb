"""Repaired view of an audio file for the libraries: without leading junk, and with chunks as the format requires.

FFmpeg and libsndfile misread files that our own walk reads: with padding missing, with several audio chunks, or with
junk before the first frame. They get the same bytes without the misleading parts.
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

from processors.containers.audio.id3 import behind_id3
from processors.containers.audio.ogg import Page, pages
from processors.containers.audio.tags_behind import ape_before
from processors.containers.chunks import SOUND, Chunk, ChunkFile
from processors.containers.frame_sync import FRAMES, follow_one_another, mpeg_audio_start
from processors.formats import FORMATS
from processors.sources.read_at import read_at
from processors.sources.source_file import SourceFile

HEAD_BYTES = 1 << 16
"""Maximum length of junk."""
MIN_FRAMES_BEHIND_JUNK = 8
FOLLOWING_FILES = (b"RIFF", b"RF64", b"RIFX", b"FORM")
MAGICS = {
    "flac": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
    "ogg": re.compile(rb"OggS\x00[\x02\x06]"),
    "wav": re.compile(rb"(RIFF|RIFX|RF64|BW64)....WAVE(fmt |bext|JUNK|ds64|LIST)", re.S),
    "aiff": re.compile(rb"FORM....(AIFFCOMM|AIFCFVER|AIFCCOMM)", re.S),
    "wv": re.compile(rb"wvpk....[\x02-\x10]\x04", re.S),
}
"""Beginnings of formats that have a signature (RFC 9639, RFC 3533, RIFF, AIFF, WavPack), searched for after junk."""

READ_BEHIND_TAGS = frozenset({"flac", *FRAMES})
"""Formats that the libraries read behind an ID3v2 tag."""

Piece = bytes | tuple[int, int]
"""New bytes, or a half-open range of offsets in the file."""


@dataclass(frozen=True, kw_only=True)
class Mending:
    """Repair of a file: the pieces that the libraries read."""

    pieces: tuple[Piece, ...]
    junk: tuple[int, int] | None = None
    """Half-open range of bytes before the beginning of the format."""
    is_junk_empty: bool = False
    """True if the junk is all zeros: nothing was lost."""
    is_junk_tag: bool = False
    """True if the junk is an ID3v2 tag, which is not read."""
    format: str | None = None
    """Format of the data after the junk."""

    @property
    def junk_words(self) -> str | None:
        """Return a sentence on the junk; None without any."""
        if self.junk is None:
            return None
        first, end = self.junk
        if self.is_junk_tag:
            return f"an ID3 tag of {end} bytes before the sound is not read: the format has tags of its own"
        where = "before the sound" if not first else f"at byte {first}, before the sound,"
        return f"{end - first} bytes {where} do not belong to it"


class MendedBytes(io.RawIOBase):
    """Open file whose pieces read as one."""

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
        data = piece[into : into + count] if isinstance(piece, bytes) else read_at(self._opened, piece[0] + into, count)
        room[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        if self._closes:
            self._opened.close()
        super().close()


@dataclass(frozen=True, kw_only=True)
class MendedFile(SourceFile):
    """Source file that opens repaired."""

    mending: Mending

    def open(self) -> BinaryIO:
        """Open for reading; raises as `SourceFile.open`."""
        return as_mended(super().open(), self.mending, closes=True)


def as_mended(opened: BinaryIO, mending: Mending, *, closes: bool = False) -> BinaryIO:
    """Return the repaired file; `closes`: closing it closes `opened` too."""
    return cast(BinaryIO, io.BufferedReader(MendedBytes(opened, mending, closes=closes), 1 << 18))


def is_mended(opened: BinaryIO) -> bool:
    """Return True for a repaired file, whose descriptor would read other bytes."""
    return isinstance(getattr(opened, "raw", None), MendedBytes)


def mending_of(opened: BinaryIO) -> Mending | None:
    """Return the repair that the libraries need for this file; None if they read it as it is.

    Leaves the file at its start.
    """
    head = read_at(opened, 0, HEAD_BYTES)
    found = _chunks_mended(opened) or _without_ape_tag(opened) or _behind_junk(opened, head)
    opened.seek(0)
    return found


def mended(file: SourceFile) -> tuple[SourceFile, Mending | None]:
    """Return the file, repaired if the libraries need it, and the repair."""
    with file.open() as opened:
        mending = mending_of(opened)
    if mending is None:
        return file, None
    return MendedFile(path=file.path, size_bytes=file.size_bytes, mtime_ns=file.mtime_ns, mending=mending), mending


def _chunks_mended(opened: BinaryIO) -> Mending | None:
    """Return the repair of a file of chunks: padding and sizes added, with one chunk of audio data.

    That is the first with sound. An empty one comes last, because FFmpeg would read any following bytes as its sound.
    """
    walked = ChunkFile(opened)
    if walked.kind is None or walked.content == b"AVI ":
        return None
    chunks = list(_of_one_file(walked))
    sounds = [one for one in chunks if one.name in SOUND]
    if not sounds:
        return None
    sound = next((one for one in sounds if one.declared_bytes != 0), sounds[0])
    kept = [one for one in chunks if one.name not in SOUND or (one is sound and sound.declared_bytes != 0)]
    if sound.declared_bytes == 0:
        kept.append(sound)
    align = {"wave64": 8, "caf": 1}.get(walked.kind, 2)
    ends = [one.start + one.held_bytes + -one.held_bytes % align for one in kept]
    written = _sizes_written(opened, walked, kept, sound)
    if kept == chunks and not written and ends[:-1] == [one.place for one in kept[1:]]:
        return None
    pieces: list[Piece] = [(0, chunks[0].place)]
    for one in kept:
        pieces += written.get(one.place, [(one.place, one.start + one.held_bytes)])
        pieces.append(bytes(-one.held_bytes % align))
    return Mending(pieces=tuple(_with_size(opened, walked, pieces)))


def _of_one_file(walked: ChunkFile) -> Iterator[Chunk]:
    """Yield the chunks up to another file that is joined to the first."""
    has_sound = False
    for chunk in walked.chunks():
        if chunk.name in FOLLOWING_FILES and has_sound:
            return
        has_sound |= chunk.name in SOUND
        yield chunk


def _sizes_written(opened: BinaryIO, walked: ChunkFile, kept: list[Chunk], sound: Chunk) -> dict[int, list[Piece]]:
    """Return the pieces of the chunks, by place, that must state a size of the sound which its writer did not know."""
    if sound.declared_bytes is not None:
        return {}
    content = sound.start, sound.start + sound.held_bytes
    name = read_at(opened, sound.place, 16)
    if walked.kind == "wave64":
        return {sound.place: [name + struct.pack("<Q", sound.start - sound.place + sound.held_bytes), content]}
    if walked.kind == "aiff":
        counts = {one.place: _without_count(one) for one in kept if one.name == b"COMM" and one.held_bytes >= 6}
        return {sound.place: [name[:4] + struct.pack(">I", min(sound.held_bytes, 0xFFFFFFFF)), content], **counts}
    size = opened.seek(0, 2) - 8
    long_sizes = struct.pack("<4sIQQQI", b"ds64", 28, size, sound.held_bytes, 0, 0)  # EBU Tech 3306
    return {one.place: [long_sizes] for one in kept if one.name == b"ds64"}


def _without_count(common: Chunk) -> list[Piece]:
    """Return an AIFF's common chunk with a count of 0 frames, which says that it is not known (after 2 bytes)."""
    return [(common.place, common.start + 2), bytes(4), (common.start + 6, common.start + common.held_bytes)]


def _with_size(opened: BinaryIO, walked: ChunkFile, pieces: list[Piece]) -> Iterator[Piece]:
    """Return the pieces with the total size in the header, if the format states it there."""
    first, *others = pieces
    assert not isinstance(first, bytes)
    size = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)
    head = read_at(opened, 0, first[1])
    if walked.kind == "wave64":
        head = head[:16] + struct.pack("<Q", size) + head[24:]
    elif walked.kind in ("riff", "aiff") and head[:4] in (b"RIFF", b"RIFX", b"FORM"):
        head = head[:4] + struct.pack(walked.order + "I", min(size - 8, 0xFFFFFFFF)) + head[8:]
    yield head
    yield from others


def _without_ape_tag(opened: BinaryIO) -> Mending | None:
    """Return the repair of MPEG audio with an APE tag before its frames, behind which FFmpeg sees no info frame."""
    begin = behind_id3(opened)
    length, _ = ape_before(opened, begin)
    if not length:
        return None
    rest = (begin + length, opened.seek(0, 2))
    again = behind_id3(io.BytesIO(read_at(opened, rest[0], HEAD_BYTES)))
    is_sound = mpeg_audio_start(read_at(opened, rest[0] + again, HEAD_BYTES)) is not None
    return Mending(pieces=((0, begin), rest)) if is_sound else None


def _behind_junk(opened: BinaryIO, head: bytes) -> Mending | None:
    """Return the repair of a file that begins with bytes of no known format, or a tag of another: without them."""
    tags = behind_id3(opened)
    if tags:
        head = read_at(opened, tags, HEAD_BYTES)
    elif head.startswith(b"APETAGEX") or any(row.begins(head) for row in FORMATS):
        return None
    found = _first_of_a_format(opened, head, tags)
    opened.seek(0, 2)
    if found is None or found[0] == 0:
        if found is None or not tags or found[1] in READ_BEHIND_TAGS:
            return None
        return Mending(pieces=((tags, opened.tell()),), junk=(0, tags), is_junk_tag=True, format=found[1])
    place, name = _before_its_tag(head, found[0]), found[1]
    keeps_tags: tuple[Piece, ...] = ((0, tags),) if tags and name in FRAMES else ()
    pieces = (*keeps_tags, (tags + place, opened.tell()))
    is_empty = not head[:place].strip(b"\0")
    return Mending(pieces=pieces, junk=(tags, tags + place), is_junk_empty=is_empty, format=name)


def _first_of_a_format(opened: BinaryIO, head: bytes, base: int) -> tuple[int, str] | None:
    """Return offset and format of the first file in these bytes; None without one, or if it is at their start."""
    signed = [(found.start(), name) for name, magic in MAGICS.items() for found in magic.finditer(head)]
    for place, name in sorted(signed):
        if name != "ogg" or _is_ogg_page(opened, base + place):
            return place, name
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
    """Return the offset of the ID3v2 tag that ends at this place; the place itself without one."""
    tag = head.rfind(b"ID3", 0, place)
    return tag if tag > 0 and tag + behind_id3(io.BytesIO(head[tag:])) == place else place


_SYNCS = {
    "aac": re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"),
    "loas": re.compile(rb"\x56[\xe0-\xff]"),
    "ac3": re.compile(rb"\x0bw"),
    "eac3": re.compile(rb"\x0bw"),
    "dts": re.compile(rb"\x7f\xfe\x80\x01"),
}


def _is_ogg_page(opened: BinaryIO, place: int) -> bool:
    """Return True if a page with a correct checksum begins there."""
    opened.seek(0, 2)
    rest = as_mended(opened, Mending(pieces=((place, opened.tell()),)))
    first = next(pages(rest), None)
    return isinstance(first, Page) and first.is_whole
