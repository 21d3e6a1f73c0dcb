"""Selection of frames, before decoding if the packets allow it, else during decoding."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

Choice = Literal["interval", "nth", "times", "keyframes", "all"]
CHOICES: tuple[Choice, ...] = ("interval", "nth", "times", "keyframes", "all")

PRINTED_TO = Fraction(1, 2_000_000)
"""Margin of printed times, in s: ffprobe rounds to microseconds; half of one more puts a time into its own frame."""

MISSES_TOLD = 1000
"""Maximum number of missing times listed at one gap: a damaged file may claim a duration of years."""


def exact_seconds(seconds: float) -> Fraction:
    """Return exactly the decimal number that a person wrote: 0.7 is 7/10, not the nearest float."""
    return Fraction(repr(seconds))


@dataclass(frozen=True, kw_only=True)
class FrameSelection:
    """Wanted frames of one video; times in seconds, ranges half open."""

    choice: Choice
    every_seconds: Fraction
    every_nth: int
    times: tuple[Fraction, ...]
    """Wanted times, ascending, each later than printed by `PRINTED_TO`."""
    from_time: Fraction | None
    until_time: Fraction | None
    info: VideoInfo

    def predicate(self) -> Callable[[Fraction, Fraction], bool] | None:
        """Return a test for whether the frame shown between two times is wanted; None if only decoding can tell."""
        info = self.info
        if self.choice == "times":
            return lambda start, end: bool(self.times_in(start, end, None))
        if self.choice == "interval":
            if info.start is None:
                return None
            origin = info.start
            return lambda start, end: bool(self.times_in(start, end, origin))
        if self.choice == "all":
            if self.from_time is None and self.until_time is None:
                return None
            return self.in_range
        listed = info.keyframe_pts if self.choice == "keyframes" else self.nth_pts()
        if listed is None:
            return None
        wanted = set(listed)
        return lambda start, end: self.in_range(start, end) and int(start / info.time_base) in wanted

    def nth_pts(self) -> list[int] | None:
        """Return the times, in ticks, of every n-th frame; None if only decoding can find them."""
        return None if self.info.frame_pts is None else list(self.info.frame_pts[:: self.every_nth])

    def times_in(self, start: Fraction, end: Fraction, origin: Fraction | None) -> range:
        """Return the numbers of the wanted times in a half-open span: of a multiple after `origin`, or into `times`."""
        start = start if self.from_time is None else max(start, self.from_time)
        end = end if self.until_time is None else min(end, self.until_time)
        if end <= start:
            return range(0)
        if origin is None:
            return range(bisect_left(self.times, start), bisect_left(self.times, end))
        first = max(0, ceil((start - origin) / self.every_seconds))
        return range(first, max(first, ceil((end - origin) / self.every_seconds)))

    def in_range(self, start: Fraction, end: Fraction) -> bool:
        """Return True if a part of this span is inside the wanted range."""
        after = self.from_time is None or end > self.from_time
        return after and (self.until_time is None or start < self.until_time)

    def keeper(self) -> FrameFilter:
        """Return a filter that picks the wanted frames from a stream that may also hold others."""
        return FrameFilter(self)


class FrameFilter:
    """Filter that decides frame by frame, in order of presentation, and notes wanted times that no frame covered."""

    def __init__(self, selection: FrameSelection) -> None:
        self._selection = selection
        self._origin = selection.info.start
        self._seen = 0
        self._reached: int | None = None
        self._missing: list[float] = []
        self._predicate = selection.predicate()

    def keeps(self, frame: VideoFrame) -> bool:
        """Return True if this frame is wanted."""
        selection, number = self._selection, self._seen
        self._seen += 1
        if frame.end <= frame.time:
            return False
        if selection.choice in ("interval", "times"):
            return self._covers_a_time(frame)
        if self._predicate is not None:
            return self._predicate(frame.time, frame.end)
        if not selection.in_range(frame.time, frame.end):
            return False
        if selection.choice == "keyframes":
            return frame.is_keyframe
        return selection.choice == "all" or number % selection.every_nth == 0

    def missing(self) -> list[float]:
        """Return the wanted times at which no frame was shown; call it after the last frame."""
        selection, info = self._selection, self._selection.info
        if selection.choice == "times":
            self._miss_until(len(selection.times))
        elif selection.choice == "interval" and info.start is not None and info.end is not None:
            self._miss_until(selection.times_in(info.start, info.end, info.start).stop)
        return self._missing

    def _covers_a_time(self, frame: VideoFrame) -> bool:
        if self._origin is None:
            self._origin = frame.time
        selection = self._selection
        found = selection.times_in(frame.time, frame.end, self._origin if selection.choice == "interval" else None)
        if not found:
            return False
        self._miss_until(found.start)
        self._reached = found.stop
        return True

    def _miss_until(self, number: int) -> None:
        selection = self._selection
        first = self._reached if self._reached is not None else self._first_number()
        for missed in range(first, min(number, first + MISSES_TOLD)):
            if selection.choice == "times":
                self._missing.append(float(selection.times[missed] - PRINTED_TO))
            else:
                self._missing.append(float((self._origin or 0) + missed * selection.every_seconds))
        self._reached = max(first, number)

    def _first_number(self) -> int:
        selection = self._selection
        if selection.choice == "times" or selection.from_time is None or self._origin is None:
            return 0
        return max(0, ceil((selection.from_time - self._origin) / selection.every_seconds))


def has_one(times: Sequence[Fraction], start: Fraction, end: Fraction) -> bool:
    """Return True if one of the ascending times is in the half-open span."""
    place = bisect_left(times, start)
    return place < len(times) and times[place] < end
