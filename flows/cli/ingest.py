"""`marsmedia ingest`: make what is due for the files of a folder of releases."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import counted, no_such_folder
from flows.cli.printing.print_table import size
from flows.cli.shared_options import DRY_RUN, JSON, OF_REPROCESSING, RAW, RECIPES, STORE, run_options
from flows.run.options import Options
from processors.errors import NoStore
from processors.store.new_store import check_new_store
from processors.store.open_store import Location, is_address, is_store, open_store
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.planning.disk_use import DiskUse
    from flows.run.planning.prepare import Prepared
    from flows.run.progress import RunProgress

NO_RAW_YET = "create it and put a release into it, or choose another one"
RELEASES_NAMED = 5
LIGHT = "light"
UNKNOWN = """
SELECT release, count(*) FROM sightings
WHERE gone_utc IS NULL AND mission IS NULL AND earliest_utc IS NULL AND title IS NULL GROUP BY release ORDER BY release
"""
"""Releases that contain files without a mission, a date and a title."""


@click.command()
@RAW
@STORE
@DRY_RUN
@RECIPES
@run_options("recipe", "strict", "hash_all", *OF_REPROCESSING[2:], "new_store")
@JSON
def ingest(raw: Location, store_folder: Location, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Make everything that is due for the files below RAW.

    RAW is the folder "raw" by default, or a place in a bucket, s3://bucket/folder; nothing in it
    is changed. It holds releases, or is itself one: a folder with a release.toml, whose files then
    have the same paths and release as in a run over the folder that holds it.

    Prefect records the run, if something is due or the run fails, where its settings name a server, as
    PREFECT_API_URL does, or while `marsmedia serve` is at work on the store.

    \b
    Exit codes:
      0    everything was made, reused, or refused for a stated reason
      1    something failed
      2    the run could not start
      3    a fault in marsmedia ended the run
      130  interrupted by Ctrl-C; 143: by SIGTERM; 129: by SIGHUP

    \b
    marsmedia ingest --dry-run
    marsmedia ingest raw/june
    marsmedia ingest ../releases/june --store /archive/mars --workers 8
    """
    sys.exit(ingest_folder(raw, store_folder, Options(**options), dry_run=dry_run, as_json=as_json))


def ingest_folder(
    raw: Location, store_folder: Location, options: Options, *, dry_run: bool = False, as_json: bool = False
) -> int:
    """Ingest a folder of releases, or print what is due; return the exit code."""
    from flows.run.working.workers import warm_up, warm_up_for_first_run

    _check_apart(raw, store_folder)
    if not dry_run and options.runner == "local" and isinstance(store_folder, Path) and isinstance(raw, Path):
        warm_up_for_first_run(raw, store_folder)

    from flows.cli.plan_and_run import plan_and_run
    from flows.run.planning.raw_survey import RawSurvey, survey_raw
    from flows.run.planning.unchanged import LastRun, recipe_files, unchanged

    options = replace(options, quiet=options.quiet or as_json)
    if dry_run:
        return _print_due(raw, store_folder, options, as_json=as_json)

    planned: list[Prepared] = []
    surveyed: list[RawSurvey] = []
    loaded_from = recipe_files(options.recipe)

    def as_before(store: Store) -> LastRun | None:
        surveyed.append(survey_raw(raw, options))
        return unchanged(surveyed[0], store, options, lambda one: one.recipe_files == loaded_from)

    def look(store: Store, progress: RunProgress) -> Prepared:
        from flows.run.planning.disk_use import disk_use
        from flows.run.planning.prepare import prepare
        from flows.run.recipe_changes.load_recipes import load_recipes
        from processors.formats import may_have_sound

        if options.runner == "local":
            warm_up(has_sound=any(may_have_sound(file.name) for file in surveyed[0].found))  # while it plans
        recipes = load_recipes(options.recipe)
        planned.append(prepare(raw, store, recipes, progress, options, surveyed=surveyed[0], recipe_files=loaded_from))
        if use := disk_use(planned[-1].plan.due, store):
            click.echo(space(use, options.recipe), err=True)
        return planned[-1]

    def flow() -> Any:
        from flows.ingest import ingest as flow

        return flow(raw=str(raw), store=str(store_folder), return_state=True, **asdict(options))  # type: ignore[call-overload]

    code = plan_and_run(look, store_folder, options, flow, asked=str(raw), as_json=as_json, unchanged=as_before)
    if not as_json and isinstance(raw, Path) and any(prepared.plan.due for prepared in planned):
        advise(raw, store_folder)
    return code


