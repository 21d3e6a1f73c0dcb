"""The commands that need no store: what a release says of its files, and the time on Mars."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.options import JSON


@click.command("mars-time")
@click.argument("utc")
@click.option("--longitude", type=float, help="Degrees east, planetocentric.  [default: 0]")
@click.option("--mission", help="A mission profile: its site and its count of sols.")
@JSON
def mars_time(utc: str, longitude: float | None, mission: str | None, as_json: bool) -> None:
    """Solar longitude, sol date and local solar time on Mars at UTC.

    A time without a zone is taken as UTC; a day is answered with its beginning and its end.

    \b
    marsmedia mars-time 2021-05-14T23:18Z --mission tianwen-1
    marsmedia mars-time 2021-06-16 --mission tianwen-1
    marsmedia mars-time 2012-08-06T05:14:39 --longitude 137.4417 --json
    """
    from flows.cli import mission as run

    run.mars_time_of(utc, longitude, mission, as_json=as_json)


@click.group()
def release() -> None:
    """Describe a release: what its agency says of each file."""


@release.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--mission", help="A mission profile, as tianwen-1.")
@click.option("--force", is_flag=True, help="Replace a release.toml that is there.")
def release_init(folder: Path, mission: str | None, force: bool) -> None:
    """Write a template FOLDER/release.toml that lists the files in FOLDER.

    \b
    marsmedia release init raw/june --mission tianwen-1
    """
    from flows.cli import mission as run

    run.release_init(folder, mission=mission, force=force)


@release.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
def release_check(folder: Path) -> None:
    """Check FOLDER/release.toml: every mistake with its line. Exit code 1 if there is one."""
    from flows.cli import mission as run

    sys.exit(run.release_check(folder))
