"""Dates and times as written, with their precision, time zone, and the span of moments that they may mean.

A date remains a span of one day; a time without a zone remains a span of 26 hours. Only `instant` returns a moment,
and only for a time written to the minute or finer with a zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal, get_args

from processors.contract import require
from processors.mission.leap_seconds import ends_with_leap_second

Precision = Literal["year", "month", "day", "minute", "second", "subsecond"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Zone = Literal["UTC", "Beijing", "offset", "unknown"]
BEIJING = timezone(timedelta(hours=8), "Beijing")
LAST_UTC = datetime(9999, 12, 31, tzinfo=UTC)
"""End of dates: a later moment has none in zones ahead of UTC. Databases write the last day where they have no date."""
EARLIEST_ZONE, LATEST_ZONE = timedelta(hours=14), timedelta(hours=-12)
"""Largest offsets of clocks on Earth ahead of and behind UTC."""

_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:[-:](?:(?P<month>\d{2})(?:[-:](?P<day>\d{2}))?|(?P<day_of_year>\d{3})))?"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>\.\d+)?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?|(?P<zone_of_day>Z))?"
)
"""PDS4 allows the zone of UTC behind a year, a month or a day too."""
_BASIC = re.compile(r"^(\d{4})(\d{2})(\d{2})(?=Z?$|T)")
"""The basic format of ISO 8601 for a day; many programs write it as the date of a video."""


@dataclass(frozen=True, kw_only=True)
class When:
    """A span of time that contains the intended moment."""

    written: str
    precision: Precision
    zone: Zone
    earliest_utc: datetime
    latest_utc: datetime
    """The first moment after the span."""
    is_leap_second: bool = False
    """True for a second 23:59:60: `earliest_utc` is then 23:59:59, which Python's datetime can represent."""

    @property
    def instant(self) -> datetime | None:
        """Return the moment, truncated to the precision; None for a day or coarser, or without a time zone."""
        return self.earliest_utc if self.precision in ("minute", "second", "subsecond") and self.zone_known else None

    @property
    def zone_known(self) -> bool:
        return self.zone != "unknown"

    def overlaps(self, other: When) -> bool:
        """Return whether both can mean the same moment."""
        return self.earliest_utc < other.latest_utc and other.earliest_utc < self.latest_utc


def parse_when(written: str, *, precision: str | None = None, zone: str | None = None, parameter: str = "date") -> When:
    """Read ISO 8601 (also day of year, or a day as YYYYMMDD), EXIF's `YYYY:MM:DD HH:MM:SS`, or a part of one.

    Parameters
    ----------
    precision : coarser precision, if the writer states one.
    zone : `UTC` or `Beijing`, if the text itself names none.
    parameter : what messages call it.

    Raises
    ------
    ValueError : not a date, an impossible one, or a precision finer than the text.
    """
    text = written.strip()
    found = _WRITTEN.fullmatch(_BASIC.sub(r"\1-\2-\3", text))
    require(
        found is not None, parameter, written, "must be like 2021-06-16, 2021-05-22T02:40Z or 2021-05-22T10:40+08:00"
    )
    assert found is not None
    part = found.groupdict()
    has = _precision(part)
    wanted: Precision = has if precision is None else _checked(precision)
    require(PRECISIONS.index(wanted) <= PRECISIONS.index(has), "date_precision", precision, f"finer than {written!r}")
    require(zone in (None, "UTC", "Beijing"), "zone", zone, "must be UTC or Beijing")
    offset, name = _zone(part["zone"] or part["zone_of_day"], zone)
    try:
        is_leap_second = part["second"] == "60"
        if is_leap_second:
            part["second"] = "59"
        start, end = _span(part, wanted)
        if is_leap_second:
            _check_leap_second(start, offset)
        if offset is None:
            earliest, latest, name = start - EARLIEST_ZONE, end - LATEST_ZONE, "unknown"
        else:
            earliest, latest = start - offset, end - offset
        if latest > LAST_UTC:
            raise ValueError(f"dates end at {LAST_UTC:%Y-%m-%d}")
        return When(
            written=text,
            precision=wanted,
            zone=name,
            earliest_utc=earliest,
            latest_utc=latest,
            is_leap_second=is_leap_second and wanted in ("second", "subsecond"),
        )
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{parameter} is {written!r}: no such date: {error}") from error


def _check_leap_second(start: datetime, offset: timedelta | None) -> None:
    """Raise `ValueError` for a second 60 without a leap second; without a zone a neighbouring day may have it."""
    days = [(start - offset).date()] if offset is not None else [(start + timedelta(days=n)).date() for n in (-1, 0, 1)]
    at_midnight = offset is None or (start - offset).strftime("%H:%M") == "23:59"
    if not at_midnight or not any(ends_with_leap_second(day) for day in days):
        raise ValueError("there was no leap second then")


def _checked(precision: str) -> Precision:
    require(precision in PRECISIONS, "date_precision", precision, f"must be one of {', '.join(PRECISIONS)}")
    return precision  # type: ignore[return-value]


def _precision(part: dict[str, str | None]) -> Precision:
    if part["hour"]:
        return "subsecond" if part["fraction"] else "second" if part["second"] else "minute"
    return "day" if part["day"] or part["day_of_year"] else "month" if part["month"] else "year"


def _zone(written: str | None, zone: str | None) -> tuple[timedelta | None, Zone]:
    if written in ("Z", "UTC"):
        return timedelta(0), "UTC"
    if written:
        minutes = int(written[1:3]) * 60 + int(written[-2:])
        require(minutes <= 14 * 60, "zone", written, "no clock is that far from UTC")
        return timedelta(minutes=-minutes if written[0] == "-" else minutes), "offset"
    if zone == "UTC":
        return timedelta(0), "UTC"
    return (timedelta(hours=8), "Beijing") if zone == "Beijing" else (None, "unknown")


def _span(part: dict[str, str | None], precision: Precision) -> tuple[datetime, datetime]:
    year = int(part["year"] or 0)
    if precision == "year":
        return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    if part["day_of_year"]:
        start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(part["day_of_year"]) - 1)
        if start.year != year or part["day_of_year"] == "000":
            raise ValueError("day of year is out of range")
    else:
        start = datetime(year, int(part["month"] or 1), int(part["day"] or 1), tzinfo=UTC)
    if precision == "month":
        first = start.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    if precision == "day":
        return start, start + timedelta(days=1)
    start = start.replace(hour=int(part["hour"] or 0), minute=int(part["minute"] or 0))
    if precision == "minute":
        return start, start + timedelta(minutes=1)
    start = start.replace(second=int(part["second"] or 0))
    if precision == "second":
        return start, start + timedelta(seconds=1)
    digits = (part["fraction"] or ".0")[1:7]
    start += timedelta(microseconds=int(digits.ljust(6, "0")))
    return start, start + timedelta(microseconds=10 ** (6 - len(digits)))


def moment_of(utc: str) -> datetime:
    """Return the moment of a time in a record; of a leap second, which is written as second 60, that of second 59."""
    return datetime.fromisoformat(utc.replace(":60", ":59")).astimezone(UTC)
