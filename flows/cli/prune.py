"""`marsmedia prune`: remove results that are no longer wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json, print_note
from flows.cli.shared_options import JSON, RECIPES, STORE, YES, run_options
from processors.contract import asks_release
from processors.errors import RecipeError
from processors.sources.scan import printable
from processors.store.manifest import ResultRef
from processors.well_known_names import EVIDENCE, METADATA

if TYPE_CHECKING:
    from flows.run.progress import RunProgress
    from processors.engine.recipe_book import RecipeBook
    from processors.engine.wanted_results import WantedResults
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.manifest import Manifest
    from processors.store.store import Store

UNREQUESTED = "that no recipe requests"


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.option(
    "--withdrawn", "is_withdrawn_too", is_flag=True, help="Also remove results of files confirmed as withdrawn."
)
@YES
@run_options("recipe", "quiet")
@STORE
@RECIPES
@JSON
def prune(
    dry_run: bool, is_withdrawn_too: bool, yes: bool, recipe: str | None, quiet: bool, store_folder: Path, as_json: bool
) -> None:
    """Remove results that no recipe requests and no pack holds.

    Shows them first and asks. Without --recipes, what the recipe file of the last run over a folder of releases
    asks for stays too. Nothing is removed while another command is at work on the store.

    A store that is filled with `ingest --recipe light` needs `--recipe light` here too; otherwise all that the
    full recipe requests stays. --withdrawn frees the disk of files that are gone from the releases, after
    `marsmedia release withdraw`: what they and their releases say of them stays, and so does what packs hold.

    \b
    marsmedia prune --dry-run
    marsmedia prune --recipe light --dry-run
    marsmedia prune --withdrawn --yes
    """
    from flows.run.progress import RunProgress
    from flows.run.reporting.at_work import alone, require_none_at_work
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    if not dry_run:
        require_none_at_work(store)
    wanted, unreadable = _Wanted(store, recipe, is_withdrawn_too=is_withdrawn_too), list[str]()
    with RunProgress(quiet=quiet or as_json) as progress:
        known = Catalogue(store).count("results")
        every = progress.each("Reading results", store.readable(unreadable), known, noun="result")
        unwanted = [one for one in every if not wanted.has(one)]
    for reason in unreadable:
        print_note(f"left as it is: {printable(reason)}")
    old = _unheld(unwanted, store)
    if not as_json:
        _print_old(old, unwanted, wanted, store)
    is_confirmed = not dry_run and (not old or yes or (not as_json and click.confirm("remove them?")))
    if is_confirmed:
        store = open_existing_store(store_folder)  # as it is now: others may have worked on it meanwhile
        with alone(store, "prune"), RunProgress(quiet=quiet or as_json) as progress:
            wanted = _Wanted(store, recipe, is_withdrawn_too=is_withdrawn_too)
            old = _unheld((one for one in old if not wanted.has(one)), store)
            _remove(old, store, wanted, progress)
    if as_json:
        print_json({"results": [one.ref for one in old], "size_bytes": _size(old), "removed": is_confirmed and yes})
    elif is_confirmed and old:
        click.echo(f"removed {counted(len(old), 'result')}")


class _Wanted:
    """Results that the recipes in use, and the paths of the files known, ask for.

    Parameters
    ----------
    recipe : name of the recipe that counts; None for that of the recipe file, else the full one.
    is_withdrawn_too : of files confirmed as withdrawn, keep only what they and their releases say of them.

    Raises
    ------
    RecipeError, RequestError : as `_recipes`.
    """

    def __init__(self, store: Store, recipe: str | None, *, is_withdrawn_too: bool) -> None:
        from flows.run.planning.known_files import WantedOfKnown, known_files
        from processors.engine.recipe_book import processors_of
        from processors.store.catalogue.catalogue import Catalogue
        from processors.store.findings.withdrawn import confirmed_sources

        catalogue = Catalogue(store)
        self.rows = known_files(catalogue)
        named = _recipes(store, recipe)
        self.recipes, books = tuple(named), list(named.values())
        self.today = WantedOfKnown(books[-1], catalogue)
        asked = [*(WantedOfKnown(book, catalogue) for book in books[:-1]), self.today]
        if_back = list(_wanted_if_back(books, catalogue))
        self._by_release = {
            one.name for book in books for one in processors_of(book) if book.asks_camera or asks_release(one)
        }
        self._lost = {row.digest for row in self.rows if any(one.is_release_lost(row) for one in (*asked, *if_back))}
        media = [row for row in self.rows if row.kind == "media"]
        self._refs = {one.ref for each in (*asked, *if_back) for row in media for one in each.of(row)}
        self._refs |= _evidence(catalogue)
        confirmed = confirmed_sources(catalogue.sightings())
        self._removed, self._withdrawn = (confirmed, set[str]()) if is_withdrawn_too else (set[str](), confirmed)
        self.is_withdrawn_too = is_withdrawn_too
        self.hint = "" if recipe else "; --recipe NAME for another"
        self.withdrawn: list[Manifest] = []
        """Results asked for that `--withdrawn` would remove, among those looked at."""

    def has(self, result: Manifest) -> bool:
        """Return whether a result is asked for, or was made with a release file that cannot be read now."""
        ref = result.ref
        if ref.processor not in (EVIDENCE, METADATA):
            if ref.source in self._removed:
                return False
            if ref.source in self._withdrawn and ref in self._refs:
                self.withdrawn.append(result)
        return ref in self._refs or (ref.source in self._lost and ref.processor in self._by_release)


def _unheld(results: Iterable[Manifest], store: Store) -> list[Manifest]:
    """Return the results that no pack holds and nobody keeps."""
    from processors.packs.registry import packed_results
    from processors.store.kept_results import kept_results

    packed, kept = packed_results(store), kept_results(store)
    return [one for one in results if one.ref not in packed and one.ref not in kept]


def _remove(old: Sequence[Manifest], store: Store, wanted: _Wanted, progress: RunProgress) -> None:
    """Remove results from the store, the catalogue and the by-name view, and leftovers of killed runs."""
    from flows.run.planning.known_files import by_name_entries
    from processors.store.by_name_view import rebuild_by_name
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.complete_sources import forget_complete

    store.remove_unnamed()
    if not old:
        return
    catalogue = Catalogue(store)
    catalogue.remove_results([one.ref for one in old])
    store.remove_all(one.ref for one in progress.each("Removing results", old, len(old), noun="result"))
    forget_complete(store, (one.ref.source for one in old))
    named = by_name_entries(wanted.rows, wanted.today, catalogue)
    rebuild_by_name(store, named, catalogue.not_made(), progress.each)


def _recipes(store: Store, recipe: str | None) -> dict[str, RecipeBook]:
    """Return the recipes in use, by words for people: those of the recipe file in use, or those that stand and those
    of the recipe files of the last runs.

    Raises
    ------
    RecipeError : a recipe file is wrong, or that of a last run cannot be read.
    RequestError : no recipe has that name.
    """
    from flows.run.folder_defaults import recipe_file
    from flows.run.recipe_changes.load_recipes import FULL, load_recipes_of
    from flows.run.reporting.recorded_problems import recipe_files_of_last_runs

    file = recipe_file()
    books = {_words(recipe or FULL, None) if file is None else _words(recipe, file): load_recipes_of(file, recipe)}
    for raw, last in {} if file else recipe_files_of_last_runs(store).items():
        try:
            books[_words(recipe, Path(last))] = load_recipes_of(Path(last), recipe)
        except RecipeError as error:
            raise RecipeError(
                f"{printable(str(error))}; the last run over {printable(raw)} used this file; name the one to go by "
                "with --recipes, or run `marsmedia ingest` without it first"
            ) from error
    return books


def _words(recipe: str | None, file: Path | None) -> str:
    return " with ".join([*([recipe] if recipe else []), *([printable(str(file))] if file else [])])


def _print_old(old: Sequence[Manifest], unwanted: Sequence[Manifest], wanted: _Wanted, store: Store) -> None:
    """Print what is to be removed, how many results stay although no recipe requests them, and the recipes."""
    from processors.packs.registry import packed_results

    for one in old:
        click.echo(f"{printable(one.source_name)}  {one.ref.processor}  {store.where(one.ref)}")
    which = "that no recipe requests or that are of withdrawn files" if wanted.is_withdrawn_too else UNREQUESTED
    click.echo(f"{counted(len(old), 'result')}, {megabytes(_size(old))}, {which} and no pack holds")
    packed = packed_results(store)
    in_packs = sum(one.ref in packed for one in unwanted)
    if in_packs:
        click.echo(f"{in_packs} more {which} stay because packs hold them; see `marsmedia pack forget`")
    if only_kept := len(unwanted) - len(old) - in_packs:
        click.echo(f"{only_kept} more stay because they are kept; see `marsmedia keep`")
    if freed := _unheld(wanted.withdrawn, store):
        size = megabytes(_size(freed))
        click.echo(f"{counted(len(freed), 'result')}, {size}, of withdrawn files stay; --withdrawn removes them too")
    noun = "recipe" if len(wanted.recipes) == 1 else "recipes"
    click.echo(f"{noun} that counted: {'; '.join(wanted.recipes)}{wanted.hint}")


def _size(results: Iterable[Manifest]) -> int:
    return sum(item.size_bytes for one in results for item in one.items)


def _wanted_if_back(books: Iterable[RecipeBook], catalogue: Catalogue) -> Iterator[WantedResults]:
    """Yield what recipes would want if labels, sidecars and subtitle files were back that are gone without anybody's
    confirmation; nothing without any.
    """
    from processors.engine.release_index import ReleaseIndex
    from processors.engine.wanted_results import WantedResults
    from processors.store.findings.withdrawn import withdrawn

    sightings = catalogue.sightings()
    missing = [row for row in withdrawn(sightings) if row.kind != "media" and row.confirmed_utc is None]
    if missing:
        releases = ReleaseIndex([*(row for row in sightings if row.gone_utc is None), *missing])
        yield from (WantedResults(book, releases) for book in books)


def _evidence(catalogue: Catalogue) -> set[ResultRef]:
    """Return the evidence at every path: the current or last one, and the one that forbids redistribution."""
    return {
        ResultRef(source=row.digest, processor=EVIDENCE, key=key)
        for row in catalogue.sightings()
        for key in (row.evidence_key, row.forbidden_key)
        if key
    }
