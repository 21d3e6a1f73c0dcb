"""Time axes: positions of each clock's round readings in the time of the source."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from processors.audio.canvas import Canvas, tick_width_px
from processors.mission.time_on_mars import ACCURACY_SECONDS, SOL_IN_DAYS, mars_time
from processors.mission.when import parse_when

DAY_SECONDS = 86400
SPACING = 1.35
"""Minimum distance of two readings, in widths of the widest."""
STEPS_SECONDS = (
    *(digit * 10.0**power for power in range(-4, 0) for digit in (1, 2, 5)),
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY_SECONDS,
)  # fmt: skip
"""Distances between ticks that are easy to read, in s."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    label: str
    zero_seconds: float
    """Reading at time 0 of the source, in the clock's own seconds."""
    rate: float
    """Seconds of the clock per second of the source."""
    style: Literal["elapsed", "of the day"]

    def ticks(self, start_seconds: float, end_seconds: float, most: int) -> Iterator[tuple[float, str]]:
        """Yield time in the source and reading of ticks, at most `most` and one more."""
        first, last = (self.zero_seconds + seconds * self.rate for seconds in (start_seconds, end_seconds))
        apart = (last - first) / most
        step = next((step for step in STEPS_SECONDS if step >= apart), math.ceil(apart / DAY_SECONDS) * DAY_SECONDS)
        for number in range(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9) + 1):
            reading = number * step
            yield (reading - self.zero_seconds) / self.rate, self._shown(reading, step, last)

    def fitting_ticks(
        self, start_seconds: float, end_seconds: float, width_px: float, text_width_px: Callable[[str], float]
    ) -> list[tuple[float, str]]:
        """Return as many ticks as fit an axis of this width with space between their readings."""
        for most in range(12, 1, -1):
            ticks = list(self.ticks(start_seconds, end_seconds, most))
            widest = max((text_width_px(reading) for _, reading in ticks), default=0.0)
            if len(ticks) < 2 or widest * SPACING <= width_px * (ticks[1][0] - ticks[0][0]) / (
                end_seconds - start_seconds
            ):
                return ticks
        return list(self.ticks(start_seconds, end_seconds, 2))[:1]

    def _shown(self, reading: float, step: float, last: float) -> str:
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        if self.style == "elapsed" and last < 120:
            return f"{reading:.{digits}f}"
        rest = reading % DAY_SECONDS if self.style == "of the day" else reading
        minutes, seconds = divmod(round(rest, digits), 60)
        shown = f"{seconds:0{3 + digits if digits else 2}.{digits}f}"
        return f"{int(minutes // 60):02d}:{int(minutes % 60):02d}:{shown}"


def source_clock(end_seconds: float) -> Clock:
    """Return the clock of the source, from its own zero."""
    unit = "s" if end_seconds < 120 else "h:min:s"
    return Clock(label=f"time ({unit})", zero_seconds=0.0, rate=1.0, style="elapsed")


def start_moment(start_utc: str) -> datetime | None:
    """Return the moment in UTC; None for a day, or a time without an offset. `ValueError`: no date."""
    return parse_when(start_utc).instant


def utc_clock(start_utc: str, start_source: str = "", start_seconds: float = 0.0) -> Clock:
    """Return a UTC clock; `start_utc` is the moment of the source's time `start_seconds`, ISO 8601 with an offset.

    Parameters
    ----------
    start_source : source of `start_utc`, for the label.
    """
    start = start_moment(start_utc)
    assert start is not None
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return Clock(
        label=f"UTC, {start:%Y-%m-%d}{_how_known(start_utc, start_source)}",
        zero_seconds=(start - midnight).total_seconds() - start_seconds,
        rate=1.0,
        style="of the day",
    )


def mars_clock(start_utc: str, longitude_degrees_east: float, start_seconds: float = 0.0) -> Clock:
    """Return a clock of local mean solar time: 24 hours of 1/24 sol, which is 1.0275 days; see `utc_clock`."""
    start = start_moment(start_utc)
    assert start is not None
    time = mars_time(start, longitude_degrees_east)
    return Clock(
        label=f"local mean solar time on Mars, within {ACCURACY_SECONDS} s{_how_known(start_utc)}",
        zero_seconds=time.local_mean_solar_time_hours * 3600 - start_seconds / SOL_IN_DAYS,
        rate=1 / SOL_IN_DAYS,
        style="of the day",
    )


def draw_time_axis(
    canvas: Canvas, clock: Clock, span_seconds: tuple[float, float], x_px: tuple[int, int], y: int, *, is_below: bool
) -> None:
    """Draw readings and label of a clock on one side of a plot.

    Parameters
    ----------
    span_seconds : time in the source at the plot's left and right edge.
    x_px : left and right edge of the plot.
    y : lower edge of the plot, or the upper one if the axis is not below.
    """
    (start, end), (left, right) = span_seconds, x_px
    down, edge, anchor = (1, y, "mt") if is_below else (-1, y - 1, "mb")
    for seconds, reading in clock.fitting_ticks(start, end, right - left, tick_width_px):
        x = left + (right - left - 1) * (seconds - start) / (end - start)
        if canvas.words(x, edge + down * 11, reading, anchor):
            canvas.tick(x, edge, 0, down)
    canvas.words((left + right) / 2, edge + down * 39, clock.label, anchor)


def _how_known(start_utc: str, start_source: str = "") -> str:
    words = ["to the minute only"] if parse_when(start_utc).precision == "minute" else []
    words += [f"from {start_source}"] if start_source else []
    return f" (the start is known {', '.join(words)})" if words else ""
