"""Dates that cannot be true: a recording in the future, or after its release was published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from processors.metadata.times.times import Date
from processors.mission.when import moment_of


def late_date(recorded: Date, dates: Iterable[Date], now: datetime) -> str | None:
    """Return what is wrong with the date of a recording, and what to do; None if it may be true.

    Dates are spans: one is late only if all moments that it may mean are.

    Parameters
    ----------
    dates : all dates of the same file, among them the day on which its release was published, if that is known.
    now : moment with a time zone.
    """
    said, begins = f"recorded {recorded.written} ({recorded.source})", moment_of(recorded.earliest_utc)
    if begins > now:
        return f"{said}, which is in the future: correct the date"
    for one in dates:
        if one.meaning == "released" and begins >= moment_of(one.latest_utc):
            return f"{said}, after it was published {one.written} ({one.source}): correct one of the two"
    return None
