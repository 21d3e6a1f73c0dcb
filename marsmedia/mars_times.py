"""Times on Mars for moments and sols, by the name of a mission."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from processors.errors import RequestError

if TYPE_CHECKING:
    from processors.mission.mission_time import MissionTime


def mars_time(
    moment: str | datetime, *, mission: str | None = None, longitude_degrees_east: float | None = None
) -> MissionTime:
    """Return the time on Mars of a moment: solar longitude, sol date, local times and, of a mission, its sol.

    Parameters
    ----------
    moment : ISO 8601, to the minute or finer; without an offset it is UTC. A datetime needs a time zone.
    mission : name of a mission or its spacecraft, `tianwen-1` or `Zhurong`; local times are for its landing site.
    longitude_degrees_east : in place of a mission, -360 to 360, planetocentric; 0 without either.

    Raises
    ------
    RequestError : not a moment, no such mission, or both a mission and a longitude.
    """
    from processors.mission.mission_time import mission_named, mission_time, moment_of

    if mission is not None and longitude_degrees_east is not None:
        raise RequestError("give either mission or longitude_degrees_east, not both")
    try:
        profile = mission_named(mission) if mission is not None else None
        return mission_time(moment_of(moment), profile, longitude_degrees_east or 0.0)
    except ValueError as error:
        raise RequestError(str(error)) from error


def utc_of_sol(sol: int, *, mission: str, local_mean_solar_time_hours: float = 0.0) -> datetime:
    """Return the UTC at which a mission's sol has a local mean solar time at the landing site; good to about 10 s.

    Parameters
    ----------
    local_mean_solar_time_hours : 0 to 24 hours of 1/24 sol; 0 is the beginning of the sol.

    Raises
    ------
    RequestError : no such mission, or hours out of range.
    """
    from processors.mission.mission_time import mission_named
    from processors.mission.mission_time import utc_of_sol as moment

    try:
        return moment(sol, mission_named(mission), local_mean_solar_time_hours)
    except ValueError as error:
        raise RequestError(str(error)) from error
