"""Web copy of a whole video: every frame at its own presentation time, H.264 and AAC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal

from processors.contract import Item, Need, Reads, require
from processors.errors import RefusedMedia
from processors.imaging.clip_writer import WebClip, aac_rate_hz, move_with_sound
from processors.video.frames.sound_of_copy import write_sound
from processors.video.frames.video_preview import MIN_SIDE_PX
from processors.video.reading.copy_start import MAX_APART_SECONDS, copy_start
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

MIN_STILL_SECONDS = Fraction(1, 10)
"""Sound after the last picture for which it stands still in the file. Players hold it for less, as they do in the
source, and the average frame rate stays that of the source."""


@dataclass(frozen=True, kw_only=True)
class WebVideoFacts:
    start_seconds: float
    """Presentation time in the source at which the copy begins: with the first picture or, if earlier, the sound."""
    duration_seconds: float
    """Duration until both pictures and sound have ended."""
    pictures_start_seconds: float
    """Presentation time in the source of the first picture, which the copy shows from its beginning."""
    pictures_end_seconds: float
    """Presentation time in the source at which the last picture ends, which the copy shows until its end."""
    frame_count: int
    frames_left_out: int
    """Frames of another size than the first, or not later than the last: a copy has one size and ascending times."""
    width_px: int
    height_px: int
    sound_rate_hz: int | None
    """Sampling rate; None: no audio in the file."""
    sound_channels: int | None
    are_loudspeakers_assumed: bool | None
    """True if the source does not state the loudspeakers of its sound; None: no audio in the file."""
    sound_missing_seconds: float | None
    """Duration of silence because the source has no audio there, or it does not decode."""
    sound_left_out_seconds: float | None
    """Duration of sound before the copy begins: an encoder's delay, less than 0.05 s unless its times are of another
    clock; None: no audio in the file."""


@dataclass(frozen=True, kw_only=True)
class WebVideo:
    """The whole video for the web and for editors, upright, with the audio that players play. Item: `video.mp4`.

    Frames keep their presentation times, from 0 where the first or the sound begins; none is repeated or dropped for a
    constant rate. Where the sound is longer, the first picture is shown from its beginning, the last one until its end.
    Refused if the video has no frame, or is too small for H.264.
    """

    name: ClassVar[str] = "video.web"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "video"

    longest_side_px: int = 1920
    """Longer side, 64 to 3840; never enlarged."""
    stream: Literal["shown", "largest"] = field(default="shown", metadata={"is_added_later": True})
    """Video stream: the one that players show, or the largest of the file; if several have that size, the shown one."""
    with_sound: bool = True
    """True to add the source's audio, if any, each sample at its presentation time: of several audio streams the one
    marked as default, else the first."""

    def __post_init__(self) -> None:
        require(64 <= self.longest_side_px <= 3840, "longest_side_px", self.longest_side_px, "must be 64 to 3840")

    def needs(self, info: VideoInfo) -> Need:
        return Need(longest_side_px=self.longest_side_px)

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    def __init__(self, processor: WebVideo, info: VideoInfo, scratch: Path) -> None:
        self._processor = processor
        self._info = info
        self._scratch = scratch
        self._clip: WebClip | None = None
        self._first: Fraction | None = None
        self._end = Fraction(0)
        self._last_pts = 0
        self._left_out = 0

    def feed(self, frame: VideoFrame) -> None:
        picture = frame.rgb(self._processor.longest_side_px)
        height, width = (side // 2 * 2 for side in picture.shape[:2])  # 4:2:0 has one colour per 2 × 2 px
        if self._clip is None:
            if min(height, width) < MIN_SIDE_PX:
                raise RefusedMedia(f"a copy of {width} × {height} px is too small for H.264", "use video.frames")
            silent = self._scratch / "silent.mp4"
            self._clip = WebClip(silent, self._info.time_base, frame.pts, (width, height))
            self._first, self._last_pts = frame.time, frame.pts - 1
        if (width, height) != self._clip.size_px or frame.pts <= self._last_pts:
            self._left_out += 1
            return
        self._clip.write(picture, frame.pts, frame.end_pts)
        self._last_pts, self._end = frame.pts, frame.end

    def finish(self) -> Iterator[Item]:
        if self._clip is None or self._first is None:
            raise RefusedMedia("no frame of the video can be decoded", "see its video.integrity")
        start, sound = self._first, None
        sound_start = self._info.sound_start() if self._processor.with_sound else None
        if sound_start is not None:
            start = copy_start(self._first, sound_start, self._info.time_base)
            is_apart = sound_start - self._end > MAX_APART_SECONDS
            read = self._info.sound_between if is_apart else self._info.sound_from
            sound = write_sound(self._scratch, read(start, self._end))
        start, end = (start, max(self._end, start + sound.seconds)) if sound else (self._first, self._end)
        self._clip.close(end - self._first if end - self._end >= MIN_STILL_SECONDS else None)
        whole = self._scratch / "video.mp4"
        path = move_with_sound(
            whole, self._clip, sound and sound.path, sound and sound.layout, lead_seconds=self._first - start
        )
        facts = WebVideoFacts(
            start_seconds=float(start),
            duration_seconds=float(end - start),
            pictures_start_seconds=float(self._first),
            pictures_end_seconds=float(self._end),
            frame_count=self._clip.frame_count,
            frames_left_out=self._left_out,
            width_px=self._clip.size_px[0],
            height_px=self._clip.size_px[1],
            sound_rate_hz=sound and aac_rate_hz(sound.rate_hz),
            sound_channels=sound and min(sound.channel_count, 2),
            are_loudspeakers_assumed=sound and sound.are_loudspeakers_assumed,
            sound_missing_seconds=sound and sound.missing_seconds,
            sound_left_out_seconds=max(0.0, float(start - sound_start)) if sound and sound_start is not None else None,
        )
        yield Item(name=path.name, media_type="video/mp4", file=path, facts=facts)
