"""Recordings joined end to end in one file: where the clock restarts, and how times are made continuous."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

NO_TIME = -(1 << 63)
"""FFmpeg's AV_NOPTS_VALUE."""

STREAMED = ("mpegts", "mpeg")
"""Formats designed for cutting and joining: their clocks may start anywhere and may also jump ahead at a join."""

BACK_SECONDS = Fraction(1, 2)
"""Minimum step back in decoding order that starts a recording in other formats; a smaller one is a wrong time."""

STRAY_PACKETS = 8
"""Fewer packets than a recording has: a clock that returns within this many has a few wrong times."""

AHEAD_SECONDS = 10
"""FFmpeg's own threshold (`dts_delta_threshold`) for a jump of the clock."""
AHEAD_FRAMES = 50
"""Minimum jump in frames, as pictures of a slide show may last longer than `AHEAD_SECONDS`."""


@dataclass(frozen=True, kw_only=True)
class Joins:
    """Starts of further recordings, in packets of the stream, and the shifts of their times."""

    starts: tuple[int, ...] = ()
    """First packet of each recording except the first, ascending."""
    shifts: tuple[int, ...] = ()
    """Shift of each of these recordings in ticks, so that it begins where the previous one ends."""
    first_pts: tuple[int, ...] = ()
    """Presentation time of the first picture of each, after the shift."""

    def shift_of(self, packet_number: int) -> int:
        """Return the ticks to add to the times of a packet, counted from 0."""
        recording = bisect_right(self.starts, packet_number) - 1
        return self.shifts[recording] if recording >= 0 else 0


def find_joins(
    presented: Sequence[int], decoded: Sequence[int], lengths: Sequence[int], time_base: Fraction, file_format: str
) -> Joins:
    """Find the recordings in the times of a stream's packets.

    Parameters
    ----------
    presented, decoded : times of all packets in file order, in ticks; `NO_TIME` if missing.
    lengths : duration of each, in ticks; 0 if unknown.
    """
    starts = list(_starts(decoded, time_base, file_format in STREAMED))
    if not starts:
        return Joins()
    shifts: list[int] = []
    firsts: list[int] = []
    end = 0
    for number, (first, behind) in enumerate(zip([0, *starts], [*starts, len(presented)], strict=True)):
        times = sorted(time for time in presented[first:behind] if time != NO_TIME) or sorted(
            time for time in decoded[first:behind] if time != NO_TIME
        )
        if number:
            shifts.append(end - times[0] if times else 0)
            firsts.append(end)
        if times:
            length = lengths[behind - 1] or usual_step(times)
            is_whole = len(times) == behind - first  # otherwise the last one's time may be unknown
            last = times[-1] + length if is_whole else max(times[-1] + length, times[0] + (behind - first) * length)
            end = last + (shifts[-1] if number else 0)
    return Joins(starts=tuple(starts), shifts=tuple(shifts), first_pts=tuple(firsts))


def _starts(decoded: Sequence[int], time_base: Fraction, is_streamed: bool) -> Iterator[int]:
    known = [time for time in decoded if time != NO_TIME]
    usual = usual_step(known)
    back = usual // 2 if is_streamed else int(BACK_SECONDS / time_base)
    ahead = max(int(AHEAD_SECONDS / time_base), AHEAD_FRAMES * usual)
    last: int | None = None
    for number, time in enumerate(decoded):
        if time == NO_TIME:
            continue
        if last is not None and (time < last - back or (is_streamed and time > last + ahead)):
            if _is_stray(decoded[number : number + STRAY_PACKETS + 1], last, max(back, 4 * usual), usual):
                continue
            yield number
        last = time


def _is_stray(decoded: Sequence[int], last: int, jump: int, usual: int) -> bool:
    """Return whether the first of these packets has a wrong time: a later one jumps back to the clock before it."""
    known = [time for time in decoded if time != NO_TIME]
    return any(
        after - before > jump and 0 < after - last <= (STRAY_PACKETS + 2) * usual
        for before, after in itertools.pairwise(known)
    )


def usual_step(times: Sequence[int]) -> int:
    """Return the median of the forward steps; 1 if there is none."""
    steps = array("q", sorted(b - a for a, b in itertools.pairwise(times) if b > a))
    return steps[len(steps) // 2] if steps else 1
