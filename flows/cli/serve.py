"""`marsmedia serve`: run the schedules on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.shared_options import RAW, RECIPES, STORE, run_options
from processors.errors import RequestError
from processors.sources.scan import in_words, printable
from processors.store.new_store import NewStore
from processors.store.open_store import is_address, open_store

if TYPE_CHECKING:
    from flows.serving.alerts import Alerts
    from flows.serving.schedule import Planned

INGEST, PACK = "nightly-ingest", "pack"
"""Names in the timetable of the run that takes a recipe, and of the one that takes a pack recipe."""


@click.command()
@RAW
@STORE
@RECIPES
@run_options("recipe", "new_store")
@click.option(
    "--schedule", "schedules", multiple=True, metavar="NAME=SCHEDULE", help="Override a schedule (repeatable)."
)
@click.option(
    "--alert",
    metavar="URL",
    envvar="MARSMEDIA_ALERT",
    show_envvar=True,
    help='Post each run that fails, or finds new problems, to this web address, as JSON: {"text": "..."}.',
)
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Port of the Prefect UI.")
def serve(
    raw: Path,
    store_folder: Path,
    recipe: str | None,
    new_store: NewStore,
    schedules: tuple[str, ...],
    alert: str | None,
    port: int,
) -> None:
    """Run the schedules of prefect.yaml on this machine.

    They are nightly-ingest and weekly-verify; pack and reprocess wait to be started. A SCHEDULE is
    five cron fields, 'every 6 h', or 'never'. A run that would overlap another is refused; one
    run at the start replaces all missed ones. Each run has a line here when it begins and when it ends,
    with what it made and what is wrong. Ctrl-C and SIGTERM stop serving, and the run at work first;
    a second one kills both at once.

    --recipe is that of nightly-ingest; the changes of --recipes hold for every run, packs too. --new-store is for
    the start: while it serves, no run begins a new store in place of one that is gone, as with its disk.

    Prefect's server starts with it, unless Prefect's settings name one, as PREFECT_API_URL does. While
    it serves, ingest, reprocess and watch on the same store are recorded there too. A second one on the
    same store, Prefect database or server is refused; for a second store, set PREFECT_HOME and --port.

    --alert posts to the webhook of a chat service, or to a script of yours, what is printed here of a run
    that failed, crashed, or found new files with a problem, such as damage: the counts, and a line for each
    such file. No telemetry is sent.

    \b
    marsmedia serve
    marsmedia serve --alert https://chat.example.org/hooks/mars
    marsmedia serve /archive/releases --store /archive/mars \\
      --recipes mine.toml --schedule 'nightly-ingest=30 1 * * *'
    """
    from flows.serving.end_of_serving import EndOfServing

    with EndOfServing() as end, ExitStack() as stack:
        from flows.run.recipe_changes.load_recipes import load_recipes
        from flows.serving.alerts import Alerts
        from flows.serving.local_server import address_at, database_file, prefect_server
        from flows.serving.recording import recorded_at
        from flows.serving.schedule import timetable, with_overrides
        from flows.serving.server_of_runs import answers, configured_server
        from flows.serving.sole_service import sole_service

        if is_address(store_folder):
            raise RequestError("the schedules of a store in a bucket need a Prefect server and a worker of your own")
        load_recipes(recipe)  # report a mistake in a recipe now, not every night
        places = {"raw": str(raw.absolute()), "store": str(store_folder.absolute())}
        planned = _placed(with_overrides(timetable(), schedules), places, recipe)
        alerts = Alerts(alert, click.echo)
        if not is_address(raw) and not raw.is_dir():
            missing = f"{printable(places['raw'])}: no such folder now; nightly-ingest fails until it is there"
            click.echo(missing, err=True)
        theirs = configured_server()
        if theirs and not answers(theirs):
            raise RequestError(f"Prefect's server {theirs} does not answer; start it, or unset PREFECT_API_URL")
        address = theirs or address_at(port)
        store = open_store(store_folder, new=new_store)
        if store.is_new:  # which stays, even if this service is refused
            click.echo(f"a new store was begun in {printable(places['store'])}")
        here = stack.enter_context(sole_service(store, address, None if theirs else database_file()))
        if theirs is None:
            click.echo("Starting Prefect (about 10 s; longer the first time) ...", err=True)
            stack.enter_context(prefect_server(port))
        stack.enter_context(recorded_at(address))
        from flows.serving.local_schedules import serve_schedules

        def begin() -> None:
            stack.enter_context(here.announced())
            for line in _served(planned, places, recipe, address, alerts):
                click.echo(line)

        serve_schedules(planned, click.echo, alerts, begin, end, owns_server=theirs is None)
        click.echo("stopped")


def _placed(planned: Mapping[str, Planned], places: Mapping[str, str], recipe: str | None) -> dict[str, Planned]:
    """Return the scheduled runs with the folders, and the recipe of nightly-ingest, that were named.

    None of them begins a new store: there is one, or its disk is away.
    """
    here: dict[str, Planned] = {}
    for name, one in planned.items():
        given = {key: place for key, place in places.items() if key in one.parameters}
        if name == INGEST:
            given["new_store"] = "never"
            if recipe:
                given["recipe"] = recipe
        here[name] = replace(one, parameters={**one.parameters, **given})
    return here


def _served(
    planned: Mapping[str, Planned], places: Mapping[str, str], recipe: str | None, address: str, alerts: Alerts
) -> Iterator[str]:
    """Yield what is served, with which recipes, where and when, and what keeps a scheduled pack from being built."""
    from flows.run.folder_defaults import recipe_file

    yield f"{places['store']}, from {places['raw']}"
    if file := recipe_file():
        yield f"recipe file: {printable(str(file.absolute()))}"
    if recipe:
        yield f"recipe: {recipe}"
    if alerts.host:
        yield f"alerts: posted to {alerts.host}"
    yield f"Prefect UI: {address.removesuffix('/api')}"
    for one in planned.values():
        when = (one.cron and f"{one.cron} ({one.timezone})") or (one.every and f"every {one.every}")
        is_scheduled = bool(when) and one.is_active
        yield f"  {one.name:16} {when if is_scheduled else 'on demand'}"
        if is_scheduled and one.name == PACK:
            yield from (f"    {line}" for line in _mistakes(one.parameters["recipe"]))
    yield "press Ctrl-C to stop"


def _mistakes(recipe: str) -> list[str]:
    """Return why no pack can be built from a pack recipe, in lines; none if it is well."""
    from flows.run.build_pack import recipe_of

    try:
        recipe_of([recipe])
    except (RequestError, OSError) as error:
        no_file = f"; write it with `{shlex.join(['marsmedia', 'pack', 'init', recipe])}`"
        return f"{in_words(error)}{'' if Path(recipe).exists() else no_file}".splitlines()
    return []
