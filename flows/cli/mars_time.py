"""`marsmedia mars-time`: the time on Mars."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from flows.cli.common import print_json
from flows.cli.shared_options import JSON
from processors.contract import require
from processors.languages.text import FALLBACK
from processors.mission.mission_time import mission_named, utc_of_sol
from processors.mission.sol_words import is_before_landing, sol_span
from processors.mission.time_on_mars import MarsTime, format_clock
from processors.mission.time_on_mars import mars_time as at_moment
from processors.mission.when import BEIJING, When, parse_when


@click.command()
@click.argument("utc", default="now")
@click.option("--longitude", type=float, help="Degrees east, planetocentric.  [default: 0]")
@click.option("--mission", help="A mission, spacecraft or rover with a profile: its landing site, its count of sols.")
@click.option("--sol", type=int, help="A sol of the mission, in place of UTC.")
@click.option("--lmst", default="00:00", show_default=True, help="Local mean solar time of that sol.")
@JSON
def mars_time(
    utc: str, longitude: float | None, mission: str | None, sol: int | None, lmst: str, as_json: bool
) -> None:
    """Show the solar longitude, sol date and local time on Mars.

    UTC is `now`, a time, taken as UTC unless it has a zone, or a day, whose beginning and end are shown.
    With --sol, show when that sol is.

    \b
    marsmedia mars-time now --mission zhurong
    marsmedia mars-time --mission zhurong --sol 50 --lmst 14:30
    marsmedia mars-time 2021-05-14T23:18Z --mission tianwen-1
    marsmedia mars-time 2021-06-16 --mission tianwen-1
    marsmedia mars-time 2012-08-06T05:14:39 --longitude 137.4417 --json
    """
    if longitude is not None and mission is not None:
        raise click.UsageError("give either --longitude or --mission, not both")
    if sol is not None and mission is None:
        raise click.UsageError("--sol needs --mission: each mission counts its own sols")
    try:
        profile = mission_named(mission) if mission else None
        if sol is not None and profile:
            utc = f"{utc_of_sol(sol, profile, _hours(lmst)):%Y-%m-%dT%H:%M:%S.%fZ}"
        elif utc == "now":
            utc = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        when = parse_when(utc, zone="UTC")
        degrees_east = profile.longitude_degrees_east if profile else longitude or 0.0
        times = [at_moment(moment, degrees_east) for moment in _moments(when)]
        sols = profile.sols(when) if profile else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        answer = {
            "written": utc,
            "precision": when.precision,
            "mission": profile.name if profile else None,
            "first_sol": sols[0] if sols else None,
            "last_sol": sols[1] if sols else None,
            "times": times,
        }
        print_json(answer)
        return
    if when.is_leap_second:
        click.echo("23:59:60 is a leap second; the times below are those of 23:59:59")
    if sols and profile:
        click.echo(f"{profile.title[FALLBACK]} {_sols_in_words(profile.name, *sols)}")
    for name, time in zip(("begins", "ends") if len(times) > 1 else ("",), times, strict=True):
        _print(name, time, when)


def _sols_in_words(mission: str, first: int, last: int) -> str:
    if is_before_landing(mission, first):
        return sol_span(mission, first, last)[FALLBACK]
    return f"sol {first}" + (f" or {last}" if last != first else "")


def _hours(clock_time: str) -> float:
    """Return the hours of "14:30", "14:30:15" or "14:30:15.25" of a local solar day."""
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?", clock_time, re.ASCII)
    require(found is not None, "lmst", clock_time, "must be a time of day such as 14:30")
    assert found is not None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours + minutes / 60 + seconds / 3600


def _moments(when: When) -> list:
    return [when.instant] if when.instant else [when.earliest_utc, when.latest_utc - timedelta(microseconds=1)]


def _print(name: str, time: MarsTime, when: When) -> None:
    beijing = parse_when(time.utc).earliest_utc.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    click.echo(f"{name + ' ' if name else ''}{time.utc}  (Beijing {beijing})")
    click.echo(
        f"  Ls {time.solar_longitude_degrees:.5f} deg, MSD {time.mars_sol_date:.5f}, "
        f"equation of time {time.equation_of_time_degrees:.5f} deg"
    )
    click.echo(
        f"  MTC {format_clock(time.coordinated_mars_time_hours)}, at {time.longitude_degrees_east:g} deg E: "
        f"LMST {format_clock(time.local_mean_solar_time_hours)}, LTST {format_clock(time.local_true_solar_time_hours)} "
        f"(good to {time.accuracy_seconds} s)"
    )
