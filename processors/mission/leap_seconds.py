"""Leap seconds: TAI minus UTC, and the days with a second 23:59:60."""

from __future__ import annotations

from datetime import date, datetime, timedelta

_LEAP_SECONDS = (
    (1972, 1, 10), (1972, 7, 11), (1973, 1, 12), (1974, 1, 13), (1975, 1, 14), (1976, 1, 15), (1977, 1, 16),
    (1978, 1, 17), (1979, 1, 18), (1980, 1, 19), (1981, 7, 20), (1982, 7, 21), (1983, 7, 22), (1985, 7, 23),
    (1988, 1, 24), (1990, 1, 25), (1991, 1, 26), (1992, 7, 27), (1993, 7, 28), (1994, 7, 29), (1996, 1, 30),
    (1997, 7, 31), (1999, 1, 32), (2006, 1, 33), (2009, 1, 34), (2012, 7, 35), (2015, 7, 36), (2017, 1, 37),
)  # fmt: skip
"""TAI - UTC (s) from the first of each month (IERS Bulletin C); the last is valid until another is announced."""


def tai_minus_utc_seconds(utc: datetime) -> int:
    """Return TAI minus UTC (s) at a moment from 1972 on."""
    return next(s for year, month, s in reversed(_LEAP_SECONDS) if (utc.year, utc.month) >= (year, month))


def ends_with_leap_second(day: date) -> bool:
    """Return whether a UTC day has a second 23:59:60."""
    following = day + timedelta(days=1)
    starts = [(year, month) for year, month, _ in _LEAP_SECONDS[1:]]
    return following.day == 1 and (following.year, following.month) in starts
