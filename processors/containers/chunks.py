"""Chunks of RIFF, RIFX, RF64, BW64, Wave64, AIFF and CAF files; sizes are never trusted beyond the end of the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from processors.sources.read_at import read_at

MAX_CHUNKS = 10_000
MAX_CHUNK_BYTES = 4 << 20
"""Size limit of a chunk that is read whole; the audio data are skipped, whatever their size."""
UNKNOWN_SIZE = 0xFFFFFFFF
"""RIFF size left by a writer that cannot seek back; in RF64 and BW64 it refers to `ds64` (EBU Tech 3306, ITU-R
BS.2088)."""
PLACEHOLDERS = ((0x7FFFE000, 0x7FFFFF00), (0x7F000000, 0x7F000100), (0xFFFFF000, UNKNOWN_SIZE))
"""Ranges (first, last) of audio sizes that FFmpeg, SoX and arecord write to a pipe before the real size is known, some
rounded to whole samples. They are trusted if the file holds that many bytes."""
SOUND = (b"data", b"SSND")
MAX_WAVE64_BYTES = 1 << 48
MAX_LONG_SIZES = 1000
READ_BYTES = 1 << 20

ContainerKind = Literal["riff", "wave64", "aiff", "caf"]

WAVE64_START = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
WAVE64_IDS = (b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a", b"\x2f\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00")
"""Last 12 bytes of an ID that represents a RIFF chunk, and of a list's ID (Sony Wave64, 2)."""