def space(use: DiskUse, recipe: str | None = None) -> str:
    """Describe the expected space of a run with a named recipe, and what to do if there is less."""
    expected = f"about {size(use.result_bytes)}"
    if use.is_rough:
        expected = f"between {size(use.least_bytes)} and {size(use.most_bytes)}"
    words = f"{expected} of results for {size(use.media_bytes)} of media; {size(use.free_bytes)} free"
    if use.result_bytes <= use.free_bytes:
        return words
    if recipe == LIGHT:
        return f"{words}: free some space, or choose another disk with --store"
    return f"{words}: free some space, choose another disk with --store, or make less with --recipe {LIGHT}"


def advise(raw: Path, store_folder: Location) -> None:
    """Print the releases without any description, and the command that creates one; nothing if the store has gone."""
    from processors.sources.scan import printable
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.sql import connect

    try:
        with connect(Catalogue(open_store(store_folder, writes=False))) as connection:
            unknown = connection.execute(UNKNOWN).fetchall()
    except Exception:  # whatever reads a table
        if is_store(store_folder):
            raise
        return  # the run has ended with its report; the next one says that the store is gone
    for release, count in unknown[:RELEASES_NAMED]:
        folder = raw if release == Path(os.path.realpath(raw)).name else raw / release
        if folder.is_dir() and not (folder / "release.toml").exists():
            nothing = f"{release}: {counted(count, 'file')} without mission, date or title"
            command = shlex.join(["marsmedia", "release", "init", str(folder)])
            click.echo(printable(f"{nothing}: describe them with `{command}`"))


def _print_due(raw: Location, store_folder: Location, options: Options, *, as_json: bool) -> int:
    """Print the plan; without a store, plan against an empty one in a temporary folder."""
    from flows.cli.printing.print_plan import print_plan
    from flows.run.planning.disk_use import disk_use
    from flows.run.planning.prepare import prepare
    from flows.run.progress import RunProgress
    from flows.run.recipe_changes.load_recipes import load_recipes

    target = store_folder if isinstance(store_folder, Path) else None
    with ExitStack() as stack:
        try:
            store = open_store(store_folder, writes=False)
        except NoStore:
            check_new_store(store_folder, options.new_store)
            store = Store(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        try:
            with RunProgress(quiet=options.quiet) as progress:
                prepared = prepare(raw, store, load_recipes(options.recipe), progress, options, remember=False)
        except KeyboardInterrupt:
            click.echo("marsmedia: interrupted while hashing; run again", err=True)
            return 130
        for line in () if as_json else (*prepared.emptied_folders, *([prepared.is_empty] if prepared.is_empty else [])):
            click.echo(line)
        code = print_plan(prepared, store, options.worker_count, as_json=as_json) or int(bool(prepared.emptied_folders))
        if not as_json and target and (use := disk_use(prepared.plan.due, store, least_bytes=1, at=target)):
            click.echo(space(use, options.recipe))
        return code


def _known_below(raw: Path, store_folder: Location) -> int:
    """Return how many files the store knows in a folder."""
    from processors.sources.scan import storable
    from processors.store.catalogue.catalogue import Catalogue

    try:
        store = open_store(store_folder, writes=False)
    except NoStore:
        return 0
    return sum(path.startswith(f"{storable(str(raw))}/") for path in Catalogue(store).sources())


def _check_apart(raw: Location, store_folder: Location) -> None:
    if not isinstance(raw, Path):
        if isinstance(store_folder, str) and f"{store_folder}/".startswith(f"{raw.rstrip('/')}/"):
            raise click.UsageError(f"the store {store_folder} is inside {raw}; choose another place with --store")
        return
    inside, outside = Path(os.path.realpath(store_folder)), Path(os.path.realpath(raw))
    if not is_address(store_folder) and inside.is_relative_to(outside):
        raise click.UsageError(f"the store {store_folder} is inside {raw}; choose another place with --store")
    if not raw.exists():
        known = _known_below(outside, store_folder)
        if known:
            raise click.UsageError(
                f"{raw}: no such folder; the store knows {counted(known, 'file')} from it: is its disk mounted?"
            )
        raise click.UsageError(no_such_folder(raw, NO_RAW_YET))
    if not raw.is_dir():
        raise click.UsageError(f"{raw}: not a folder; name the folder that holds the release")
