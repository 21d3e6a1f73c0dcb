"""Invalid dates: blanks, zeros, and the start of a clock that was never set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from processors.metadata.times.written_dates import in_iso_order

CLOCK_ZEROS = {
    datetime(1, 1, 1): ".NET and Go",
    datetime(1601, 1, 1): "Windows",
    datetime(1904, 1, 1): "QuickTime and MP4",
    datetime(1970, 1, 1): "Unix",
    datetime(1980, 1, 1): "FAT and ZIP",
    datetime(1980, 1, 6): "GPS",
}
"""Epochs of formats: a writer that does not know the time writes 0, which reads as this moment."""
WEST, EAST, STEP = timedelta(hours=-12), timedelta(hours=14), timedelta(minutes=15)
"""Maximum offset of a time zone from UTC, in steps of a quarter of an hour: a local clock shows 0 at such an offset."""

TIME_BESIDE = {"bext:originationdate": "bext:OriginationTime", "container:date": "container:creation_time"}
"""Tags of a day, in small letters, whose time of day is in another tag; FFmpeg has its own names for those of BWF."""

_MOMENT = re.compile(
    r"(\d{4}[-:]\d{2}[-:]\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.0*)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)


def is_blank(text: str) -> bool:
    """Return whether a date is left open: blanks, zeros, the year 0, or a time of day alone."""
    return (
        re.fullmatch(r"[\s\x00:./TZ0-]*|\s*0000[-:].*|\s*\d{2}[-_:. ]\d{2}([-_:. ]\d{2})?\s*", text, re.DOTALL)
        is not None
    )


def begins_with_year(text: str) -> bool:
    """Return whether the text begins with a year of four digits."""
    return re.match(r"\s*(\d{4}|\d{8})(?!\d)", text) is not None


def holds_a_date(text: str) -> bool:
    """Return whether the text is neither blank nor the zero of a clock."""
    return not is_blank(text) and clock_at_zero(text) is None


def clock_at_zero(text: str) -> str | None:
    """Return the format whose epoch this is, in any time zone; None for other dates.

    A day or a year alone was written by a person: only a time to the minute or finer is from a clock. The stated zone
    does not count, as many writers call local time UTC.
    """
    found = _MOMENT.fullmatch(in_iso_order(text))
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(f"{found[1].replace(':', '-')}T{found[2]}{found[3] or ':00'}")
    except ValueError:
        return None
    for zero, clock in CLOCK_ZEROS.items():
        if WEST <= moment - zero <= EAST and (moment - zero) % STEP == timedelta(0):
            return clock
    return None


def with_time_beside(place: str, text: str, written: Mapping[str, str]) -> str:
    """Return a day with the time of day from another tag of its file; other text unchanged.

    Parameters
    ----------
    place : namespace and name of the tag, such as `bext:OriginationDate`.
    written : the text of each tag of the file, by place.
    """
    time = re.fullmatch(
        r"(\d{2})[-_:. ](\d{2})[-_:. ](\d{2})", written.get(TIME_BESIDE.get(place.casefold(), ""), "").strip()
    )
    return f"{text.strip()}T{time[1]}:{time[2]}:{time[3]}" if time else text
