"""`marsmedia serve`: run the schedules on this machine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from flows.cli.shared_options import RAW, STORE


@click.command()
@RAW
@STORE
@click.option(
    "--schedule", "schedules", multiple=True, metavar="NAME=SCHEDULE", help="Override a schedule (repeatable)."
)
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Port of the Prefect UI.")
def serve(raw: Path, store_folder: Path, schedules: tuple[str, ...], port: int) -> None:
    """Run the schedules of prefect.yaml on this machine.

    They are nightly-ingest, weekly-verify and pack; Ctrl-C stops serving. A SCHEDULE is five cron fields,
    'every 6 h', or 'never'. A run that would overlap another is refused; of missed runs, one is made up
    for at the start. With PREFECT_API_URL set, that server is used.

    \b
    marsmedia serve
    marsmedia serve /archive/releases --store /archive/mars \\
      --schedule 'nightly-ingest=30 1 * * *'
    """
    from flows.serving.local_server import prefect_server
    from flows.serving.schedule import timetable, with_words

    planned = with_words(timetable(), schedules)
    places = {"raw": str(raw.absolute()), "store": str(store_folder.absolute())}
    here = {
        name: replace(one, parameters={**one.parameters, **{k: v for k, v in places.items() if k in one.parameters}})
        for name, one in planned.items()
    }
    owns_server = not os.environ.get("PREFECT_API_URL")
    with prefect_server(announce=True, page_port=port):
        click.echo(f"Prefect UI: {os.environ['PREFECT_API_URL'].removesuffix('/api')}")
        for one in here.values():
            when = (one.cron and f"{one.cron} ({one.timezone})") or (one.every and f"every {one.every}")
            click.echo(f"  {one.name:16} {when if when and one.is_active else 'on demand'}")
        click.echo("press Ctrl-C to stop")
        from flows.serving.runner import serve as run

        try:
            run(here, owns_server=owns_server)
        except KeyboardInterrupt:
            click.echo("stopped")
