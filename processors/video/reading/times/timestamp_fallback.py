"""Presentation times for streams whose packets have none."""

from __future__ import annotations


class BestEffortClock:
    """FFmpeg's `best_effort_timestamp`, frame by frame in decoding order.

    The presentation time, unless it has stepped back more often than the decoding time has
    (`guess_correct_pts` in FFmpeg's libavcodec/decode.c).

    Parameters
    ----------
    goes_on : show a frame without a presentation time after the previous one: an MPEG program stream states
        the time of one picture per packet, which may hold several.
    """

    def __init__(self, *, goes_on: bool = False) -> None:
        self._goes_on = goes_on
        self._next: int | None = None
        self._faulty_pts = self._faulty_dts = 0
        self._last_pts: int | None = None
        self._last_dts: int | None = None

    def time_of(self, pts: int | None, dts: int | None, duration_ticks: int | None = None) -> int | None:
        """Return the frame's time in ticks; None if the file has neither a time nor the previous frame's duration."""
        if self._goes_on and duration_ticks and (pts is not None or self._next is not None):
            time = pts if pts is not None else self._next
            assert time is not None
            self._next = time + duration_ticks
            return time
        if dts is not None:
            self._faulty_dts += self._last_dts is not None and dts <= self._last_dts
        if pts is not None:
            self._faulty_pts += self._last_pts is not None and pts <= self._last_pts
        self._last_dts = dts if dts is not None else pts if pts is not None else self._last_dts
        self._last_pts = pts if pts is not None else dts if dts is not None else self._last_pts
        time = pts if pts is not None and (self._faulty_pts <= self._faulty_dts or dts is None) else dts
        if time is None and self._next is not None and duration_ticks:
            time = self._next  # last frames flushed from the decoder
        self._next = time + duration_ticks if time is not None and duration_ticks else None
        return time
