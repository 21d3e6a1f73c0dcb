"""Edit lists of MP4 and QuickTime files, and their unsupported edits (ISO/IEC 14496-12, 8.6.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from processors.containers.video.mp4_boxes import boxes

MAX_EDITS = 10_000
INSIDE = {b"moov", b"trak", b"edts", b"mdia"}
EMPTY = -1
"""Media time of an empty edit: a gap, or the delay before the first picture."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One entry of an edit list."""

    duration: int
    """Duration in the movie's time scale."""
    media_time: int
    """Media time in the track's time scale; -1 for an empty edit."""
    rate: float
    """Playback rate: 1 is normal, 0 holds the picture, 0.5 is half speed."""


@dataclass(frozen=True, kw_only=True)
class EditList:
    """Summary of the edit lists of a file's video tracks."""

    not_followed: str | None = None
    """Description of unsupported edits."""
    count: int = 0
    """Non-empty edits of the only video track; 0 if there are several tracks or none has a list."""
    seconds: Fraction | None = None
    """Total duration of these and the empty edits; None if `count` is 0."""


def read_edit_list(opened: BinaryIO, size: int) -> EditList:
    """Read the edit lists of an MP4 or QuickTime file."""
    told, tracks = list[str](), list(_video_edits(opened, size))
    for _, edits in tracks:
        rates = sorted({edit.rate for edit in edits if edit.media_time != EMPTY and edit.rate != 1})
        if rates:
            told.append(f"an edit plays the media at {' and '.join(f'{rate:g}' for rate in rates)} of their rate")
        pictured = [number for number, edit in enumerate(edits) if edit.media_time != EMPTY]
        if any(edit.media_time == EMPTY for edit in edits[min(pictured, default=0) : max(pictured, default=0)]):
            told.append("an edit in the middle shows nothing")
    not_followed = "; ".join(dict.fromkeys(told)) or None
    if len(tracks) != 1 or not tracks[0][0]:
        return EditList(not_followed=not_followed)
    (scale, edits), *_ = tracks
    return EditList(
        not_followed=not_followed,
        count=sum(edit.media_time != EMPTY for edit in edits),
        seconds=Fraction(sum(edit.duration for edit in edits), scale),
    )


def _video_edits(opened: BinaryIO, size: int) -> Iterator[tuple[int, list[Edit]]]:
    """Yield the movie's time scale and the edit list of each video track that has one."""
    edits: list[Edit] = []
    scale = 0
    for name, start, end in boxes(opened, size, INSIDE):
        opened.seek(start)
        if name == b"trak":
            edits = []
        elif name == b"mvhd":
            head = opened.read(24)
            if len(head) == 24:
                (scale,) = struct.unpack_from(">I", head, 20 if head[0] == 1 else 12)
        elif name == b"elst":
            edits = _edits(opened.read(min(end - start, 8 + 20 * MAX_EDITS)))
        elif name == b"hdlr" and opened.read(12)[8:] == b"vide" and edits:
            yield scale, edits


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
