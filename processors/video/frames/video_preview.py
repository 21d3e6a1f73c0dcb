"""Short clip for the web, H.264 and AAC in MP4 and an animated WebP, of the video's exact frames and its audio."""

from __future__ import annotations

import functools
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
from processors.imaging.clip_writer import WebClip, aac_rate_hz, move_with_sound
from processors.video.frames.animation import Animation
from processors.video.frames.contact_sheet import format_presentation_time
from processors.video.frames.frame_selection import exact_seconds
from processors.video.frames.sound_of_copy import WrittenSound, write_sound
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

WEBP_HZ = 8
"""Maximum frame rate of the animated WebP."""

WEBP_SIDE_PX = 320

MIN_SIDE_PX = 16
"""Minimum side: smaller pictures are less than one block of H.264."""

QUALITY_CRF = 23
"""Quality of the MP4, a constant rate factor of x264."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    start_seconds: float
    """Presentation time in the source of the clip's first picture."""
    end_seconds: float
    frame_rate_hz: float
    frame_count: int
    """Number of frames in the written file; a held picture is one frame of the WebP."""
    width_px: int
    height_px: int
    time_is_burnt_in: bool
    sound_rate_hz: int | None
    """Sampling rate; None: no audio in the file."""
    sound_channels: int | None
    are_loudspeakers_assumed: bool | None
    """True if the source does not state the loudspeakers of its sound; None: no audio in the file."""
    sound_missing_seconds: float | None
    """Duration of silence in the span because the source has no audio there, or it does not decode."""


@dataclass(frozen=True, kw_only=True)
class VideoPreview:
    """First seconds of the video, upright, at a constant rate: at each moment the frame that the video shows then.

    Items: `preview.mp4`, `preview.webp`. Refused if no frame falls into the span.
    """

    name: ClassVar[str] = "video.preview"
    version: ClassVar[int] = 9
    reads: ClassVar[Reads] = "video"

    from_seconds: float = 0.0
    """Start of the clip after the first frame."""
    length_seconds: float = 10.0
    """Maximum length; above 0, up to 120."""
    frame_rate_hz: int = 25
    """Frame rate of the MP4; 1 to 60."""
    longest_side_px: int = 640
    """Longer side, 64 to 1920; never enlarged."""
    burn_in_time: bool = False
    """True to draw the presentation time in the lower left corner."""
    with_sound: bool = True
    """True to put the source's audio, if any, into the MP4; each sample at its presentation time."""

    def __post_init__(self) -> None:
        require(self.from_seconds >= 0, "from_seconds", self.from_seconds, "must be 0 or more")
        require(0 < self.length_seconds <= 120, "length_seconds", self.length_seconds, "must be above 0, up to 120")
        require(1 <= self.frame_rate_hz <= 60, "frame_rate_hz", self.frame_rate_hz, "must be from 1 to 60")
        require(64 <= self.longest_side_px <= 1920, "longest_side_px", self.longest_side_px, "must be 64 to 1920")

    def needs(self, info: VideoInfo) -> Need:
        if info.start is None:
            return Need(longest_side_px=self.longest_side_px)
        first = info.start + exact_seconds(self.from_seconds)
        last = first + exact_seconds(self.length_seconds)
        return Need(shown=lambda start, end: end > first and start < last, longest_side_px=self.longest_side_px)

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Shown:
    """A frame of the span and its picture, which is made only if one of the clip's moments falls to it."""

    def __init__(self, frame: VideoFrame, start: Fraction, processor: VideoPreview) -> None:
        """`start`: its presentation time, or the start of the span if that is later."""
        self.frame = frame
        self.start = start
        self._processor = processor

    @functools.cached_property
    def coded(self) -> np.ndarray | None:
        """Return the picture as planes for the clip's encoder; None if they must be made from `picture`."""
        return None if self._processor.burn_in_time else self.frame.coded(self._processor.longest_side_px)

    @functools.cached_property
    def picture(self) -> np.ndarray:
        """Return the picture in RGB, with its time if requested."""
        picture = self.frame.rgb(self._processor.longest_side_px)
        return _with_time(picture, self.start) if self._processor.burn_in_time else picture

    def small(self) -> Image.Image:
        if not self._processor.burn_in_time:
            return Image.fromarray(self.frame.rgb(min(WEBP_SIDE_PX, self._processor.longest_side_px)))
        image = Image.fromarray(self.picture)
        image.thumbnail((WEBP_SIDE_PX, WEBP_SIDE_PX), Image.Resampling.BOX)
        return image


