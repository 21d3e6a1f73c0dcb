"""`marsmedia verify`, `prune` and `rebuild`: looking after the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from flows.cli.look import open_store
from flows.run.check_store import Which, hash_all, hash_sample
from flows.run.load_recipes import load_recipes, wanted_today
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted import WantedResults, shown
from processors.sources.scan import printable
from processors.store.by_name import ByNameEntry, rebuild_by_name
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.fixity import FixityFault
from processors.store.manifest import ResultRef
from processors.store.packed import packed_results


def verify(folder: Path, *, percent: float | None, seed: int | None, which: Which, as_json: bool) -> int:
    """Check every result and raw file, or a sample; 1 where one is damaged, changed or missing."""
    store = open_store(folder)

    def tell(fault: FixityFault) -> None:
        if not as_json:
            click.echo(f"{fault.kind}: {fault.path}: {printable(fault.reason)}")

    if percent is None:
        done = hash_all(store, tell, which)
    else:
        done = hash_sample(store, percent, datetime.now(UTC).toordinal() if seed is None else seed, tell, which)
    known = [] if which == "raw" else Catalogue(store).table("results", ["source", "processor", "key"]).to_pylist()
    for row in known:
        ref = ResultRef(**row)
        if not store.has(ref):
            where = str(store.folder(ref).relative_to(store.root))
            done.faults.append(
                FixityFault(path=where, kind="missing", reason="the catalogue knows it: run `marsmedia ingest`")
            )
            tell(done.faults[-1])
    faults = done.faults
    if as_json:
        summary = {
            "results": done.results,
            "results_before": done.results_before,
            "items": done.items,
            "size_bytes": done.size_bytes,
            "masters": done.masters,
            "masters_bytes": done.masters_bytes,
            "new": [asdict(one) for one in done.new],
            "faults": [asdict(fault) for fault in faults],
        }
        click.echo(json.dumps(summary, ensure_ascii=False))
    else:
        if done.results_before:
            click.echo(f"gone on where a check was interrupted: {done.results_before} results were looked at then")
        stored = f"{done.results} results, {done.items} items, {done.size_bytes / 1e6:.1f} MB"
        masters = f"{done.masters} raw files, {done.masters_bytes / 1e6:.1f} MB"
        counted = {"all": f"{stored}, {masters}", "store": stored, "raw": masters}[which]
        click.echo(f"{counted}: {len(faults) or 'no'} faults")
        if any(fault.kind == "damaged" for fault in faults):
            click.echo("delete the folders of damaged results, then run `marsmedia ingest`: they are made again")
    return 1 if faults else 0


def prune(folder: Path, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove results whose key no recipe gives today and that no pack holds."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    rows = _every_source(catalogue)
    releases = ReleaseIndex(rows)
    lost = {row.digest for row in rows if releases.is_lost(row)}
    by_release = {p.name for recipe in load_recipes().values() for p in recipe if hasattr(p, "told")}
    today = WantedResults(load_recipes(), releases)
    wanted = {one.ref for row in rows if row.kind == "media" for one in today.of(row)} | _evidence(catalogue)
    # where the release's words are out of reach, what was made of them is kept
    unwanted = [
        m
        for m in store.manifests()
        if m.ref not in wanted and not (m.ref.source in lost and m.ref.processor in by_release)
    ]
    packed = packed_results(store)
    old = [manifest for manifest in unwanted if manifest.ref not in packed]
    size = sum(item.size_bytes for m in old for item in m.items)
    if as_json:
        click.echo(
            json.dumps({"results": [asdict(m.ref) for m in old], "size_bytes": size, "removed": not dry_run and yes})
        )
    else:
        for manifest in old:
            click.echo(f"{printable(manifest.source_name)}  {manifest.ref.processor}  {store.folder(manifest.ref)}")
        click.echo(f"{len(old)} results, {size / 1e6:.1f} MB, that no recipe asks for and no pack holds")
        if kept := len(unwanted) - len(old):
            click.echo(f"{kept} more, that no recipe asks for, are in packs and stay: `marsmedia pack forget`")
    if dry_run or not old or not (yes or (not as_json and click.confirm("remove them?"))):
        return
    catalogue.remove_results([m.ref for m in old])
    for manifest in old:
        store.remove(manifest.ref)
    rebuild_by_name(store, _view(rows, today))


def rebuild(folder: Path, *, as_json: bool) -> int:
    """Catalogue and by-name view, from the plain files; 1 where a manifest could not be read."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    unreadable = catalogue.rebuild()
    rows = _every_source(catalogue)
    rebuild_by_name(store, _view(rows, wanted_today(rows)))
    if as_json:
        click.echo(json.dumps({"results": catalogue.table("results").num_rows, "unreadable": unreadable}))
    else:
        for reason in unreadable:
            click.echo(f"left out: {printable(reason)}")
        click.echo(f"rebuilt the catalogue and the by-name view of {folder}")
    return 1 if unreadable else 0


def _every_source(catalogue: Catalogue) -> list[SourceRow]:
    """What every path holds, and what it held last where nothing is there now: that cannot be made again."""
    present = catalogue.sources()
    held = {row.digest for row in present.values()}
    gone = {row.digest: row for row in catalogue.sightings() if row.digest not in held}
    return [*present.values(), *gone.values()]


def _evidence(catalogue: Catalogue) -> set[ResultRef]:
    """What is said, and was said last, at every place."""
    return {
        ResultRef(source=row.digest, processor="evidence", key=row.evidence_key)
        for row in catalogue.sightings()
        if row.evidence_key
    }


def _view(rows: list[SourceRow], today: WantedResults) -> list[ByNameEntry]:
    """List what the by-name view shows: every media file that the catalogue knows, with today's recipes."""
    return [
        ByNameEntry(release=row.release, name=row.name, refs=shown(today.of(row)))
        for row in sorted(rows, key=lambda row: row.relative)
        if row.kind == "media"
    ]
