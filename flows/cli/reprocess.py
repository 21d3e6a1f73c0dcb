"""`marsmedia reprocess`: make selected results of selected sources with other parameters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import open_existing_store, print_remarks, print_some
from flows.cli.completion import complete_processors
from flows.cli.shared_options import DRY_RUN, JSON, OF_REPROCESSING, RECIPES, SELECTION, SETTINGS, STORE, run_options
from flows.run.options import Options
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.store.by_name_view import ByNameEntry
    from processors.store.store import Store

FOLDERS_SHOWN = 20


@click.command()
@SELECTION
@click.option(
    "--processor",
    "processors",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_processors,
    help="Use only this processor (repeatable).",
)
@SETTINGS
@STORE
@RECIPES
@DRY_RUN
@run_options(*OF_REPROCESSING)
@click.option("--keep", "is_kept", is_flag=True, help="Protect the new results from `marsmedia prune`.")
@JSON
def reprocess(
    selection: tuple[str, ...],
    processors: tuple[str, ...],
    settings: tuple[str, ...],
    store_folder: Path,
    dry_run: bool,
    is_kept: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make results again with other parameters.

    Existing results stay, and the folder of each new one is printed. SELECTION is as in
    `marsmedia items`; without it, every source is reprocessed. Without --processor, all of the
    recipe is made: of the full one, unless --recipe or a recipe file names another. Parameters of the
    results that a processor builds on can be set too: --set shots.cut_ratio=4 with video.stills.

    Prefect records the run if its settings name a server, as PREFECT_API_URL does, or while
    `marsmedia serve` is at work on the store.

    \b
    marsmedia reprocess medium=video --processor video.frames \\
      --set every_seconds=0.5 --dry-run
    marsmedia reprocess 'drive-off*' --processor audio.spectrogram \\
      --set window_samples=4096 --set window=hamming
    marsmedia reprocess sol=10..40 --processor photo.preview \\
      --set longest_sides_px=640,1600
    marsmedia reprocess june/descent.mp4 --recipe light
    """
    from flows.cli.plan_and_run import reprocess_chosen
    from flows.cli.printing.print_plan import print_plan
    from flows.run.planning.select import ReprocessRequest, prepare_chosen
    from flows.run.planning.shard import Shard
    from processors.engine.parameters import parse_settings

    options["quiet"] = options["quiet"] or as_json
    chosen = Options(**options)
    shard = Shard.parse(chosen.shard)
    request = ReprocessRequest(
        words=selection, processors=processors, settings=parse_settings(settings), recipe=chosen.recipe
    )
    store = open_existing_store(store_folder)
    if dry_run:
        prepared = prepare_chosen(request, store, retry_failed=chosen.retry_failed, remember=False, shard=shard)
        print_remarks(prepared.remarks)
        sys.exit(print_plan(prepared, store, chosen.worker_count, as_json=as_json))

    code, entries = reprocess_chosen(request, store_folder, chosen, as_json=as_json)
    made_in = open_existing_store(store_folder)  # with what the run has made
    if is_kept:
        _keep(entries, made_in)
    if not as_json and processors:
        _print_folders(entries, made_in)
    if settings:
        _name_successors(processors)
    sys.exit(code)


def _name_successors(processors: Sequence[str]) -> None:
    """Name the processors that make former items of the requested ones now: they do not follow settings of these."""
    from processors.packs.presentation import made_now_by

    for name in processors:
        for other in made_now_by(name):
            command = f"`marsmedia processors {other}` lists its parameters"
            click.echo(f"marsmedia: {name}: {other} makes some of its former items now; {command}", err=True)


def _keep(entries: list[ByNameEntry], store: Store) -> None:
    from processors.store.kept_results import keep_results

    keep_results((one.ref for entry in entries for one in entry.others if store.has(one.ref)), store)


def _print_folders(entries: list[ByNameEntry], store: Store) -> None:
    """Print the locations of the requested results, new or not."""
    asked = [(entry.links_folder(store) / one.name, one.ref) for entry in entries for one in entry.others]
    if store.is_in_folder:
        there = [str(folder) for folder in dict.fromkeys(folder for folder, _ in asked) if folder.exists()]
    else:
        there = list(dict.fromkeys(store.where(ref) for _, ref in asked if store.has(ref)))
    print_some([printable(folder) for folder in there], FOLDERS_SHOWN, "... and {} more folders")