KNOWN_NAMES = frozenset(
    b"fmt |fact|data|LIST|list|cue |plst|smpl|inst|bext|iXML|axml|chna|cart|guan|wamd|_PMX|id3 |ID3 |JUNK|junk|PAD "
    b"|FLLR|PEAK|levl|umid|ds64|slnt|wavl|disp|DISP|acid|strc|AFAn|minf|elm1|regn|COMM|SSND|MARK|INST|MIDI|AESD|APPL|COMT"
    b"|NAME|AUTH|(c) |ANNO|FVER|CHAN|desc|pakt|chan|kuki|info|free|uuid|edct|mark|umid|ovvw|peak|idx1|hdrl|movi".split(
        b"|"
    )
)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Location and size of one chunk."""

    name: bytes
    """Four letters; in Wave64, the full 16-byte ID if it represents no RIFF chunk."""
    place: int
    """File offset of the header, bytes."""
    start: int
    """File offset of the content, bytes."""
    declared_bytes: int | None
    """Declared content size; None if the writer did not know it and the chunk extends to the end of the file."""
    held_bytes: int
    """Content bytes that the file holds."""

    @property
    def is_cut(self) -> bool:
        return self.declared_bytes is not None and self.held_bytes < self.declared_bytes

    def read(self, opened: BinaryIO, max_bytes: int = MAX_CHUNK_BYTES) -> bytes:
        return read_at(opened, self.start, min(self.held_bytes, max_bytes))

    @property
    def title(self) -> str:
        """Return the name as readable text."""
        printable = all(0x20 <= letter < 0x7F for letter in self.name)
        return self.name.decode("ascii").strip() if printable else self.name.hex()


class ChunkFile:
    """Open file of chunks; `kind` is None if the file does not consist of chunks.

    Parameters
    ----------
    opened : seekable; read from its start.
    problems : list to which violations of the format are appended; None discards them.
    """

    def __init__(self, opened: BinaryIO, problems: list[str] | None = None) -> None:
        self._opened = opened
        self._problems = [] if problems is None else problems
        self._size_bytes = opened.seek(0, 2)
        head = read_at(opened, 0, 40)
        form = head[:4]
        self.kind: ContainerKind | None = None
        self.order: Literal["<", ">"] = "<"
        """Byte order, as a `struct` prefix."""
        self.content = head[8:12]
        """Form type of a RIFF or AIFF file: `WAVE`, `AVI `, `AIFF`, `AIFC`; `WAVE` for all other kinds."""
        self.unread_from: int | None = None
        """After the walk: offset of the first byte that belongs to no chunk; None if there is none."""
        self._first, self._long_sizes = 12, dict[bytes, list[int]]()
        if form in (b"RIFF", b"RIFX", b"RF64", b"BW64") and len(head) >= 12:
            self.kind, self.order = "riff", ">" if form == b"RIFX" else "<"
        elif form == b"FORM" and self.content in (b"AIFF", b"AIFC", b"8SVX"):
            self.kind, self.order = "aiff", ">"
        elif form == b"caff":
            self.kind, self.order, self.content, self._first = "caf", ">", b"WAVE", 8
        elif head[:16] == WAVE64_START:
            self.kind, self.content, self._first = "wave64", b"WAVE", 40
        self._is_long = form in (b"RF64", b"BW64")

    def number(self, code: str, data: bytes, place: int = 0) -> int:
        """Unpack one number in the file's byte order; `code` is a `struct` format character."""
        (value,) = struct.unpack_from(self.order + code, data, place)
        return int(value)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all chunks in file order; stop where no further chunk is possible."""
        place, self.unread_from = self._first, None
        if self.kind is None:
            return
        for _ in range(MAX_CHUNKS):
            chunk = self._at(place)
            if chunk is None:
                self.unread_from = place if place < self._size_bytes else None
                return
            if chunk.name == b"ds64":
                self._read_long_sizes(chunk.read(self._opened, 28 + 12 * MAX_LONG_SIZES))
            yield chunk
            if chunk.declared_bytes is None:
                return
            place = self._following(chunk)
        self._problems.append(f"more than {MAX_CHUNKS} chunks: the rest is not read")

    def trailing_bytes(self) -> int:
        """Return, after the walk, how many bytes belong to no chunk; 0 if all are zeros, as padding is."""
        left = self._size_bytes - self.unread_from if self.unread_from is not None else 0
        self._opened.seek(self._size_bytes - left)
        while data := self._opened.read(READ_BYTES):
            if data.strip(b"\0"):
                return left
        return 0

    def _at(self, place: int) -> Chunk | None:
        """Return the chunk whose header is at this offset, or None if no chunk is possible there."""
        head_bytes = {"wave64": 24, "caf": 12}.get(str(self.kind), 8)
        if place + head_bytes > self._size_bytes:  # 64-bit sizes can exceed the largest seekable offset
            return None
        head = read_at(self._opened, place, head_bytes)
        start, size = place + head_bytes, 0
        if self.kind == "wave64":
            known = head[4:16] in WAVE64_IDS
            name, (size,) = head[:4] if known else head[:16], struct.unpack_from("<Q", head, 16)
            size -= head_bytes
            if size < 0 and name != b"data":
                return None
        else:
            name, size = head[:4], self.number("q" if self.kind == "caf" else "I", head, 4)
            if not _is_name(name) and not self._leads_on(start, size):
                return None
        left = self._size_bytes - start
        declared = self._declared(name, size, start)
        if self.kind == "caf" and size < 0 and declared is not None:
            return None
        held = left if declared is None else min(declared, left)
        return Chunk(name=name, place=place, start=start, declared_bytes=declared, held_bytes=held)

    def _declared(self, name: bytes, size: int, start: int) -> int | None:
        """Interpret a header's size; None if its writer did not know it."""
        if self.kind == "caf":
            return None if name == b"data" and size == -1 else size
        if self.kind == "wave64":
            return None if name == b"data" and not 0 < size <= MAX_WAVE64_BYTES else size
        if size == UNKNOWN_SIZE and (sizes := self._long_sizes.get(name)):
            size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        if name not in SOUND:
            return size
        if size > self._size_bytes - start and any(first <= size <= last for first, last in PLACEHOLDERS):
            return None
        if size == 0:  # empty, or the recorder stopped before writing the size
            return 0 if start >= self._size_bytes or self._plausible(start) else None
        return size

    def _read_long_sizes(self, data: bytes) -> None:
        """Read the 64-bit sizes of `data` and of the chunks listed in the table."""
        if not self._is_long or len(data) < 16:
            return
        self._long_sizes[b"data"] = [struct.unpack_from("<Q", data, 8)[0]]
        count = struct.unpack_from("<I", data, 24)[0] if len(data) >= 28 else 0
        for place in range(28, min(28 + 12 * count, len(data) - 11), 12):
            name, size = struct.unpack_from("<4sQ", data, place)
            if name != b"data":
                self._long_sizes.setdefault(name, []).append(size)

    def _following(self, chunk: Chunk) -> int:
        """Return the offset of the next header: after the padding byte, or without it if the writer omitted it."""
        assert chunk.declared_bytes is not None
        end = chunk.start + chunk.declared_bytes
        if self.kind == "caf":
            return end
        if self.kind == "wave64":
            return end + -end % 8
        padded = end + chunk.declared_bytes % 2
        if padded != end and self._plausible(end) > self._plausible(padded):
            self._problems.append(
                f"chunk {chunk.title} of {chunk.declared_bytes} bytes at byte {chunk.place} is followed by no padding"
            )
            return end
        return padded

    def _leads_on(self, start: int, size: int) -> bool:
        """Return whether content of this size ends where a chunk with a known name begins, or with the file.

        This recognises chunks whose names are not letters.
        """
        end = start + size
        if size <= 0 or end > self._size_bytes:
            return False
        if self.kind == "caf":
            return end == self._size_bytes or read_at(self._opened, end, 4) in KNOWN_NAMES
        return end + size % 2 >= self._size_bytes or 2 in (self._plausible(end), self._plausible(end + size % 2))

    def _plausible(self, place: int) -> int:
        """Rate an offset: 0, no chunk can begin there; 1, one can; 2, one with a known name and a size that fits."""
        if place + 8 > self._size_bytes:
            return 0
        head = read_at(self._opened, place, 8)
        if not _is_name(head[:4]):
            return 0
        size = self.number("I", head, 4)
        fits = place + 8 + size <= self._size_bytes or size == UNKNOWN_SIZE
        return 2 if head[:4] in KNOWN_NAMES and (fits or head[:4] in SOUND) else int(fits)


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= letter < 0x7F for letter in name) and name != b"    "
