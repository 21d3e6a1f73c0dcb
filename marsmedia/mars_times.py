"""Times on Mars for moments and sols, by the name of a mission."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from marsmedia.arguments import as_number, as_text, as_whole_number
from marsmedia.optional import needed
from processors.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr

    from processors.mission.mission_time import MissionTime
    from processors.mission.profile import Profile

KINDS = "a text such as 2021-05-14T23:18Z, a datetime with a time zone, a numpy.datetime64, or several of these"
TO_THE_MINUTE = "must be a moment, to the minute or finer: 2021-05-14T23:18Z"


@overload
def mars_time(
    moment: str | datetime | np.datetime64, *, mission: str | None = ..., longitude_degrees_east: float | None = ...
) -> MissionTime: ...
@overload
def mars_time(
    moment: Sequence[str] | Sequence[datetime] | np.ndarray | pd.Series | pd.Index | xr.DataArray,
    *,
    mission: str | None = ...,
    longitude_degrees_east: float | None = ...,
) -> pd.DataFrame: ...
def mars_time(
    moment: Any, *, mission: str | None = None, longitude_degrees_east: float | None = None
) -> MissionTime | pd.DataFrame:
    """Return the time on Mars of a moment: solar longitude, sol date, local times and, of a mission, its sol.

    Of a list, array or Series of moments, a DataFrame: a row for each, with the index of the Series, and missing values
    where a moment is missing.

    Parameters
    ----------
    moment : ISO 8601, to the minute or finer; without an offset it is UTC, as are numpy's moments, which have none. A
        datetime needs a time zone.
    mission : name of a mission or its spacecraft, `tianwen-1` or `Zhurong`; local times are for its landing site.
    longitude_degrees_east : in place of a mission, -360 to 360, planetocentric; 0 without either.

    Raises
    ------
    RequestError : not a moment, no such mission, or both a mission and a longitude.
    """
    from processors.mission.mission_time import mission_named

    if mission is not None and longitude_degrees_east is not None:
        raise RequestError("give either mission or longitude_degrees_east, not both")
    degrees_east = as_number(
        "longitude_degrees_east", 0.0 if longitude_degrees_east is None else longitude_degrees_east
    )
    try:
        profile = mission_named(as_text("mission", mission)) if mission is not None else None
        if getattr(moment, "ndim", None) == 0:  # of numpy or xarray: one value of an array
            moment = moment.to_numpy()[()] if hasattr(moment, "to_numpy") else moment[()]
        if isinstance(moment, str | datetime) or not isinstance(moment, Iterable):
            return _mission_time(moment, profile, degrees_east)
        return _of_many(moment, profile, degrees_east)
    except ValueError as error:
        raise RequestError(str(error)) from error


def utc_of_sol(sol: int, *, mission: str, local_mean_solar_time_hours: float = 0.0) -> datetime:
    """Return the UTC at which a mission's sol has a local mean solar time at the landing site; good to about 10 s.

    Parameters
    ----------
    local_mean_solar_time_hours : 0 to 24 hours of 1/24 sol; 0 is the beginning of the sol.

    Raises
    ------
    RequestError : no such mission, the sol is not a whole number, or hours out of range.
    """
    from processors.mission.mission_time import mission_named
    from processors.mission.mission_time import utc_of_sol as moment

    number = as_whole_number("sol", sol)
    hours = as_number("local_mean_solar_time_hours", local_mean_solar_time_hours)
    try:
        return moment(number, mission_named(as_text("mission", mission)), hours)
    except ValueError as error:
        raise RequestError(str(error)) from error


def why_without_start(taken: Mapping[str, Any] | None) -> str:
    """Return why a source has no time on Mars whose start is not known to the minute, and what to do.

    Parameters
    ----------
    taken : the time of recording in its evidence; None if that is unknown.
    """
    to_do = "in release.toml and run `marsmedia ingest`"
    if taken and taken["precision"] in ("minute", "second", "subsecond"):
        known = f"dated to the {taken['precision']}, but its time zone is unknown"
        return f"{known}; give it a `date` with its offset from UTC {to_do}"
    known = f"dated to the {taken['precision']} only" if taken else "its recording time is unknown"
    return f"{known}, but Mars time needs the minute; give it a `date` with its time {to_do}"


def why_without_site(mission: str | None) -> str:
    """Return why a source of this mission, which has no profile, has no local times, and what to do."""
    if not mission:
        return (
            "its mission is unknown, and with it the place for local times; give it a `mission` in release.toml and "
            "run `marsmedia ingest`, or compute them with "
            "`marsmedia.mars_time(source.start_utc, longitude_degrees_east=...)`"
        )
    return (
        f"its mission has no profile, {mission}; the sol and solar time that its label states are in `facts`, and "
        "`marsmedia.mars_time(source.start_utc, longitude_degrees_east=...)` computes local times"
    )


def _mission_time(moment: object, profile: Profile | None, degrees_east: float) -> MissionTime:
    from processors.mission.mission_time import mission_time

    return mission_time(_utc_of(moment), profile, degrees_east)


def _utc_of(moment: object) -> datetime:
    """Return a moment as a datetime with a time zone; raises `ValueError`, which names the parameter."""
    from processors.mission.mission_time import moment_of
    from processors.mission.time_on_mars import FIRST_YEAR

    if isinstance(moment, str | datetime):
        utc = moment_of(moment, parameter="moment")
    elif (dtype := getattr(moment, "dtype", None)) is not None and dtype.kind == "M":
        utc = _utc_of_numpy(moment)
    else:
        raise RequestError(f"moment is {moment!r}: must be {KINDS}")
    if utc.year < FIRST_YEAR:
        raise RequestError(f"moment is {moment!s}: must be {FIRST_YEAR} or later: leap seconds begin there")
    return utc


def _utc_of_numpy(moment: Any) -> datetime:
    import numpy as np

    found = moment.astype("datetime64[us]").item()
    if np.datetime_data(moment)[0] in ("Y", "M", "W", "D", "h") or not isinstance(found, datetime):
        raise RequestError(f"moment is {moment!s}: {TO_THE_MINUTE}")
    return found.replace(tzinfo=UTC)


def _of_many(moments: Any, profile: Profile | None, degrees_east: float) -> pd.DataFrame:
    """Return a row for each moment; missing values where a moment is missing."""
    needed("pandas")
    import pandas as pd

    from processors.mission.mission_time import MissionTime

    if getattr(moments, "ndim", 1) != 1 or isinstance(moments, dict | bytes):
        raise RequestError(f"moment is of the type {type(moments).__name__}: must be {KINDS}, in one dimension")
    values = moments.to_numpy() if hasattr(moments, "to_numpy") else list(moments)
    times = [None if pd.isna(one) else _mission_time(one, profile, degrees_east) for one in values]
    names = [field.name for field in dataclasses.fields(MissionTime)]
    rows = {name: [getattr(time, name) if time else None for time in times] for name in names}
    index = moments.index if isinstance(moments, pd.Series) else None
    frame = pd.DataFrame(rows, index=index)
    frame["utc"] = pd.to_datetime(pd.Series(rows["utc"], index=index, dtype="str"), utc=True, format="ISO8601")
    frame["sol"] = pd.array(rows["sol"], "Int64")
    return frame
