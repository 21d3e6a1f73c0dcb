"""Contact sheet: frames spread evenly over the clip, each with its presentation time, number and shot."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Inputs, Item, Need, Processor, Reads, ReleaseContext, ReleaseWords, require
from processors.errors import RefusedMedia
from processors.imaging.image_writer import encode
from processors.imaging.picture_title import title_parts
from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.frames.frame_selection import has_one
from processors.video.frames.sheet_drawing import SheetPicture, draw_sheet
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo
from processors.video.shots.shots import Shot, Shots, read_shots


@dataclass(frozen=True, kw_only=True)
class SheetFacts:
    """Contents of the sheet; lists have an entry for each picture, row by row."""

    times_seconds: tuple[float, ...]
    """Presentation times."""
    frame_numbers: tuple[int, ...]
    """Numbers of the frames, counted in order of presentation from 0."""
    shots: tuple[int, ...] | None
    """Numbers of the shots, from 1; None if the sheet was made without shots."""
    columns: int
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class ContactSheet:
    """Sheet of frames, each from the middle of an equal part of the clip, below a header with its name.

    Each has its time and number below it and, with `shots`, its shot; a line marks where a new shot begins.
    """

    name: ClassVar[str] = "video.contact_sheet"
    version: ClassVar[int] = 9
    reads: ClassVar[Reads] = "video"
    inputs_at_finish: ClassVar[bool] = True

    pictures: int = 20
    """Number of pictures, 1 to 400; a clip with fewer frames shows each of them once."""
    columns: int = 5
    picture_px: int = 320
    """Longer side of each picture; never enlarged."""
    shots: Shots | None = None
    """Shots to mark. None marks none, and needs no measurement of the video."""
    words: ReleaseWords | None = None
    """Texts of the release for the header. None: those that the release states, if any."""
    file_name: str = ""
    """Name of the file, for the header. Empty: that of the file in raw."""

    def __post_init__(self) -> None:
        require(1 <= self.pictures <= 400, "pictures", self.pictures, "must be from 1 to 400")
        require(1 <= self.columns <= 40, "columns", self.columns, "must be from 1 to 40")
        require(16 <= self.picture_px <= 2048, "picture_px", self.picture_px, "must be from 16 to 2048")

    def for_release(self, context: ReleaseContext) -> ContactSheet:
        """Return this processor with the release's texts and the file's name for the header."""
        words = context.words if context.words != ReleaseWords() else None
        return replace(self, words=self.words or words, file_name=self.file_name or context.file_name)

    def inputs(self) -> tuple[Processor, ...]:
        shots = self.shots
        return (shots.integrity.measurements, shots.integrity, shots) if shots else ()

    def needs(self, info: VideoInfo) -> Need:
        times = self.times(info)
        if times is None:
            return Need(longest_side_px=self.picture_px)
        return Need(shown=lambda start, end: has_one(times, start, end), longest_side_px=self.picture_px)

    def times(self, info: VideoInfo) -> list[Fraction] | None:
        """Return the wanted presentation times in seconds; None if the clip's end is unknown before decoding."""
        if info.start is None or info.end is None:
            return None
        part = (info.end - info.start) / self.pictures
        return [info.start + part * k + part / 2 for k in range(self.pictures)]

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    pts: int
    time: Fraction
    number: int
    picture: np.ndarray


class _Session:
    """Session that keeps the wanted frames; if the end is unknown, every 2^n-th frame, with n growing as needed."""

    def __init__(self, processor: ContactSheet, info: VideoInfo) -> None:
        self._processor, self._info = processor, info
        self._times = processor.times(info)
        self._shots: tuple[Shot, ...] | None = None
        self._kept: list[_Kept] = []
        self._seen = 0
        self._stride = 1
        self._end = info.end

    def feed(self, frame: VideoFrame) -> None:
        if self._times is None:
            wanted = self._seen % self._stride == 0
            self._end = frame.end
        else:
            wanted = has_one(self._times, frame.time, frame.end)
        if wanted:
            known = self._info.frame_pts
            number = self._seen if known is None else bisect_left(known, frame.pts)
            picture = frame.rgb(self._processor.picture_px)
            self._kept.append(_Kept(pts=frame.pts, time=frame.time, number=number, picture=picture))
        self._seen += 1
        if self._times is None and len(self._kept) > self._processor.pictures:
            self._kept = self._kept[::2]
            self._stride *= 2

    def finish(self, inputs: Inputs[VideoInfo] | None = None) -> Iterator[Item]:
        if not self._kept:
            raise RefusedMedia("no frame of it is shown for any time", "put it into a container with times")
        if inputs:
            self._shots = read_shots(inputs).shots
            decoded = MeasuredFrames.of(inputs).pts.tolist()
            self._kept = [replace(one, number=bisect_left(decoded, one.pts)) for one in self._kept]
        shots = self._shots_of_pictures()
        name, details = self._header(shots)
        sheet = draw_sheet(name, details, self._captioned(shots), self._processor.columns)
        facts = SheetFacts(
            times_seconds=tuple(float(one.time) for one in self._kept),
            frame_numbers=tuple(one.number for one in self._kept),
            shots=shots,
            columns=min(self._processor.columns, len(self._kept)),
            width_px=sheet.width,
            height_px=sheet.height,
        )
        yield Item(
            name="contact_sheet.jpg", media_type="image/jpeg", data=encode(sheet, "jpeg", quality=88), facts=facts
        )

    def _shots_of_pictures(self) -> tuple[int, ...] | None:
        """Return the number of each picture's shot; shots together are the whole video."""
        if not self._shots:
            return None
        starts = [shot.start_pts for shot in self._shots]
        return tuple(self._shots[max(0, bisect_right(starts, one.pts) - 1)].number for one in self._kept)

    def _header(self, shots: tuple[int, ...] | None) -> tuple[str, list[str]]:
        """Return the file's name, then known facts of the video, then the release's texts."""
        info, words = self._info, self._processor.words or ReleaseWords()
        name, *said = title_parts(self._processor.file_name, words, None, "video")
        start = self._kept[0].time if info.start is None else info.start
        facts = [format_presentation_time(self._end - start)] if self._end is not None else []
        facts.append(f"{info.width_px} × {info.height_px} px")
        if info.average_rate_hz:
            facts.append(f"{float(info.average_rate_hz):.5g} fps")
        facts.append(info.codec)
        if self._shots and shots:
            unshown = len(self._shots) - len(set(shots))
            more = f", {unshown} of them without a picture" if unshown else ""
            facts.append(f"{len(self._shots)} shot{'s' if len(self._shots) > 1 else ''}{more}")
        return name, [" · ".join(line) for line in (facts, said) if line]

    def _captioned(self, shots: tuple[int, ...] | None) -> list[SheetPicture]:
        return [
            SheetPicture(
                picture=one.picture,
                time=format_presentation_time(one.time),
                frame=f"frame {one.number}",
                shot=f"shot {shots[place]}" if shots else None,
                is_new_shot=shots is not None and (place == 0 or shots[place] != shots[place - 1]),
            )
            for place, one in enumerate(self._kept)
        ]


def format_presentation_time(seconds: Fraction) -> str:
    """Return the presentation time as `h:mm:ss.mmm`, truncated (not rounded) to the millisecond; minus before zero."""
    milliseconds = int(abs(seconds) * 1000)
    whole, rest = divmod(milliseconds, 1000)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:03d}"
