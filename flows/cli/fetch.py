"""`marsmedia fetch`: items of the store as files in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json, print_remarks, print_some
from flows.cli.shared_options import JSON, SELECTION, STORE
from processors.errors import RequestError
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow

NAMED = 20
"""Maximum number of files named of which results could not be made."""


@click.command()
@SELECTION
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to fill.")
@STORE
@JSON
def fetch(selection: tuple[str, ...], output: Path, store_folder: Path, as_json: bool) -> None:
    """Copy the items of the selected sources into a folder.

    They are arranged as in by-name: release, source, and the result as `marsmedia items` names it. SELECTION is as in
    `marsmedia items`. Existing files are not copied again. Over a store in a bucket this is how items become
    files.

    \b
    marsmedia fetch descent.mp4 -o ~/descent
    marsmedia fetch sol=1..40 processor=photo.preview -o previews
    """
    from flows.run.recipe_changes.names_in_view import NamesInView
    from processors.engine.own_companions import OwnCompanions
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_selected, parse
    from processors.store.fetch_items import fetch_items

    store = open_existing_store(store_folder)
    if output.resolve().is_relative_to(store.root.resolve()):
        raise RequestError(f"{output}: inside the store; choose a place outside {store.address}")
    wanted = parse(selection)
    count = new = size_bytes = 0
    catalogue = Catalogue(store)
    found = find_selected(wanted, catalogue)
    print_remarks(found.remarks)
    rows = found.rows
    named, own = NamesInView(rows, store, catalogue).of, OwnCompanions(catalogue.sightings)
    for one in fetch_items(rows, store, output, wanted.processor, named, own.counting):
        count, new, size_bytes = count + 1, new + one.is_new, size_bytes + one.size_bytes
    for name in _made_now_by(rows, wanted.processor, catalogue):
        now = f"{name} makes some of its former items now; processor={name} copies them"
        click.echo(f"marsmedia: processor={wanted.processor}: {now}", err=True)
    lacking = _not_made(rows, wanted.processor, catalogue)
    if wanted.processor is not None and not count:
        none = f"processor={wanted.processor}: the selected sources have no items of this processor"
        raise RequestError("\n".join([none, *lacking[:NAMED]]))
    if as_json:
        print_json(
            {"folder": str(output), "items": count, "copied": new, "size_bytes": size_bytes, "not_copied": lacking}
        )
    else:
        lines = [f"marsmedia: not copied: {one}" for one in lacking]
        print_some(lines, NAMED, "marsmedia: ... and {} more; `marsmedia failures` lists all", err=True)
        click.echo(printable(f"{output}: {counted(count, 'item')}, {megabytes(size_bytes)}; {new} copied"))


def _made_now_by(rows: Sequence[SourceRow], processor: str | None, catalogue: Catalogue) -> list[str]:
    """Return the processors with results of the sources that now make some of the items that one made formerly."""
    from processors.packs.presentation import made_now_by
    from processors.store.catalogue.sql import connect

    if processor is None or not (names := made_now_by(processor)):
        return []
    digests = {row.digest for row in rows}
    with connect(catalogue) as connection:
        made = connection.execute(
            "SELECT source, processor FROM latest_results WHERE verdict = 'made' AND list_contains(?, processor)",
            [names],
        ).fetchall()
    there = {name for source, name in made if source in digests}
    return [name for name in names if name in there]


def _not_made(rows: Sequence[SourceRow], processor: str | None, catalogue: Catalogue) -> list[str]:
    """Return a line for each reason for which results of a source could not be made, of one processor or of all."""
    from flows.run.reporting.problems import FileProblem, by_file
    from processors.store.catalogue.sql import connect

    known = {row.digest: row.relative for row in rows}
    with connect(catalogue) as connection:
        failed = connection.execute(
            "SELECT source, processor, verdict, reason, blame FROM latest_results "
            "WHERE verdict <> 'made' AND processor = coalesce(?, processor) ORDER BY source, processor",
            [processor],
        ).fetchall()
    problems = (
        FileProblem.of_result(known[source], *result, is_new=False) for source, *result in failed if source in known
    )
    found = by_file(one for one in problems if one.verdict != "refused")
    return [printable(f"{one.file}: {cause.verdict}: {cause}") for one in found for cause in one.causes]
