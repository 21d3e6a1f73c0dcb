"""`marsmedia why`: reasons why results are due or not, and the provenance of an item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import open_existing_store, print_json, print_remarks
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
    from processors.store.catalogue.source_row import SourceRow


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
    changed since. A file in a pack is what the pack's RO-Crate says; a copy elsewhere may be of several
    items with the same bytes, which are listed.

    \b
    marsmedia why descent.mp4
    marsmedia why descent.mp4 video.frames
    marsmedia why processed/by-name/june/descent.mp4/video.frames/frame_000003.jpg
    """
    from processors.engine.plan import explain_availability as reason_for

    store = open_existing_store(store_folder)
    found = _find(source, store, is_item=processor is None)
    if isinstance(found, _Copied):
        _print_copied(source, found, store, as_json=as_json)
        return
    catalogue = Catalogue(store)
    if found.kind != "media":
        _print_unprocessed(found, catalogue, store, processor, as_json=as_json)
        return
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
    if found.gone_utc is not None:
        click.echo(
            printable(f"{found.relative}: no longer in raw since {found.gone_utc[:10]}: no run makes what is due")
        )
    for reason in reasons:
        click.echo(f"{reason['processor']}: {printable(reason['why'])}")
    if processor is not None:
        for manifest in store.manifests(found.digest):
            if manifest.ref.processor == processor:
                for told in _provenance([(manifest, None)], store):
                    _print(told, store)


@dataclass(frozen=True, kw_only=True)
class _Copied:
    """What a file is a copy of, as far as its place and its bytes say."""

    items: list[tuple[Manifest, str | None]]
    """Results and names of items; several have the same bytes, and any may be meant."""
    source: SourceRow | None = None
    """Source that has the same bytes too."""


def _find(word: str, store: Store, *, is_item: bool) -> SourceRow | _Copied:
    """Return the source that a path, name or digest means, or, where `is_item` allows it, items of results.

    Raises
    ------
    RequestError : nothing in the store matches.
    """
    from flows.cli.find_in_pack import record_in_pack
    from flows.cli.find_item import find_item
    from processors.store.catalogue.named_sources import absolute, find_source

    if is_item and (item := find_item(word, store)):
        return _Copied(items=[item])
    catalogue, path, places = Catalogue(store), Path(word), absolute(word)
    rows = catalogue.sightings()
    is_raw = any(row.path in places for row in rows)
    if not is_raw and path.is_file() and record_in_pack(path):  # its name may also be that of another source
        found = _find_file(path, rows, store, is_item=is_item)
    else:
        try:
            found, remarks = find_source(word, rows, catalogue)
            print_remarks(remarks)
        except RequestError:
            if not path.is_file():
                raise
            found = _find_file(path, rows, store, is_item=is_item)
    return found


def _find_file(path: Path, rows: Sequence[SourceRow], store: Store, *, is_item: bool) -> SourceRow | _Copied:
    """Return the source or the items of which a file is a copy, or from which a pack made it; raises `RequestError`."""
    from flows.cli.find_in_pack import record_in_pack, refuse_damaged
    from flows.cli.find_item import items_of_file, source_of_bytes

    refuse_damaged(path)
    items = items_of_file(path, store) if is_item else []
    if not items:
        return source_of_bytes(path, rows)
    try:
        return _Copied(items=[*items], source=None if record_in_pack(path) else source_of_bytes(path, rows))
    except RequestError:
        return _Copied(items=[*items])


def _print_unprocessed(
    row: SourceRow, catalogue: Catalogue, store: Store, processor: str | None, *, as_json: bool
) -> None:
    """Print where a label or another text of a release was seen; nothing is made of it.

    Raises
    ------
    click.ClickException : it is neither, or a processor was named.
    """
    from flows.cli.printing.print_history import history_lines
    from processors.store.fixity.fixity_history import FixityHistory, raw_checks

    why = f"{row.name}: {row.format}: not a medium, so nothing is made of it{f': {row.note}' if row.note else ''}"
    if row.kind != "companion" or processor is not None:
        raise click.ClickException(why)
    rows = catalogue.seen({row.digest})
    seen = [one for one in rows if one.digest == row.digest]
    if as_json:
        print_json({"why": why, "digest": row.digest, "release": row.release, "seen": [asdict(one) for one in seen]})
        return
    click.echo(printable(why))
    _line("sha256", row.digest)
    _line("release", row.release)
    before = [one for one in rows if one.path == row.path and one.digest != row.digest]
    checks = FixityHistory(raw_checks(store, {one.relative for one in seen}))
    for line in history_lines(row, seen, before, checks):
        click.echo(f"  {printable(line)}")


def _print_copied(word: str, copied: _Copied, store: Store, *, as_json: bool) -> None:
    """Print the provenance of the one item that a file may be; of several, what each is and where its own file is."""
    row, count = copied.source, len(copied.items)
    if as_json or (count == 1 and row is None):
        for found in _provenance(copied.items, store):
            if as_json:
                print_json(found)
            else:
                _print(found, store)
        return
    also = "" if row is None else f", and so has the source {row.relative}"
    what = "an item of the store has" if count == 1 else f"{count} items of the store have"
    click.echo(printable(f"{word}: {what} the same bytes{also}; they do not say which it is a copy of"))
    for manifest, name in copied.items:
        click.echo(printable(f"{name}, of {manifest.ref.processor} version {manifest.version}"))
        _line("made of", f"{manifest.source_name}, SHA-256 {manifest.ref.source}")
        _line("folder", store.where(manifest.ref))
    click.echo("`marsmedia why SHA-256 PROCESSOR`, with those of one of them, shows its provenance")


def _provenance(items: Sequence[tuple[Manifest, str | None]], store: Store) -> Iterator[Provenance]:
    catalogue = Catalogue(store)
    todays, sightings = wanted_today(catalogue.sources().values()), catalogue.sightings()
    for manifest, name in items:
        seen = [row for row in sightings if row.digest == manifest.ref.source]
        present = [row for row in seen if row.gone_utc is None]
        wanted = {one.ref: one for row in present or seen[-1:] for one in todays.of(row)}
        yield provenance_of(manifest, name, seen, list(wanted.values()), store)


def _print(found: Provenance, store: Store) -> None:
    manifest = found.result
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
