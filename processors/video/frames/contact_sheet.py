"""Contact sheet: frames spread evenly over the clip, each with its presentation time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from processors.contract import Item, Need, Reads, require
from processors.errors import RefusedMedia
from processors.imaging.image_writer import encode
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

MARGIN_PX = 8
CAPTION_PX = 22
BACKGROUND = (18, 18, 20)
INK = (236, 232, 226)


@dataclass(frozen=True, kw_only=True)
class SheetFacts:
    """Contents of the sheet."""

    times_seconds: tuple[float, ...]
    """Presentation time of each picture, row by row."""
    columns: int
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class ContactSheet:
    """Up to `pictures` frames, each from the middle of an equal part of the clip, with its time below it."""

    name: ClassVar[str] = "video.contact_sheet"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "video"

    pictures: int = 20
    """Number of pictures, 1 to 400; a clip with fewer frames shows each of them once."""
    columns: int = 5
    picture_px: int = 320
    """Longer side of each picture; never enlarged."""

    def __post_init__(self) -> None:
        require(1 <= self.pictures <= 400, "pictures", self.pictures, "must be from 1 to 400")
        require(1 <= self.columns <= 40, "columns", self.columns, "must be from 1 to 40")
        require(16 <= self.picture_px <= 2048, "picture_px", self.picture_px, "must be from 16 to 2048")

    def needs(self, info: VideoInfo) -> Need:
        times = self.times(info)
        if times is None:
            return Need(longest_side_px=self.picture_px)
        return Need(
            shown=lambda start, end: any(start <= time < end for time in times), longest_side_px=self.picture_px
        )

    def times(self, info: VideoInfo) -> list[Fraction] | None:
        """Return the wanted presentation times in seconds; None if the clip's end is unknown before decoding."""
        if info.start is None or info.end is None:
            return None
        part = (info.end - info.start) / self.pictures
        return [info.start + part * k + part / 2 for k in range(self.pictures)]

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    """Session that keeps the wanted frames; if the end is unknown, every 2^n-th frame, with n growing as needed."""

    def __init__(self, processor: ContactSheet, info: VideoInfo) -> None:
        self._processor = processor
        self._times = processor.times(info)
        self._kept: list[tuple[Fraction, np.ndarray]] = []
        self._seen = 0
        self._stride = 1

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        if self._times is None:
            wanted = self._seen % self._stride == 0
            self._seen += 1
        else:
            wanted = any(frame.time <= time < frame.end for time in self._times)
        if wanted:
            self._kept.append((frame.time, frame.rgb(self._processor.picture_px)))
        if self._times is None and len(self._kept) > self._processor.pictures:
            self._kept = self._kept[::2]
            self._stride *= 2
        yield from ()

    def finish(self) -> Iterator[Item]:
        if not self._kept:
            raise RefusedMedia("no frame of it is shown for any time", "put it into a container with times")
        sheet = self._drawn()
        facts = SheetFacts(
            times_seconds=tuple(float(time) for time, _ in self._kept),
            columns=min(self._processor.columns, len(self._kept)),
            width_px=sheet.width,
            height_px=sheet.height,
        )
        yield Item(
            name="contact_sheet.jpg", media_type="image/jpeg", data=encode(sheet, "jpeg", quality=88), facts=facts
        )

    def _drawn(self) -> Image.Image:
        columns = min(self._processor.columns, len(self._kept))
        rows = ceil(len(self._kept) / columns)
        cell_width = max(picture.shape[1] for _, picture in self._kept) + MARGIN_PX
        cell_height = max(picture.shape[0] for _, picture in self._kept) + MARGIN_PX + CAPTION_PX
        size = cell_width * columns + MARGIN_PX, cell_height * rows + MARGIN_PX
        sheet = Image.new("RGB", size, BACKGROUND)
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(14)
        for position, (time, picture) in enumerate(self._kept):
            left = MARGIN_PX + position % columns * cell_width
            top = MARGIN_PX + position // columns * cell_height
            sheet.paste(Image.fromarray(picture), (left, top))
            draw.text((left + 2, top + picture.shape[0] + 3), clock(time), INK, font)
        return sheet


def clock(seconds: Fraction) -> str:
    """Return the presentation time as `h:mm:ss.mmm`, truncated (not rounded) to the millisecond; minus before zero."""
    milliseconds = int(abs(seconds) * 1000)
    whole, rest = divmod(milliseconds, 1000)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"
