"""`marsmedia why`: reasons why results are due or not, and the provenance of an item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import open_existing_store, print_json
from flows.cli.completion import complete_processors, complete_sources
from flows.cli.shared_options import JSON, RECIPES, STORE
from flows.run.recipe_changes.load_recipes import wanted_today
from processors.comparing.provenance import Provenance, provenance_of
from processors.contract import parameters
from processors.engine.plan import flat
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.catalogue.catalogue import Catalogue
from processors.store.manifest import Manifest
from processors.store.store import Store

if TYPE_CHECKING:
    from processors.store.catalogue.catalogue import SourceRow
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
    from flows.run.recipe_changes.load_recipes import wanted_today
    from processors.engine.plan import explain_availability as reason_for
    from processors.store.catalogue.catalogue import Catalogue

    store = open_existing_store(store_folder)
    found = _find(source, store, is_item=processor is None)
    if isinstance(found, tuple):
        _print_provenance(*found, store, as_json=as_json)
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
                _print_provenance(manifest, None, store, as_json=False)


def _find(word: str, store: Store, *, is_item: bool) -> SourceRow | tuple[Manifest, str | None]:
    """Return the source that a path, name or digest means, or, where `is_item` allows one, an item of a result.

    Raises
    ------
    RequestError : nothing in the store matches.
    click.ClickException : nothing is made of the source.
    """
    from flows.cli.find_item import find_item, find_item_of_bytes, refuse_damaged, source_of_bytes
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_source

    if is_item and (item := find_item(word, store)):
        return item
    rows = Catalogue(store).sightings()
    try:
        row = find_source(word, rows)
    except RequestError:
        if not (path := Path(word)).is_file():
            raise
        refuse_damaged(path)
        if is_item and (item := find_item_of_bytes(path, store)):
            return item
        row = source_of_bytes(path, rows)
    if row.kind != "media":
        raise click.ClickException(
            f"{row.name}: {row.format}: not a medium, so nothing is made of it{f': {row.note}' if row.note else ''}"
        )
    return row


def _print_provenance(manifest: Manifest, name: str | None, store: Store, *, as_json: bool) -> None:
    catalogue = Catalogue(store)
    todays = wanted_today(catalogue.sources().values())
    seen = [row for row in catalogue.sightings() if row.digest == manifest.ref.source]
    present = [row for row in seen if row.gone_utc is None]
    wanted = {one.ref: one for row in present or seen[-1:] for one in todays.of(row)}
    found = provenance_of(manifest, name, seen, list(wanted.values()), store)
    if as_json:
        print_json(found)
        return
    _print(found, manifest, store)


def _print(found: Provenance, manifest: Manifest, store: Store) -> None:
    what = f"{found.item}, of {manifest.ref.processor}" if found.item else manifest.ref.processor
    click.echo(f"{what} version {manifest.version}, {manifest.verdict} on {manifest.started_utc} on {manifest.host}")
    _line("folder", store.where(manifest.ref))
    _line("made of", f"{manifest.source_name}, SHA-256 {manifest.ref.source}")
    _line("with", ", ".join(f"{key}={value}" for key, value in flat(manifest.parameters).items()) or "no parameters")
    _line("by", ", ".join(f"{key} {value}" for key, value in manifest.software.items()))
    for change in found.changes or ("nothing",):
        _line("since", change)


def _line(title: str, text: Any) -> None:
    click.echo(f"  {title:8} {printable(str(text))}")
