"""`marsmedia keep`: protect results from `prune`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.common import counted, open_existing_store, print_json, print_remarks
from flows.cli.printing.print_table import aligned
from flows.cli.shared_options import JSON, SELECTION, STORE
from processors.errors import RequestError


@click.command()
@SELECTION
@click.option("--key", help="Only the result whose key starts with this.")
@click.option("--release", "is_release", is_flag=True, help="Stop keeping the selected results.")
@STORE
@JSON
def keep(selection: tuple[str, ...], key: str | None, is_release: bool, store_folder: Path, as_json: bool) -> None:
    """Protect results from `prune`.

    Keeps every existing result that matches SELECTION, written as for `marsmedia items`. Without a
    SELECTION, lists the kept results. `marsmedia reprocess --keep` keeps the results that it makes.

    \b
    marsmedia keep descent.mp4 processor=video.frames
    marsmedia keep
    marsmedia keep --release descent.mp4 processor=video.frames
    """
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.selection import find_selected, parse
    from processors.store.kept_results import keep_results as keep_results
    from processors.store.kept_results import kept_results, release_results

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    if not selection:
        if is_release or key:
            raise RequestError("name the results: a source, and processor=NAME")
        names = {row.digest: row.relative for row in catalogue.sightings()}
        kept = sorted(
            (names.get(ref.source, ref.source[:12]), ref.processor, ref.key[:8]) for ref in kept_results(store)
        )
        if as_json:
            for name, processor, found in kept:
                print_json({"source": name, "processor": processor, "key": found})
            return
        for line in aligned(kept):
            click.echo(line)
        click.echo(f"{counted(len(kept), 'result', zero='no')} kept")
        return
    wanted = parse(selection)
    found = find_selected(wanted, catalogue)
    print_remarks(found.remarks)
    refs = [
        manifest.ref
        for row in found.rows
        for manifest in store.manifests(row.digest)
        if wanted.processor in (None, manifest.ref.processor) and manifest.ref.key.startswith(key or "")
    ]
    if not refs:
        raise RequestError(f"{' '.join(selection)}: no results match; list them with `marsmedia items`")
    (release_results if is_release else keep_results)(refs, store)
    if as_json:
        print_json({"kept": not is_release, "results": refs})
    else:
        click.echo(f"{counted(len(refs), 'result')} {'no longer kept' if is_release else 'kept'}")
