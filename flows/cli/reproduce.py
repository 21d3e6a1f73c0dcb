"""`marsmedia reproduce`: make results again from their sources and report whether they are the same."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import counted, open_existing_store, print_json, print_note, print_remarks
from flows.cli.shared_options import JSON, STORE, run_options
from flows.run.options import Options
from processors.errors import RequestError
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import Selection
    from processors.store.manifest import Manifest, ResultRef
    from processors.store.store import Store


@click.command()
@click.argument("selection", nargs=-1, metavar="SELECTION|PACK", required=True)
@STORE
@run_options("workers", "memory_mb", "time_limit_factor", "runner", "scheduler")
@JSON
def reproduce(selection: tuple[str, ...], store_folder: Path, as_json: bool, **options: Any) -> None:
    """Make results again from their sources and compare.

    Each is identical, within tolerance, different, or could not be rebuilt, with the reason. The store
    is not changed. SELECTION is as in `marsmedia items`; a PACK is one that was built from this store,
    of which other words of a SELECTION choose a part. Its own files are compared with its manifests first.
    Pictures are within tolerance from 45 dB of signal-to-noise ratio, power arrays within 0.01 dB.
    Exit code 1: a result is different or could not be rebuilt, or a file of the pack is damaged.

    \b
    marsmedia reproduce descent.mp4 processor=video.frames
    marsmedia reproduce june.zip
    marsmedia reproduce june.zip processor=photo.preview
    """
    from flows.run.checking.checker import checker_of
    from flows.run.checking.reproduction import VERDICTS
    from flows.run.checking.reproduction import reproduce as reproduced

    store = open_existing_store(store_folder)
    counts: Counter[str] = Counter()
    with checker_of(Options(**options), store) as checker:
        print_note(checker.note)
        chosen, pack = _selected(selection, store)
        faults = _faults_of_pack(pack, store, as_json=as_json) if pack else 0
        for one in reproduced(chosen, store, checker):
            counts[one.verdict] += 1
            if as_json:
                print_json(one)
            else:
                reason = f": {one.reason}" if one.reason else ""
                click.echo(printable(f"{one.verdict}: {one.source_name} {one.processor}{reason}"))
    if not as_json:
        if faults:
            click.echo(
                f"the pack has {counted(faults, 'fault')}, named above; results were compared with those of the store"
            )
        click.echo(", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    sys.exit(1 if faults or counts["different"] or counts["not rebuilt"] else 0)


def _faults_of_pack(pack: str, store: Store, *, as_json: bool) -> int:
    """Print each file of a pack that is not as its manifests say, and return their number."""
    from processors.packs.archive.verify_pack import verify_pack
    from processors.packs.registry import place_of

    if (place := place_of(store, pack)) is None:
        print_note(f"{pack}: not there, so its files were not compared with its manifests")
        return 0
    faults = verify_pack(place).faults
    for fault in faults:
        if as_json:
            print_json(fault)
        else:
            click.echo(f"{fault.kind} in the pack: {printable(fault.path)}: {printable(fault.reason)}")
    return len(faults)


def _selected(words: Sequence[str], store: Store) -> tuple[list[Manifest], str | None]:
    """Return the results of a pack, or of the part of it that is selected, or those that were made of a selection; and
    the word that names the pack, None without one.
    """
    from processors.engine.own_companions import OwnCompanions
    from processors.packs.registry import results_of
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_selected, parse
    from processors.store.catalogue.source_row import by_source

    selection, catalogue = parse(words), Catalogue(store)
    if selection.names and (packed := results_of(store, selection.names[0])):
        part = replace(selection, names=selection.names[1:])
        return [store.manifest(ref) for ref in _part(packed, part, words, catalogue)], selection.names[0]
    selected = find_selected(selection, catalogue)
    print_remarks(selected.remarks)
    sources = {row.digests for row in selected.rows}
    found = [
        manifest
        for digest in sorted({digests[0] for digests in sources})
        for manifest in store.manifests(digest)
        if manifest.verdict == "made" and selection.processor in (None, manifest.ref.processor)
    ]
    own, places = OwnCompanions(catalogue.sightings), by_source(catalogue.seen({one[0] for one in sources}))
    current = [
        one
        for one in found
        if one.digests in sources and any(not own.ended(one, row) for row in places[one.ref.source])
    ]
    if left := len(found) - len(current):
        what = "a label or subtitle file has changed since"
        print_note(f"{counted(left, 'result')} left out: {what}; `marsmedia prune` removes them")
    if not current:
        raise RequestError(f"{' '.join(words)}: no results match; list them with `marsmedia items`")
    return current, None


def _part(
    packed: Sequence[ResultRef], selection: Selection, words: Sequence[str], catalogue: Catalogue
) -> Sequence[ResultRef]:
    """Return the results of a pack that are selected by the words beside its name; all of them without such words."""
    from processors.store.catalogue.selection import Selection, find_selected

    found = [ref for ref in packed if selection.processor in (None, ref.processor)]
    if replace(selection, processor=None) != Selection():
        selected = find_selected(selection, catalogue)
        print_remarks(selected.remarks)
        sources = {row.digest for row in selected.rows}
        found = [ref for ref in found if ref.source in sources]
    if not found:
        held = ", ".join(sorted({ref.processor for ref in packed}))
        raise RequestError(f"{' '.join(words)}: the pack has no such results; it holds those of {held}")
    return found
