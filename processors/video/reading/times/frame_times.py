"""Presentation times of decoded frames: from the packets' index, a steady clock, or the decoder's own times."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from processors.video.reading.decoders import Decoded
from processors.video.reading.times.packet_index import PacketIndex
from processors.video.reading.times.steady_clock import SteadyClock
from processors.video.reading.times.timestamp_fallback import BestEffortClock

IN_ORDER = ("mpeg1video", "mpeg2video")
"""Codecs whose decoders return pictures in presentation order, each with its duration."""


class Timed(NamedTuple):
    decoded: Decoded
    pts: int
    """Time at which it appears, in ticks."""
    end_pts: int
    """Time at which the next frame replaces it, in ticks."""


class FrameTimes:
    """Times of the frames of a stream, which are given in presentation order.

    A complete index has them all. Without one, a frame ends when the next begins, so that each is held back until then.

    Parameters
    ----------
    steady : clock of an elementary stream; None for a file that has times.
    """

    def __init__(self, index: PacketIndex, steady: SteadyClock | None, codec_name: str) -> None:
        self._index, self._steady = index, steady
        self._clock = BestEffortClock(goes_on=codec_name in IN_ORDER)
        self._held: tuple[Decoded, int] | None = None
        self._came = bytearray(len(index.shown_pts))
        """For each shown picture of the index 1 if it was decoded."""
        self._next_of: dict[int, int] = {}
        """Next place in the index of a time that it announces several times."""
        self.without_time = 0

    def of(self, decoded: Decoded) -> Iterator[Timed]:
        """Yield the frame, or the one before it, once the time at which it ends is known."""
        frame = decoded.frame
        if self._index.complete:
            pts = frame.pts
        elif self._steady:
            pts = self._steady.time_of(frame.duration)
        else:
            pts = self._clock.time_of(frame.pts, frame.dts, frame.duration)
        if pts is None:
            self.without_time += 1
        elif self._index.complete:
            self._note_coming(pts)
            yield Timed(decoded, pts, self._index.end_of(pts))
        else:
            if self._held:
                earlier, earlier_pts = self._held
                yield Timed(earlier, earlier_pts, max(pts, earlier_pts))
            self._held = (decoded, pts)

    def last(self) -> Iterator[Timed]:
        """Yield the frame that was held back, which lasts as long as its file, or those before it, say."""
        if self._held:
            last, pts = self._held
            duration = last.frame.duration or self._index.last_duration
            yield Timed(last, pts, pts + max(self._steady.shown_ticks if self._steady else duration, 1))

    def absent(self) -> list[int]:
        """Return the times of the pictures in the index that did not come; none without a complete index."""
        if not self._index.complete:
            return []
        return [pts for pts, came in zip(self._index.shown_pts, self._came, strict=True) if not came]

    def _note_coming(self, pts: int) -> None:
        """Record that a frame with this time was decoded; a wrong table of times may announce several."""
        announced = self._index.shown_pts
        position = self._next_of.pop(pts, None) or bisect_left(announced, pts)
        if position < len(announced) and announced[position] == pts:
            self._came[position] = 1
            if position + 1 < len(announced) and announced[position + 1] == pts:
                self._next_of[pts] = position + 1
