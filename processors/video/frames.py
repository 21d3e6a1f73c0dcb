"""Frames at a steady interval of presentation time."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import ClassVar

from processors.contract import Item, Need, Reads, require
from processors.pictures import MEDIA_TYPES, SUFFIXES, PictureFormat, encode
from processors.video.frame import VideoFrame
from processors.video.info import VideoInfo


@dataclass(frozen=True, kw_only=True)
class FrameFacts:
    """What is known of one kept frame."""

    stream_index: int
    pts: int
    """Presentation time in ticks of the time base."""
    time_base: str
    """Seconds per tick, as a fraction: `1/90000`."""
    time_seconds: float
    end_seconds: float
    """Half open: the next frame is shown from here on."""
    is_keyframe: bool
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What the table of frames says in sum."""

    frame_count: int
    missing_times_seconds: tuple[float, ...]
    """Wanted times at which no frame could be decoded; nothing was put in their place."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """The frame that is shown at each multiple of `every_seconds` after the first frame's time.

    A frame shown over several wanted times is kept once. Items: one picture a frame, and `frames.csv`.
    """

    name: ClassVar[str] = "video.frames"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "video"

    every_seconds: float = 1.0
    """Presentation time between two kept frames; above 0."""
    picture_format: PictureFormat = "jpeg"
    quality: int = 90
    """JPEG quality, 1 to 95; PNG is lossless and ignores it."""

    def __post_init__(self) -> None:
        require(self.every_seconds > 0, "every_seconds", self.every_seconds, "must be above 0")
        require(self.picture_format in SUFFIXES, "picture_format", self.picture_format, "must be 'jpeg' or 'png'")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")

    def needs(self, info: VideoInfo) -> Need:
        origin = info.start
        if origin is None:
            return Need()
        return Need(shown=lambda start, end: self.multiples_in(start - origin, end - origin) > 0)

    def multiples_in(self, start: Fraction, end: Fraction) -> int:
        """How many wanted times, counted from the first frame, lie in the half-open span, in seconds."""
        every = Fraction(self.every_seconds)
        return max(0, ceil(end / every) - max(0, ceil(start / every)))

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Frames, info: VideoInfo) -> None:
        self._processor = processor
        self._info = info
        self._rows: list[dict[str, object]] = []
        self._wanted_until = 0
        self._missing: list[float] = []
        self._origin = info.start

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        if self._origin is None:
            self._origin = frame.time
        start, end = frame.time - self._origin, frame.end - self._origin
        if end <= start or not self._processor.multiples_in(start, end):
            return
        every = Fraction(self._processor.every_seconds)
        self._miss_until(ceil(start / every))
        self._wanted_until = ceil(end / every)
        picture = frame.rgb()
        facts = FrameFacts(
            stream_index=self._info.stream_index,
            pts=frame.pts,
            time_base=str(frame.time_base),
            time_seconds=float(frame.time),
            end_seconds=float(frame.end),
            is_keyframe=frame.is_keyframe,
            width_px=picture.shape[1],
            height_px=picture.shape[0],
        )
        form = self._processor.picture_format
        data = encode(picture, form, quality=self._processor.quality)
        name = f"frame_{len(self._rows):06d}{SUFFIXES[form]}"
        self._rows.append(
            {"file": name, **asdict(facts), "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        )
        yield Item(name=name, media_type=MEDIA_TYPES[form], data=data, facts=facts)

    def finish(self) -> Iterator[Item]:
        if self._info.start is not None and self._info.end is not None:
            self._miss_until(ceil((self._info.end - self._info.start) / Fraction(self._processor.every_seconds)))
        text = io.StringIO(newline="")
        columns = ["file", *FrameFacts.__dataclass_fields__, "size_bytes", "sha256"]
        table = csv.DictWriter(text, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(self._rows)
        facts = TableFacts(frame_count=len(self._rows), missing_times_seconds=tuple(self._missing))
        yield Item(name="frames.csv", media_type="text/csv", data=text.getvalue().encode(), facts=facts)

    def _miss_until(self, multiple: int) -> None:
        every, origin = Fraction(self._processor.every_seconds), self._origin or Fraction(0)
        told = range(self._wanted_until, min(multiple, self._wanted_until + MISSES_TOLD))
        self._missing += [float(origin + k * every) for k in told]
        self._wanted_until = max(self._wanted_until, multiple)


MISSES_TOLD = 1000
"""Missing times listed at one gap, at the most: a damaged file may claim to last for years."""
