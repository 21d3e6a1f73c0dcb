"""`marsmedia mars-time` and `marsmedia release init`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from processors.mission.mars_time import MarsTime, clock, mars_time
from processors.mission.profile import load_profile
from processors.mission.when import BEIJING, When, parse_when


def mars_time_of(written: str, longitude_degrees_east: float | None, mission: str | None, *, as_json: bool) -> None:
    """Print the time on Mars; a day is answered with its first and last moment, never with one."""
    if longitude_degrees_east is not None and mission is not None:
        raise click.UsageError("give either --longitude or --mission, not both")
    try:
        when = parse_when(written, zone="UTC")
        profile = load_profile(mission) if mission else None
        longitude = profile.longitude_degrees_east if profile else longitude_degrees_east or 0.0
        times = [mars_time(moment, longitude) for moment in _moments(when)]
        sols = profile.sols(when) if profile else None
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        answer = {
            "written": written,
            "precision": when.precision,
            "mission": mission,
            "first_sol": sols[0] if sols else None,
            "last_sol": sols[1] if sols else None,
            "times": [asdict(time) for time in times],
        }
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    if when.is_leap_second:
        click.echo("23:59:60 is a leap second; the times below are of 23:59:59")
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


def release_init(folder: Path, *, mission: str | None, force: bool) -> None:
    """Write a template `release.toml` that lists the media in a folder."""
    from processors.metadata.release_template import template

    target = folder / "release.toml"
    if not folder.is_dir():
        raise click.UsageError(f"{folder}: no such folder")
    if target.exists() and not force:
        raise click.UsageError(f"{target}: there already: edit it, or replace it with --force")
    try:
        text = template(folder, mission=mission)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    target.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}: fill in what the agency says, and leave out what it does not")


def release_check(folder: Path) -> int:
    """Name every mistake in a folder's `release.toml`; gives the exit code."""
    from processors.metadata.release_file import read_release
    from processors.sources.scan import printable

    release = read_release((folder / "release.toml").read_bytes())
    mistakes = [(problem.line, str(problem)) for problem in release.problems]
    mistakes += [
        (line, f"release.toml, line {line}: {path!r} is not in the release")
        for path, line in release.lines.items()
        if not (folder / path).is_file()
    ]
    for _, mistake in sorted(mistakes):
        click.echo(printable(mistake))
    if not mistakes:
        click.echo(f"{folder / 'release.toml'}: {len(release.files)} files described, nothing wrong")
    return 1 if mistakes else 0
