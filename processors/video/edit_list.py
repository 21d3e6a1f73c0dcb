"""What an MP4 or QuickTime file's edit list asks for that FFmpeg does not follow (ISO/IEC 14496-12, 8.6.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from processors.source_file import SourceFile

MAX_BOXES = 20_000
MAX_EDITS = 10_000
INSIDE = {b"moov", b"trak", b"edts", b"mdia"}
EMPTY = -1
"""Media time of an edit that shows nothing: a dwell, or the delay before the first picture."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One entry of an edit list."""

    duration: int
    """In the movie's time scale."""
    media_time: int
    """In the track's; -1 for an edit that shows nothing."""
    rate: float
    """1 plays the media as they are, 0 holds the picture, 0.5 is half as fast."""


def edits_not_followed(file: SourceFile, file_format: str) -> str | None:
    """What of a video track's edits is not followed; None where all are, and for other formats."""
    if "mp4" not in file_format.split(","):
        return None
    told: list[str] = []
    with file.open() as opened:
        for edits in _video_edits(opened, file.size_bytes):
            rates = sorted({edit.rate for edit in edits if edit.media_time != EMPTY and edit.rate != 1})
            if rates:
                told.append(f"an edit plays the media at {' and '.join(f'{rate:g}' for rate in rates)} of their rate")
            pictured = [number for number, edit in enumerate(edits) if edit.media_time != EMPTY]
            if any(edit.media_time == EMPTY for edit in edits[min(pictured, default=0) : max(pictured, default=0)]):
                told.append("an edit in the middle shows nothing")
    return "; ".join(dict.fromkeys(told)) or None


def _video_edits(opened: BinaryIO, size: int) -> Iterator[list[Edit]]:
    """The edit list of each video track."""
    edits: list[Edit] = []
    for name, start, end in _boxes(opened, size):
        opened.seek(start)
        if name == b"trak":
            edits = []
        elif name == b"elst":
            edits = _edits(opened.read(min(end - start, 8 + 20 * MAX_EDITS)))
        elif name == b"hdlr" and opened.read(12)[8:] == b"vide" and edits:
            yield edits


def _edits(data: bytes) -> list[Edit]:
    if len(data) < 8:
        return []
    entry = struct.Struct(">QqhH") if data[0] == 1 else struct.Struct(">IihH")
    count = min(struct.unpack_from(">I", data, 4)[0], (len(data) - 8) // entry.size)
    rows = (entry.unpack_from(data, 8 + number * entry.size) for number in range(count))
    return [
        Edit(duration=duration, media_time=media_time, rate=whole + part / 65536)
        for duration, media_time, whole, part in rows
    ]


def _boxes(opened: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and where the content lies, of the boxes down to edit lists and handlers, in the order of the file."""
    waiting = [(0, size)]
    for _ in range(MAX_BOXES):
        while waiting and waiting[-1][1] - waiting[-1][0] < 8:
            waiting.pop()
        if not waiting:
            return
        place, last = waiting.pop()
        opened.seek(place)
        header = opened.read(16)
        if len(header) < 8:
            continue
        length, name, content = struct.unpack(">I", header[:4])[0], header[4:8], place + 8
        if length == 1 and len(header) == 16:
            length, content = struct.unpack(">Q", header[8:16])[0], place + 16
        length = length or last - place
        if length < content - place or place + length > last:
            continue  # a length that cannot be: nothing behind it can be found
        waiting.append((place + length, last))
        if name in INSIDE:
            waiting.append((content, place + length))
        yield name, content, place + length
