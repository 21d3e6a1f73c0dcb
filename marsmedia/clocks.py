"""Clocks along a recording: UTC, sol and local time on Mars of its presentation times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from processors.mission.mission_time import mission_time
from processors.mission.profile import Profile
from processors.mission.time_on_mars import FIRST_YEAR

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

CLOCKS = {
    "utc": ("text", "UTC; missing where the start of the recording is not known to the minute"),
    "sol": ("1", "the mission's sol; missing where start or mission are not known"),
    "local_mean_solar_time_hours": ("1", "local mean solar time at the landing site, 0 to 24 hours of 1/24 sol"),
    "local_true_solar_time_hours": ("1", "local true solar time at the landing site, 0 to 24 hours of 1/24 sol"),
}
"""Units and descriptions of the columns that `clocks` returns."""


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Clocks of one recording; missing where they are not known."""

    start_utc: datetime | None
    """Moment at which the recording begins."""
    profile: Profile | None
    start_seconds: float = 0.0
    """Presentation time at `start_utc`: 0, or the reading of the file's own clock, as in MPEG-TS."""

    def moment(self, seconds: float) -> datetime:
        """Return the UTC of a presentation time in seconds, where the start is known.

        Raises
        ------
        OverflowError : it is not within the years 1 to 9999.
        """
        assert self.start_utc is not None
        return self.start_utc + timedelta(seconds=seconds - self.start_seconds)

    def at(self, seconds: np.ndarray) -> pd.DataFrame:
        """Return the columns `CLOCKS` at presentation times in seconds, any order.

        Within a recording mean solar time is exactly linear in UTC; the equation of time is taken as linear too, which
        in ten hours differs by less than 0.1 s.
        """
        import numpy as np
        import pandas as pd

        unknown = np.full(len(seconds), np.nan)
        frame = pd.DataFrame(
            {
                "utc": pd.Series(pd.NaT, index=range(len(seconds)), dtype="datetime64[us, UTC]"),
                "sol": pd.array([pd.NA] * len(seconds), "Int64"),
                "local_mean_solar_time_hours": unknown,
                "local_true_solar_time_hours": unknown,
            }
        )
        if self.start_utc is None or not len(seconds):
            return frame
        since_start = seconds - self.start_seconds
        frame["utc"] = (pd.Timestamp(self.start_utc) + pd.to_timedelta(since_start, unit="s")).as_unit("us")
        if self.profile is None or self.start_utc.year < FIRST_YEAR:
            return frame
        first, last = float(since_start.min()), float(since_start.max())
        begins, ends = (mission_time(self.start_utc + timedelta(seconds=one), self.profile) for one in (first, last))
        share = (since_start - first) / (last - first) if last > first else np.zeros(len(seconds))
        sols = (ends.mars_sol_date - begins.mars_sol_date) * share
        mean_hours = begins.local_mean_solar_time_hours + 24 * sols
        apart = ends.equation_of_time_degrees - begins.equation_of_time_degrees
        equation_hours = (begins.equation_of_time_degrees + apart * share) / 15
        assert begins.sol is not None
        frame["sol"] = pd.array(begins.sol + np.floor(mean_hours / 24).astype(int), "Int64")
        frame["local_mean_solar_time_hours"] = mean_hours % 24
        frame["local_true_solar_time_hours"] = (mean_hours + equation_hours) % 24
        return frame
