"""Presentation times for streams whose packets carry none."""

from __future__ import annotations


class BestEffortClock:
    """FFmpeg's `best_effort_timestamp`, frame by frame in the order of decoding.

    The presentation time, unless it has stepped back more often than the decoding time has
    (`guess_correct_pts` in FFmpeg's libavcodec/decode.c).

    Parameters
    ----------
    goes_on : where a frame has no presentation time it is shown after the one before: an MPEG program stream tells
        the time of one picture in each of its packets, which may hold several.
    """

    def __init__(self, *, goes_on: bool = False) -> None:
        self._goes_on = goes_on
        self._next: int | None = None
        self._faulty_pts = self._faulty_dts = 0
        self._last_pts: int | None = None
        self._last_dts: int | None = None

    def time_of(self, pts: int | None, dts: int | None, duration_ticks: int | None = None) -> int | None:
        """The frame's time in ticks; None where the file gives it neither, nor how long the one before is shown."""
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
            time = self._next  # the last ones out of a decoder that had held them back
        self._next = time + duration_ticks if time is not None and duration_ticks else None
        return time