class _Session:
    """Session that encodes frames as they arrive: each is written when the next one determines its duration."""

    def __init__(self, processor: VideoPreview, info: VideoInfo, scratch: Path) -> None:
        self._processor = processor
        self._info = info
        self._scratch = scratch
        self._too_small_px: tuple[int, int] | None = None
        self._from, self._length = exact_seconds(processor.from_seconds), exact_seconds(processor.length_seconds)
        self._first = None if info.start is None else info.start + self._from
        self._start = Fraction(0)
        self._shown: _Shown | None = None
        self._clip: WebClip | None = None
        self._animation = Animation(min(WEBP_HZ, processor.frame_rate_hz))

    def feed(self, frame: VideoFrame) -> None:
        if self._first is None:
            self._first = frame.time + self._from
        first = self._first
        if frame.end <= first or frame.time >= first + self._length:
            return
        shown = _Shown(frame, max(frame.time, first), self._processor)
        width, height = frame.size_px(self._processor.longest_side_px)
        size_px = width // 2 * 2, height // 2 * 2  # 4:2:0 has one colour per 2 × 2 px
        if min(size_px) < MIN_SIDE_PX:
            self._too_small_px = width, height
            return
        if self._clip is None:
            time_base = Fraction(1, self._processor.frame_rate_hz)
            self._clip = WebClip(self._scratch / "silent.mp4", time_base, 0, size_px, quality_crf=QUALITY_CRF)
            self._start = shown.start
        if size_px != self._clip.size_px:
            return
        if self._shown:
            self._write(self._clip, self._shown, shown.start)
        self._shown = shown

    def _write(self, clip: WebClip, shown: _Shown, until: Fraction) -> None:
        """Write a frame for each moment of clip and animation before a time that has none yet."""
        lasts = until - self._start
        for number in range(clip.frame_count, ceil(lasts * self._processor.frame_rate_hz)):
            if shown.coded is not None:
                clip.write_coded(shown.coded, number, number + 1)
            else:
                clip.write(shown.picture, number, number + 1)
        self._animation.show(shown.small, lasts)

    def finish(self) -> Iterator[Item]:
        if self._clip is None or self._shown is None:
            if self._too_small_px:
                width, height = self._too_small_px
                raise RefusedMedia(f"a clip of {width} × {height} px is too small for H.264", "use video.frames")
            first = self._processor.from_seconds
            raise RefusedMedia(
                f"the video has no frame later than {first:g} s after its first", "set an earlier from_seconds"
            )
        clip, end = self._clip, min(self._shown.frame.end, self._start + self._length)
        self._write(clip, self._shown, end)
        clip.close()
        rate_hz = self._processor.frame_rate_hz
        until = self._start + Fraction(clip.frame_count, rate_hz)
        pieces = self._info.sound_between(self._start, until) if self._processor.with_sound else ()
        sound = write_sound(self._scratch, pieces)
        facts = self._facts(end, rate_hz, clip.frame_count, clip.size_px, sound)
        path = move_with_sound(self._scratch / "preview.mp4", clip, sound and sound.path, sound and sound.layout)
        yield Item(name="preview.mp4", media_type="video/mp4", file=path, facts=facts)
        facts = self._facts(end, self._animation.rate_hz, self._animation.picture_count, self._animation.size_px)
        yield Item(name="preview.webp", media_type="image/webp", data=self._animation.encoded(), facts=facts)

    def _facts(
        self, end: Fraction, rate_hz: float, count: int, size_px: tuple[int, int], sound: WrittenSound | None = None
    ) -> ClipFacts:
        return ClipFacts(
            start_seconds=float(self._start),
            end_seconds=float(end),
            frame_rate_hz=rate_hz,
            frame_count=count,
            width_px=size_px[0],
            height_px=size_px[1],
            time_is_burnt_in=self._processor.burn_in_time,
            sound_rate_hz=sound and aac_rate_hz(sound.rate_hz),
            sound_channels=sound and min(sound.channel_count, 2),
            are_loudspeakers_assumed=sound and sound.are_loudspeakers_assumed,
            sound_missing_seconds=sound and sound.missing_seconds,
        )


def _with_time(picture: np.ndarray, time: Fraction) -> np.ndarray:
    """Return the picture with the presentation time in its lower left corner."""
    image = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, image.height // 20))
    text, place = format_presentation_time(time), (8, image.height - 8)
    draw.rectangle(draw.textbbox(place, text, font, "ls"), fill=(0, 0, 0))
    draw.text(place, text, (255, 255, 255), font, "ls")
    return np.asarray(image)
