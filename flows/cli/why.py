"""`marsmedia why`: reasons why results are due or not, and the provenance of an item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import open_store, print_json
from flows.cli.completion import complete_processors, complete_sources
from flows.cli.shared_options import JSON, RECIPES, STORE
from processors.contract import parameters
from processors.errors import RequestError
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.store.catalogue import SourceRow
    from processors.store.manifest import Manifest
    from processors.store.store import Store


@click.command()
@click.argument("source", shell_complete=complete_sources)
@click.argument("processor", required=False, shell_complete=complete_processors)
@STORE
@RECIPES
@JSON
def why(source: str, processor: str | None, store_folder: Path, as_json: bool) -> None:
    """Explain why results are due or not, or where an item is from.

    SOURCE is a path, a name, or the first characters of a digest. With the path of a file in the
    store, of a copy of one, or of a file that a pack made of one, show the item's provenance and what has
    changed since.

    \b
    marsmedia why descent.mp4
    marsmedia why descent.mp4 video.frames
    marsmedia why processed/by-name/june/descent.mp4/video.frames/frame_000003.jpg
    """
    from flows.cli.print_provenance import print_provenance
    from flows.run.load_recipes import wanted_today
    from processors.engine.plan import why as reason_for
    from processors.store.catalogue import Catalogue

    store = open_store(store_folder)
    found = _find(source, store, is_item=processor is None)
    if isinstance(found, tuple):
        print_provenance(*found, store, as_json=as_json)
        return
    catalogue = Catalogue(store)
    wanted, damage = wanted_today(catalogue.sources().values()).of(found), catalogue.damage()
    chosen = [one for one in wanted if processor in (None, one.ref.processor)]
    if not chosen:
        names = ", ".join(one.ref.processor for one in wanted)
        raise click.ClickException(f"{processor}: not in the recipe for this source, which has {names}")
    reasons = [
        {
            "processor": one.ref.processor,
            "version": one.processor.version,
            "parameters": parameters(one.processor),
            "why": reason_for(found.source(), one, store, damage),
        }
        for one in chosen
    ]
    if as_json:
        for reason in reasons:
            print_json(reason)
        return
    for reason in reasons:
        click.echo(f"{reason['processor']}: {printable(reason['why'])}")
    if processor is not None:
        for manifest in store.manifests(found.digest):
            if manifest.ref.processor == processor:
                print_provenance(manifest, None, store, as_json=False)


def _find(word: str, store: Store, *, is_item: bool) -> SourceRow | tuple[Manifest, str | None]:
    """Return the source that a path, name or digest means, or, where `is_item` allows one, an item of a result.

    Raises
    ------
    RequestError : nothing in the store is meant.
    click.ClickException : nothing is made of the source.
    """
    from flows.cli.find_item import find_item, find_item_of_bytes, source_of_bytes
    from processors.store.catalogue import Catalogue
    from processors.store.selection import find_source

    if is_item and (item := find_item(word, store)):
        return item
    rows = Catalogue(store).sightings()
    try:
        row = find_source(word, rows)
    except RequestError:
        if not (path := Path(word)).is_file():
            raise
        if is_item and (item := find_item_of_bytes(path, store)):
            return item
        row = source_of_bytes(path, rows)
    if row.kind != "media":
        raise click.ClickException(
            f"{row.name}: {row.format}: not a medium, so nothing is made of it{f': {row.note}' if row.note else ''}"
        )
    return row
