"""Timestamps for elementary streams, which have none, from the frame rate in their headers."""

from __future__ import annotations

from fractions import Fraction

import av

MAX_RATE_HZ = 1000
"""Maximum frame rate; MPEG-4 streams of variable rate declare their clock rate of several kHz instead."""


def declared_rate_hz(codec: av.VideoCodecContext) -> Fraction | None:
    """Return the frame rate declared by the stream's own headers, or None."""
    rate = codec.framerate
    return rate if rate and 0 < rate <= MAX_RATE_HZ else None


class SteadyClock:
    """Clock that assigns a time in ticks to each decoded picture, in presentation order.

    Parameters
    ----------
    shown_ticks : duration of a picture that does not state its own.
    says_itself : use the duration of each picture: in MPEG-1 and MPEG-2 a field may be shown twice.
    """

    def __init__(self, shown_ticks: int, *, says_itself: bool) -> None:
        self.shown_ticks = shown_ticks
        self._says_itself = says_itself
        self._next = 0

    def time_of(self, duration_ticks: int | None) -> int:
        """Return the next picture's time."""
        time = self._next
        self._next += (duration_ticks if self._says_itself else None) or self.shown_ticks
        return time
