"""`marsmedia prune`: remove results that are no longer wanted."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json
from flows.cli.shared_options import JSON, RECIPES, STORE, YES, run_options
from processors.contract import asks_release
from processors.errors import RecipeError
from processors.sources.scan import printable
from processors.store.manifest import ResultRef
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    from processors.engine.recipe_book import RecipeBook
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.manifest import Manifest
    from processors.store.store import Store


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@YES
@run_options("quiet")
@STORE
@RECIPES
@JSON
def prune(dry_run: bool, yes: bool, quiet: bool, store_folder: Path, as_json: bool) -> None:
    """Remove results that no recipe requests and no pack holds.

    Shows them first and asks. Without --recipes, what the recipe file of the last run over a folder of releases
    asks for stays too.

    \b
    marsmedia prune --dry-run
    marsmedia prune --yes
    """
    from flows.run.planning.known_files import by_name_entries, known_files
    from flows.run.progress import RunProgress
    from processors.engine.recipe_book import processors_of
    from processors.engine.release_index import ReleaseIndex
    from processors.engine.wanted_results import WantedResults
    from processors.packs.registry import packed_results
    from processors.store.by_name_view import rebuild_by_name
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.complete_sources import forget_complete
    from processors.store.kept_results import kept_results

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    rows = known_files(catalogue)
    releases = ReleaseIndex(rows)
    books = _recipes(store)
    by_release = {one.name for book in books for one in processors_of(book) if book.asks_camera or asks_release(one)}
    asked = [WantedResults(book, releases) for book in books]
    lost = {row.digest for row in rows if any(one.is_release_lost(row) for one in asked)}
    wanted = {one.ref for each in asked for row in rows if row.kind == "media" for one in each.of(row)}
    wanted |= _evidence(catalogue)
    # results made with a release file that cannot be read now are kept
    known = catalogue.table("results", ["verdict"]).num_rows
    with RunProgress(quiet=quiet or as_json) as progress:
        every = progress.each("Reading results", store.manifests(), known, noun="result")
        unwanted = [
            m for m in every if m.ref not in wanted and not (m.ref.source in lost and m.ref.processor in by_release)
        ]
    packed = packed_results(store)
    kept = kept_results(store)
    old = [one for one in unwanted if one.ref not in packed and one.ref not in kept]
    _print_old(old, store, as_json=as_json, removed=not dry_run and yes)
    if not as_json:
        _print_held(old, unwanted, packed)
    if dry_run or (old and not (yes or (not as_json and click.confirm("remove them?")))):
        return
    store.remove_unnamed()
    if not old:
        return
    catalogue.remove_results([m.ref for m in old])
    with RunProgress(quiet=quiet or as_json) as progress:
        store.remove_all(m.ref for m in progress.each("Removing results", old, len(old), noun="result"))
        forget_complete(store, (manifest.ref.source for manifest in old))
        rebuild_by_name(store, by_name_entries(rows, asked[-1], catalogue), catalogue.not_made(), progress.each)
    if not as_json:
        click.echo(f"removed {counted(len(old), 'result')}")


def _recipes(store: Store) -> list[RecipeBook]:
    """Return the recipes of the recipe file in use; without one, those that stand, then those of the last runs.

    Raises
    ------
    RecipeError : a recipe file is wrong, or that of a last run cannot be read.
    """
    from flows.run.folder_defaults import recipe_file
    from flows.run.recipe_changes.load_recipes import load_recipes, load_recipes_of
    from flows.run.reporting.recorded_problems import recipe_files_of_last_runs

    books = [load_recipes()]
    for raw, file in {} if recipe_file() else recipe_files_of_last_runs(store).items():
        try:
            books.append(load_recipes_of(Path(file)))
        except RecipeError as error:
            raise RecipeError(
                f"{printable(str(error))}; the last run over {printable(raw)} used this file; name the one to go by "
                "with --recipes, or run `marsmedia ingest` without it first"
            ) from error
    return books


def _print_old(old: Sequence[Manifest], store: Store, *, as_json: bool, removed: bool) -> None:
    size = sum(item.size_bytes for manifest in old for item in manifest.items)
    if as_json:
        print_json({"results": [manifest.ref for manifest in old], "size_bytes": size, "removed": removed})
        return
    for manifest in old:
        click.echo(f"{printable(manifest.source_name)}  {manifest.ref.processor}  {store.where(manifest.ref)}")
    click.echo(f"{counted(len(old), 'result')}, {megabytes(size)}, that no recipe requests and no pack holds")


def _print_held(old: Sequence[Manifest], unwanted: Sequence[Manifest], packed: Container[ResultRef]) -> None:
    """Print how many results stay although no recipe requests them."""
    in_packs = sum(manifest.ref in packed for manifest in unwanted)
    if in_packs:
        click.echo(f"{in_packs} more that no recipe requests stay because packs hold them; see `marsmedia pack forget`")
    if only_kept := len(unwanted) - len(old) - in_packs:
        click.echo(f"{only_kept} more stay because they are kept; see `marsmedia keep`")


def _evidence(catalogue: Catalogue) -> set[ResultRef]:
    """Return the evidence at every path: the current or last one, and the one that forbids redistribution."""
    return {
        ResultRef(source=row.digest, processor=EVIDENCE, key=key)
        for row in catalogue.sightings()
        for key in (row.evidence_key, row.forbidden_key)
        if key
    }
