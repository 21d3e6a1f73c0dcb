"""`marsmedia serve`: the timetable, on this machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from flows.serving.local_server import prefect_server
from flows.serving.schedule import timetable, with_words


def serve(raw: Path, store_folder: Path, schedules: tuple[str, ...], *, port: int) -> None:
    """Serve until Ctrl-C."""
    planned = with_words(timetable(), schedules)
    places = {"raw": str(raw.absolute()), "store": str(store_folder.absolute())}
    here = {
        name: replace(one, parameters={**one.parameters, **{k: v for k, v in places.items() if k in one.parameters}})
        for name, one in planned.items()
    }
    owns_server = not os.environ.get("PREFECT_API_URL")
    with prefect_server(announce=True, page_port=port):
        click.echo(f"Prefect's page: {os.environ['PREFECT_API_URL'].removesuffix('/api')}")
        for one in here.values():
            when = (one.cron and f"{one.cron} ({one.timezone})") or (one.every and f"every {one.every}")
            click.echo(f"  {one.name:16} {when if when and one.is_active else 'on demand'}")
        click.echo("Ctrl-C ends it")
        from flows.serving.runner import serve as run

        try:
            run(here, owns_server=owns_server)
        except KeyboardInterrupt:
            click.echo("ended")
