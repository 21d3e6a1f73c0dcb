"""Times for elementary streams, which carry none: their headers say how many pictures a second they hold."""

from __future__ import annotations

from fractions import Fraction

import av

MAX_RATE_HZ = 1000
"""MPEG-4 streams of varying rate declare their clock's, thousands a second, which is no rate of pictures."""


def declared_rate_hz(codec: av.VideoCodecContext) -> Fraction | None:
    """Pictures a second as the stream's own headers say; None where they do not."""
    rate = codec.framerate
    return rate if rate and 0 < rate <= MAX_RATE_HZ else None


class SteadyClock:
    """Gives each picture, as it comes out of the decoder in the order of presentation, its time in ticks.

    Parameters
    ----------
    shown_ticks : how long a picture is shown that does not say it itself.
    says_itself : take what each picture says: in MPEG-1 and MPEG-2 a field may be shown twice.
    """

    def __init__(self, shown_ticks: int, *, says_itself: bool) -> None:
        self.shown_ticks = shown_ticks
        self._says_itself = says_itself
        self._next = 0

    def time_of(self, duration_ticks: int | None) -> int:
        """The next picture's time."""
        time = self._next
        self._next += (duration_ticks if self._says_itself else None) or self.shown_ticks
        return time
