"""Timestamps for elementary streams, which have none, from the frame rate in their headers."""

from __future__ import annotations

from fractions import Fraction

import av
import av.container

from processors.errors import RefusedMedia
from processors.video.reading.times.packet_index import has_no_timestamps

MAX_RATE_HZ = 1000
"""Maximum frame rate; MPEG-4 streams of variable rate declare their clock rate of several kHz instead."""


def steady_rate_hz(container: av.container.InputContainer, codec: av.VideoCodecContext) -> Fraction | None:
    """Return the frame rate that gives the times of an elementary stream; None for a file that has times.

    Raises
    ------
    RefusedMedia : the stream's own headers declare no frame rate, or one that is a clock's.
    """
    if not has_no_timestamps(container):
        return None
    rate_hz = codec.framerate
    if not rate_hz or not 0 < rate_hz <= MAX_RATE_HZ:
        raise RefusedMedia(
            f"this elementary stream ({container.format.name}) has no times and its headers declare no frame rate",
            "put it into a container with its rate, for example `ffmpeg -r 25 -i FILE -c copy FILE.mkv`",
        )
    return rate_hz


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


def steady_clock(rate_hz: Fraction | None, time_base: Fraction, codec_name: str) -> SteadyClock | None:
    """Return the clock of an elementary stream; None for a file that has times, which has no `rate_hz`."""
    if not rate_hz:
        return None
    return SteadyClock(max(1, round(1 / (rate_hz * time_base))), says_itself=codec_name.startswith("mpeg"))
