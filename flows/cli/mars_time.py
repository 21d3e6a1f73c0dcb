"""`marsmedia mars-time`: the time on Mars."""

from __future__ import annotations

from datetime import timedelta

import click

from flows.cli.common import print_json
from flows.cli.shared_options import JSON
from processors.mission.mars_time import MarsTime, clock
from processors.mission.mars_time import mars_time as at_moment
from processors.mission.profile import load_profile
from processors.mission.when import BEIJING, When, parse_when


@click.command()
@click.argument("utc")
@click.option("--longitude", type=float, help="Degrees east, planetocentric.  [default: 0]")
@click.option("--mission", help="Name of a mission profile, which has a landing site and counts sols.")
@JSON
def mars_time(utc: str, longitude: float | None, mission: str | None, as_json: bool) -> None:
    """Show the solar longitude, sol date and local time on Mars.

    UTC is a time, taken as UTC unless it has a zone, or a day, whose beginning and end are shown.

    \b
    marsmedia mars-time 2021-05-14T23:18Z --mission tianwen-1
    marsmedia mars-time 2021-06-16 --mission tianwen-1
    marsmedia mars-time 2012-08-06T05:14:39 --longitude 137.4417 --json
    """
    if longitude is not None and mission is not None:
        raise click.UsageError("give either --longitude or --mission, not both")
    try:
        when = parse_when(utc, zone="UTC")
        profile = load_profile(mission) if mission else None
        degrees_east = profile.longitude_degrees_east if profile else longitude or 0.0
        times = [at_moment(moment, degrees_east) for moment in _moments(when)]
        sols = profile.sols(when) if profile else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        answer = {
            "written": utc,
            "precision": when.precision,
            "mission": mission,
            "first_sol": sols[0] if sols else None,
            "last_sol": sols[1] if sols else None,
            "times": times,
        }
        print_json(answer)
        return
    if when.is_leap_second:
        click.echo("23:59:60 is a leap second; the times below are those of 23:59:59")
    if sols and profile:
        click.echo(f"{profile.title} sol {sols[0]}" + (f" or {sols[1]}" if sols[1] != sols[0] else ""))
    for name, time in zip(("begins", "ends") if len(times) > 1 else ("",), times, strict=True):
        _tell(name, time, when)


def _moments(when: When) -> list:
    return [when.instant] if when.instant else [when.earliest_utc, when.latest_utc - timedelta(microseconds=1)]


def _tell(name: str, time: MarsTime, when: When) -> None:
    beijing = parse_when(time.utc).earliest_utc.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    click.echo(f"{name + ' ' if name else ''}{time.utc}  (Beijing {beijing})")
    click.echo(
        f"  Ls {time.solar_longitude_degrees:.5f} deg, MSD {time.mars_sol_date:.5f}, "
        f"equation of time {time.equation_of_time_degrees:.5f} deg"
    )
    click.echo(
        f"  MTC {clock(time.coordinated_mars_time_hours)}, at {time.longitude_degrees_east:g} deg E: "
        f"LMST {clock(time.local_mean_solar_time_hours)}, LTST {clock(time.local_true_solar_time_hours)} "
        f"(good to {time.accuracy_seconds} s)"
    )
