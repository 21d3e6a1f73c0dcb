"""Short clip for the web, H.264 and AAC in MP4 and an animated WebP, of the video's exact frames and its audio."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from processors.clip_writer import write_steady_clip
from processors.contract import Item, Need, Reads, require
from processors.errors import RefusedMedia
from processors.video.frames.contact_sheet import clock
from processors.video.frames.frame_selection import as_written
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import Sound, VideoInfo

WEBP_HZ = 8
"""Maximum frame rate of the animated WebP."""

WEBP_SIDE_PX = 320

MIN_SIDE_PX = 16
"""Minimum side: smaller pictures are less than one block of H.264."""

AAC_RATE_HZ = 96000
"""Highest sampling rate of AAC-LC (ISO/IEC 14496-3, table 1.18)."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """Contents of the clip."""

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
    sound_missing_seconds: float | None
    """Duration of silence in the span because the source has no audio there, or it does not decode."""


@dataclass(frozen=True, kw_only=True)
class VideoPreview:
    """First seconds of the video, upright, at a steady rate: at each moment the frame that the video shows then.

    Items: `preview.mp4`, `preview.webp`. Refused if no frame falls into the span.
    """

    name: ClassVar[str] = "video.preview"
    version: ClassVar[int] = 4
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
        first = info.start + as_written(self.from_seconds)
        last = first + as_written(self.length_seconds)
        return Need(shown=lambda start, end: end > first and start < last, longest_side_px=self.longest_side_px)

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    """Session that keeps the span's pictures in one raw file on disk, so that memory does not grow with the clip."""

    def __init__(self, processor: VideoPreview, info: VideoInfo, scratch: Path) -> None:
        self._processor = processor
        self._info = info
        self._scratch = scratch
        self._raw = scratch / "pictures.raw"
        self._too_small_px: tuple[int, int] | None = None
        self._origin = info.start
        self._spans: list[tuple[Fraction, Fraction]] = []
        self._shape: tuple[int, int] | None = None

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        if self._origin is None:
            self._origin = frame.time
        first = self._origin + as_written(self._processor.from_seconds)
        if frame.end <= first or frame.time >= first + as_written(self._processor.length_seconds):
            return
        picture = frame.rgb(self._processor.longest_side_px)
        height, width = (side // 2 * 2 for side in picture.shape[:2])  # 4:2:0 has one colour per 2 × 2 px
        if min(height, width) < MIN_SIDE_PX:
            self._too_small_px = picture.shape[1], picture.shape[0]
            return
        if self._shape and self._shape != (height, width):
            return
        self._shape = height, width
        with self._raw.open("ab") as opened:
            opened.write(np.ascontiguousarray(picture[:height, :width]).tobytes())
        self._spans.append((max(frame.time, first), frame.end))
        yield from ()

    def finish(self) -> Iterator[Item]:
        if not self._spans or self._shape is None:
            if self._too_small_px:
                width, height = self._too_small_px
                raise RefusedMedia(f"a clip of {width} × {height} px is too small for H.264", "use video.frames")
            first = self._processor.from_seconds
            raise RefusedMedia(
                f"the video has no frame later than {first:g} s after its first", "set an earlier from_seconds"
            )
        start = self._spans[0][0]
        end = min(self._spans[-1][1], start + as_written(self._processor.length_seconds))
        rate = self._processor.frame_rate_hz
        count = max(1, ceil((end - start) * rate))
        shown = [self._shown_at(start + Fraction(number, rate)) for number in range(count)]
        pictures = np.memmap(self._raw, np.uint8, "r", shape=(len(self._spans), *self._shape, 3))
        with ExitStack() as stack:
            stack.callback(self._raw.unlink)
            until = start + Fraction(count, rate)
            sound = self._info.sound_between(start, until) if self._processor.with_sound else None
            clip = self._write_mp4(pictures, shown, sound)
            facts = self._facts(start, end, rate, count, (self._shape[1], self._shape[0]), sound)
            yield Item(name="preview.mp4", media_type="video/mp4", file=clip, facts=facts)
            data, facts = self._webp(pictures, start, end)
            yield Item(name="preview.webp", media_type="image/webp", data=data, facts=facts)

    def _shown_at(self, time: Fraction) -> int:
        """Return the number of the kept frame that is shown at a time."""
        return max(0, bisect_right(self._spans, time, key=lambda span: span[0]) - 1)

    def _picture(self, pictures: np.ndarray, number: int) -> np.ndarray:
        picture = np.array(pictures[number])
        if not self._processor.burn_in_time:
            return picture
        image = Image.fromarray(picture)
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(max(12, picture.shape[0] // 20))
        text, place = clock(self._spans[number][0]), (8, picture.shape[0] - 8)
        draw.rectangle(draw.textbbox(place, text, font, "ls"), fill=(0, 0, 0))
        draw.text(place, text, (255, 255, 255), font, "ls")
        return np.asarray(image)

    def _write_mp4(self, pictures: np.ndarray, shown: list[int], sound: Sound | None) -> Path:
        import soundfile

        path, wave = self._scratch / "preview.mp4", self._scratch / "sound.wav"
        if sound:
            soundfile.write(wave, sound.samples, sound.rate_hz, subtype="FLOAT")
        write_steady_clip(
            path,
            lambda index: self._picture(pictures, shown[index]),
            frame_count=len(shown),
            frames_per_second=self._processor.frame_rate_hz,
            quality_crf=23,
            audio=wave if sound else None,
            options=_aac_limits(sound),
        )
        wave.unlink(missing_ok=True)
        return path

    def _facts(
        self,
        start: Fraction,
        end: Fraction,
        rate_hz: float,
        count: int,
        size: tuple[int, int],
        sound: Sound | None = None,
    ) -> ClipFacts:
        return ClipFacts(
            start_seconds=float(start),
            end_seconds=float(end),
            frame_rate_hz=rate_hz,
            frame_count=count,
            width_px=size[0],
            height_px=size[1],
            time_is_burnt_in=self._processor.burn_in_time,
            sound_rate_hz=sound and min(sound.rate_hz, AAC_RATE_HZ),
            sound_channels=sound and min(sound.samples.shape[1], 2),
            sound_missing_seconds=sound and sound.silent_samples / sound.rate_hz,
        )

    def _webp(self, pictures: np.ndarray, start: Fraction, end: Fraction) -> tuple[bytes, ClipFacts]:
        """Return the same span as WebP, smaller and slower; a held picture is one WebP frame of longer duration."""
        rate = min(WEBP_HZ, self._processor.frame_rate_hz)
        shown = [self._shown_at(start + Fraction(k, rate)) for k in range(max(1, ceil((end - start) * rate)))]
        images: list[Image.Image] = []
        durations: list[int] = []
        for number, place in enumerate(shown):
            lasts = round((number + 1) * 1000 / rate) - round(number * 1000 / rate)
            if number and place == shown[number - 1]:
                durations[-1] += lasts
                continue
            image = Image.fromarray(self._picture(pictures, place))
            image.thumbnail((WEBP_SIDE_PX, WEBP_SIDE_PX), Image.Resampling.BOX)
            images.append(image)
            durations.append(lasts)
        buffer = io.BytesIO()
        images[0].save(
            buffer, "WEBP", save_all=True, append_images=images[1:], duration=durations, loop=0, quality=70, method=2
        )
        return buffer.getvalue(), self._facts(start, end, rate, len(images), images[0].size)


def _aac_limits(sound: Sound | None) -> list[str]:
    """Return options for two channels and 96 kHz, the limits of web players and AAC-LC, at 192 kbit/s."""
    if not sound:
        return []
    channels, rate_hz = min(sound.samples.shape[1], 2), min(sound.rate_hz, AAC_RATE_HZ)
    return ["-ac", str(channels), "-ar", str(rate_hz), "-b:a", "192k"]
