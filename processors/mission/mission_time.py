"""A mission's own time on Mars: the Mars time at its landing site with the number of the sol, and back to UTC."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from processors.contract import require
from processors.errors import closest
from processors.mission.leap_seconds import tai_minus_utc_seconds
from processors.mission.profile import Profile, load_profile, profile_called, profile_names
from processors.mission.time_on_mars import J2000, TT_MINUS_TAI_SECONDS, MarsTime, days_at, mars_time
from processors.mission.when import parse_when

FIRST_DAYS = (datetime(1972, 1, 2, tzinfo=UTC) - J2000) / timedelta(days=1)
LAST_DAYS = (datetime(9999, 1, 1, tzinfo=UTC) - J2000) / timedelta(days=1)
"""Days since J2000 between which a sol has a UTC."""


@dataclass(frozen=True, kw_only=True)
class MissionTime(MarsTime):
    """One moment on Mars, counted by a mission; local times are for its landing site."""

    mission: str | None
    """Name of the profile; None for a moment of no mission."""
    sol: int | None
    """Number of the local mean solar day as the mission counts it; None without a mission."""


def mission_named(words: str) -> Profile:
    """Return the profile of the mission or spacecraft with this name: `tianwen-1`, `Zhurong`, `祝融`.

    Raises
    ------
    ValueError : no mission has that name; the message says which one is close, or lists those that exist.
    """
    profile = profile_called(words)
    if profile is None:
        known = (name.casefold() for one in profile_names() for name in load_profile(one).called)
        close = closest(words.casefold(), known)
        rule = f"did you mean {close}?" if close else f"must be one of {', '.join(profile_names())}"
        raise ValueError(f"mission is {words!r}: {rule}")
    return profile


def moment_of(written: str | datetime, parameter: str = "utc") -> datetime:
    """Return a moment as a datetime; text without a time zone is UTC.

    Parameters
    ----------
    parameter : what messages call it.

    Raises
    ------
    ValueError : not a time, coarser than a minute, or a datetime without a time zone.
    """
    if isinstance(written, datetime):
        require(written.tzinfo is not None, parameter, written.isoformat(), "must have a time zone")
        return written
    moment = parse_when(written, zone="UTC", parameter=parameter).instant
    require(moment is not None, parameter, written, "must be a moment, to the minute or finer: 2021-05-14T23:18Z")
    assert moment is not None
    return moment


def mission_time(utc: datetime, profile: Profile | None = None, longitude_degrees_east: float = 0.0) -> MissionTime:
    """Return the Mars time of a moment, with the mission's sol.

    Parameters
    ----------
    utc : with a time zone; from 1972 on.
    longitude_degrees_east : if no mission is given; otherwise that of the landing site.

    Raises
    ------
    ValueError : as `mars_time`.
    """
    time = mars_time(utc, profile.longitude_degrees_east if profile else longitude_degrees_east)
    fields = {field.name: getattr(time, field.name) for field in dataclasses.fields(time)}
    return MissionTime(**fields, mission=profile.name if profile else None, sol=profile.sol(utc) if profile else None)


@functools.cache
def landing_sol_begins(mission: str) -> datetime:
    """Return the UTC at which the first sol of a mission with a profile begins at its landing site."""
    profile = load_profile(mission)
    return utc_of_sol(profile.landing_sol, profile)


def utc_of_sol(sol: int, profile: Profile, local_mean_solar_time_hours: float = 0.0) -> datetime:
    """Return the UTC at which a sol has a local mean solar time at the landing site: the inverse of `mission_time`.

    Good to `ACCURACY_SECONDS`; rounded up to a millisecond, so that hour 0 is in the sol that it begins.

    Parameters
    ----------
    local_mean_solar_time_hours : 0 (the sol begins) to 24 (the next one begins), each 1/24 of a sol.

    Raises
    ------
    ValueError : the hours are out of range, or the sol is not in the years 1972, when leap seconds begin, to 9998.
    """
    hours = local_mean_solar_time_hours
    require(0 <= hours <= 24, "local_mean_solar_time_hours", hours, "must be from 0 to 24")
    days = days_at(sol + profile.sol_offset + hours / 24 - profile.longitude_degrees_east / 360)
    require(FIRST_DAYS <= days <= LAST_DAYS, "sol", sol, "must be in the years 1972 to 9998")
    utc = terrestrial = J2000 + timedelta(milliseconds=math.ceil(days * 86_400_000))
    for _ in range(2):  # the second time with the leap seconds of that UTC
        utc = terrestrial - timedelta(seconds=TT_MINUS_TAI_SECONDS + tai_minus_utc_seconds(utc))
    return utc
