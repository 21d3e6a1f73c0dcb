"""Time on Mars for a UTC moment: solar longitude, sol date, local mean and true solar time.

Allison & McEwan 2000 (doi:10.1016/S0032-0633(99)00092-6) with the coefficients of NASA GISS Mars24, "Algorithm and
Worked Examples". Accurate to about 10 s from around 2000 to 2040.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from processors.contract import require
from processors.mission.leap_seconds import tai_minus_utc_seconds

ACCURACY_SECONDS = 10
SECONDS_OF_DAY = 86400
TT_MINUS_TAI_SECONDS = 32.184
SOL_IN_DAYS = 1.0274912517
FIRST_YEAR = 1972
"""First year with leap seconds in UTC; no Mars time is computed for earlier ones."""
J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
"""Epoch J2000, Julian date 2451545.0."""

MARS_SOL_DATE_AT_4_5_DAYS = 44796.0 - 0.0009626
"""Mars sol date 4.5 days after J2000, when mean midnight at longitude 0 fell on midnight TT but for 0.0009626 sols."""

_PERTURBERS = (
    (0.0071, 2.2353, 49.409), (0.0057, 2.7543, 168.173), (0.0039, 1.1177, 191.837), (0.0037, 15.7866, 21.736),
    (0.0021, 2.1354, 15.704), (0.0020, 2.4694, 95.528), (0.0018, 32.8493, 49.095),
)  # fmt: skip
"""Amplitude (degrees), period (Julian years) and phase (degrees) of the planetary perturbations."""


@dataclass(frozen=True, kw_only=True)
class MarsTime:
    """One moment on Mars; local times are for `longitude_degrees_east`."""

    utc: str
    longitude_degrees_east: float
    tt_minus_utc_seconds: float
    solar_longitude_degrees: float
    """Ls, 0 to 360; 0 is the northern spring equinox."""
    equation_of_time_degrees: float
    """True minus mean solar time; 15 degrees are one hour."""
    mars_sol_date: float
    coordinated_mars_time_hours: float
    """MTC: mean solar time at longitude 0, 0 to 24 hours of 1/24 sol."""
    local_mean_solar_time_hours: float
    local_true_solar_time_hours: float
    accuracy_seconds: int = ACCURACY_SECONDS


def mars_time(utc: datetime, longitude_degrees_east: float = 0.0) -> MarsTime:
    """Return the Mars time of a moment.

    Parameters
    ----------
    utc : with a time zone; from 1972 on, when leap seconds begin.
    longitude_degrees_east : -360 to 360, planetocentric.

    Raises
    ------
    ValueError : the moment has no time zone or is before 1972, or the longitude is out of range.
    """
    require(utc.tzinfo is not None, "utc", utc.isoformat(), "must have a time zone")
    moment = utc.astimezone(UTC)
    require(moment.year >= FIRST_YEAR, "utc", utc.isoformat(), "must be 1972 or later: leap seconds begin there")
    require(
        -360 <= longitude_degrees_east <= 360,
        "longitude_degrees_east",
        longitude_degrees_east,
        "must be from -360 to 360",
    )
    offset_seconds = TT_MINUS_TAI_SECONDS + tai_minus_utc_seconds(moment)
    days = ((moment - J2000).total_seconds() + offset_seconds) / SECONDS_OF_DAY
    from_mean, solar_longitude = _sun(days)
    equation = _equation_of_time(solar_longitude, from_mean)
    sol_date = (days - 4.5) / SOL_IN_DAYS + MARS_SOL_DATE_AT_4_5_DAYS
    mtc = 24 * (sol_date % 1)
    mean = mtc + longitude_degrees_east / 15
    return MarsTime(
        utc=moment.isoformat().replace("+00:00", "Z"),
        longitude_degrees_east=longitude_degrees_east,
        tt_minus_utc_seconds=round(offset_seconds, 3),
        solar_longitude_degrees=solar_longitude,
        equation_of_time_degrees=equation,
        mars_sol_date=sol_date,
        coordinated_mars_time_hours=mtc,
        local_mean_solar_time_hours=mean % 24,
        local_true_solar_time_hours=(mean + equation / 15) % 24,
    )


def days_at(mars_sol_date: float) -> float:
    """Return the days of terrestrial time since J2000 of a Mars sol date: the inverse of `MarsTime.mars_sol_date`."""
    return (mars_sol_date - MARS_SOL_DATE_AT_4_5_DAYS) * SOL_IN_DAYS + 4.5


def format_clock(hours: float) -> str:
    """Format 0 to 24 hours as `HH:MM:SS`, to the nearest second, as in the published examples."""
    seconds = round(hours * 3600) % SECONDS_OF_DAY
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _sun(days: float) -> tuple[float, float]:
    """Return true minus mean anomaly and the solar longitude, degrees."""
    anomaly = math.radians(19.3871 + 0.52402073 * days)
    fictitious = 270.3871 + 0.524038496 * days
    pull = sum(a * math.cos(math.radians(0.985626 * days / tau + phi)) for a, tau, phi in _PERTURBERS)
    from_mean = (
        (10.691 + 3e-7 * days) * math.sin(anomaly)
        + 0.623 * math.sin(2 * anomaly)
        + 0.050 * math.sin(3 * anomaly)
        + 0.005 * math.sin(4 * anomaly)
        + 0.0005 * math.sin(5 * anomaly)
        + pull
    )
    return from_mean, (fictitious + from_mean) % 360


def _equation_of_time(solar_longitude: float, from_mean: float) -> float:
    ls = math.radians(solar_longitude)
    return 2.861 * math.sin(2 * ls) - 0.071 * math.sin(4 * ls) + 0.002 * math.sin(6 * ls) - from_mean
