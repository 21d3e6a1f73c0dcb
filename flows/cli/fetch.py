"""`marsmedia fetch`: items of the store as files in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json
from flows.cli.shared_options import JSON, SELECTION, STORE
from processors.errors import RequestError
from processors.sources.scan import printable


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
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import parse, select
    from processors.store.fetch_items import fetch_items

    store = open_existing_store(store_folder)
    if output.resolve().is_relative_to(store.root.resolve()):
        raise RequestError(f"{output}: inside the store; choose a place outside {store.address}")
    wanted = parse(selection)
    count = new = size_bytes = 0
    catalogue = Catalogue(store)
    rows = select(wanted, catalogue)
    for one in fetch_items(rows, store, output, wanted.processor, NamesInView(rows, store, catalogue).of):
        count, new, size_bytes = count + 1, new + one.is_new, size_bytes + one.size_bytes
    if wanted.processor is not None and not count:
        raise RequestError(f"processor={wanted.processor}: the selected sources have no items of this processor")
    if as_json:
        print_json({"folder": str(output), "items": count, "copied": new, "size_bytes": size_bytes})
    else:
        click.echo(printable(f"{output}: {counted(count, 'item')}, {megabytes(size_bytes)}; {new} copied"))
