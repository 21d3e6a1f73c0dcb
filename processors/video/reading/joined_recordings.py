"""Recordings that were joined end to end in one file: where the clock starts again, and how its times continue."""

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
"""Formats that are made to be cut and joined: their clocks may start anywhere, and jump ahead at a joint, too."""

BACK_SECONDS = Fraction(1, 2)
"""In other formats a smaller step back in the order of decoding is a wrong time and no new recording."""

AHEAD_SECONDS = 10
"""FFmpeg's own measure (`dts_delta_threshold`) of a clock that has jumped and not waited."""
AHEAD_FRAMES = 50
"""A slide show may wait for longer than that."""


@dataclass(frozen=True, kw_only=True)
class Joins:
    """Where other recordings begin, counted in packets of the stream, and what is added to their times."""

    starts: tuple[int, ...] = ()
    """First packet of each recording but the first, ascending."""
    shifts: tuple[int, ...] = ()
    """Ticks that each of these recordings is moved by, so that it begins where the one before ends."""
    first_pts: tuple[int, ...] = ()
    """Presentation time of each one's first picture, after it was moved."""

    def shift_of(self, packet_number: int) -> int:
        """Ticks to add to the times of a packet, counted from 0."""
        recording = bisect_right(self.starts, packet_number) - 1
        return self.shifts[recording] if recording >= 0 else 0


def find_joins(
    presented: Sequence[int], decoded: Sequence[int], lengths: Sequence[int], time_base: Fraction, file_format: str
) -> Joins:
    """Find the recordings in the times of a stream's packets.

    Parameters
    ----------
    presented, decoded : times of all packets in the order of the file, in ticks; `NO_TIME` where there is none.
    lengths : how long each is shown, in ticks; 0 where it is not known.
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
            length = lengths[behind - 1] or _usual_step(times)
            is_whole = len(times) == behind - first  # else the last one's time may not be known
            last = times[-1] + length if is_whole else max(times[-1] + length, times[0] + (behind - first) * length)
            end = last + (shifts[-1] if number else 0)
    return Joins(starts=tuple(starts), shifts=tuple(shifts), first_pts=tuple(firsts))


def _starts(decoded: Sequence[int], time_base: Fraction, is_streamed: bool) -> Iterator[int]:
    known = [time for time in decoded if time != NO_TIME]
    usual = _usual_step(known)
    back = usual // 2 if is_streamed else int(BACK_SECONDS / time_base)
    ahead = max(int(AHEAD_SECONDS / time_base), AHEAD_FRAMES * usual)
    last: int | None = None
    for number, time in enumerate(decoded):
        if time == NO_TIME:
            continue
        if last is not None and (time < last - back or (is_streamed and time > last + ahead)):
            yield number
        last = time


def _usual_step(times: Sequence[int]) -> int:
    """The median of the steps ahead; 1 where there is none."""
    steps = array("q", sorted(b - a for a, b in itertools.pairwise(times) if b > a))
    return steps[len(steps) // 2] if steps else 1
