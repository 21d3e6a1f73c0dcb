"""`marsmedia serve`: run the schedules on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from flows.cli.shared_options import RAW, STORE
from processors.errors import RequestError
from processors.store.open_store import is_address
from processors.store.store import Store


@click.command()
@RAW
@STORE
@click.option(
    "--schedule", "schedules", multiple=True, metavar="NAME=SCHEDULE", help="Override a schedule (repeatable)."
)
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Port of the Prefect UI.")
def serve(raw: Path, store_folder: Path, schedules: tuple[str, ...], port: int) -> None:
    """Run the schedules of prefect.yaml on this machine.

    They are nightly-ingest and weekly-verify; pack and reprocess wait to be started. A SCHEDULE is
    five cron fields, 'every 6 h', or 'never'. A run that would overlap another is refused; one
    run at the start replaces all missed ones. Each run has a line here when it begins and when it ends,
    with what it made and what is wrong. Ctrl-C and SIGTERM stop serving, and the run at work first;
    a second one kills both at once.

    Prefect's server starts with it, unless Prefect's settings name one, as PREFECT_API_URL does. While
    it serves, ingest, reprocess and watch on the same store are recorded there too.

    \b
    marsmedia serve
    marsmedia serve /archive/releases --store /archive/mars \\
      --schedule 'nightly-ingest=30 1 * * *'
    """
    from flows.serving.local_server import prefect_server
    from flows.serving.schedule import timetable, with_overrides
    from flows.serving.server_of_runs import announced, answers, configured_server, recorded_at

    if is_address(store_folder):
        raise RequestError("the schedules of a store in a bucket need a Prefect server and a worker of your own")
    planned = with_overrides(timetable(), schedules)
    places = {"raw": str(raw.absolute()), "store": str(store_folder.absolute())}
    here = {
        name: replace(one, parameters={**one.parameters, **{k: v for k, v in places.items() if k in one.parameters}})
        for name, one in planned.items()
    }
    store = Store(store_folder)
    theirs = configured_server()
    if theirs and not answers(theirs):
        raise RequestError(f"Prefect's server {theirs} does not answer; start it, or unset PREFECT_API_URL")
    with ExitStack() as stack:
        if theirs is None:
            click.echo("Starting Prefect (about 10 s; longer the first time) ...", err=True)
        address = theirs or stack.enter_context(prefect_server(port))
        stack.enter_context(recorded_at(address))
        stack.enter_context(announced(store, address))
        click.echo(f"{places['store']}, from {places['raw']}")
        click.echo(f"Prefect UI: {address.removesuffix('/api')}")
        for one in here.values():
            when = (one.cron and f"{one.cron} ({one.timezone})") or (one.every and f"every {one.every}")
            click.echo(f"  {one.name:16} {when if when and one.is_active else 'on demand'}")
        click.echo("press Ctrl-C to stop")
        from flows.serving.local_schedules import serve_schedules as run

        run(here, click.echo, owns_server=theirs is None)
        click.echo("stopped")
