"""`marsmedia status`, `show`, `items`, `why` and `query`: what the store holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from flows.cli.print_provenance import find_item, tell_origin
from flows.run.load_recipes import wanted_today
from flows.run.run_record import LOST, RUNNING, last_run
from processors.contract import parameters
from processors.engine.plan import why as reason_for
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import ResultRef
from processors.store.selection import find_source, parse, select
from processors.store.sql import connect
from processors.store.store import Store

COUNTED = ("verdict", "item_count", "size_bytes")
VERDICTS = ("made", "refused", "failed")


def open_store(folder: Path) -> Store:
    """A store that is there; a look creates none."""
    if not (folder / "store.json").exists():
        raise RequestError(f"{folder}: no store there yet: run `marsmedia ingest`, or name one with --store")
    return Store(folder)


def status(folder: Path, *, as_json: bool) -> None:
    """Counts by medium, processor and verdict, and the last run."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    rows = list(catalogue.sources().values())
    results = catalogue.table("results", ["source", "processor", "key", *COUNTED]).to_pylist()
    media = {row.digest: row.medium for row in rows if row.kind == "media"}
    last = last_run(store)
    if last and last["state"] in (RUNNING, LOST):
        results += _uncatalogued(store, results)
    summary = {
        "store": str(folder),
        "sources": dict(Counter(str(medium) for medium in media.values())),
        "companions": sum(row.kind == "companion" for row in rows),
        "unsupported": sum(row.kind == "unsupported" for row in rows),
        "results": {
            name: dict(Counter(r["verdict"] for r in results if r["processor"] == name))
            for name in sorted({r["processor"] for r in results})
        },
        "items": sum(r["item_count"] for r in results),
        "size_bytes": sum(r["size_bytes"] for r in results),
        "last_run": {name: last[name] for name in ("run", "state", "message", "started_utc", "report")}
        if last
        else None,
    }
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    counts = ", ".join(f"{count} {medium}" for medium, count in sorted(summary["sources"].items()))
    click.echo(f"{folder}: {counts or 'no sources'}; {summary['items']} items, {summary['size_bytes'] / 1e6:.1f} MB")
    _tell_table(summary["results"])
    if last and last["state"] == RUNNING:
        click.echo(f"a run is {last['message']}")
    else:
        click.echo(f"last run: {last['message']} ({last['started_utc']})" if last else "no run yet")


def _tell_table(results: dict[str, dict[str, int]]) -> None:
    """One line a processor, one column a verdict."""
    verdicts = sorted({verdict for counts in results.values() for verdict in counts}, key=VERDICTS.index)
    name_width = max(map(len, results), default=0)
    widths = {v: max(len(f"{counts.get(v, 0)} {v}") for counts in results.values()) for v in verdicts}
    for name, counts in results.items():
        cells = [f"{counts[v]} {v}".rjust(widths[v]) if v in counts else " " * widths[v] for v in verdicts]
        click.echo(f"  {name:{name_width}}  {'  '.join(cells)}".rstrip())


def _uncatalogued(store: Store, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a run that has not ended, or was killed, has committed and not catalogued yet."""
    folders = {str(store.folder(ResultRef(source=r["source"], processor=r["processor"], key=r["key"]))) for r in known}
    new = [store.read_manifest(path) for path in store.manifest_paths() if str(path.parent) not in folders]
    return [
        {
            "processor": m.ref.processor,
            "verdict": m.verdict,
            "item_count": len(m.items),
            "size_bytes": sum(item.size_bytes for item in m.items),
        }
        for m in new
    ]


def items(words: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """One line an item; the facts are with the latest audit of the item's source."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    wanted = parse(words)
    rows = {row.digest: row for row in select(wanted, catalogue)}
    with connect(catalogue) as connection:
        places = [[row.path for row in rows.values()], list(rows)]
        connection.execute("CREATE TABLE places AS SELECT unnest(?) AS path, unnest(?) AS source", places)
        connection.execute(
            "CREATE TABLE wanted AS SELECT source, evidence_key FROM places JOIN sightings USING (path, source)"
        )
        asked = (
            "SELECT items.* FROM items JOIN wanted USING (source) WHERE processor = coalesce(?, processor) "
            "AND (processor <> 'evidence' OR key = evidence_key)"
        )
        found = connection.execute(f"{asked} ORDER BY source, processor, key, name", [wanted.processor])
        columns = [column[0] for column in found.description]
        some = False
        while batch := found.fetchmany(1000):
            some = True
            for values in batch:
                item = dict(zip(columns, values, strict=True))
                _tell_item(item, rows[item["source"]], store, as_json=as_json)
    if wanted.processor is not None and not some:
        raise RequestError(f"processor={wanted.processor}: no items of it among what is selected")


def _tell_item(item: dict[str, Any], row: SourceRow, store: Store, *, as_json: bool) -> None:
    path = store.item_path(ResultRef(source=row.digest, processor=item["processor"], key=item["key"]), item["name"])
    if not as_json:
        click.echo(f"{printable(row.name)}  {item['processor']}  {path}")
        return
    item |= {"source_name": row.name, "release": row.release, "path": str(path), "facts": json.loads(item["facts"])}
    click.echo(json.dumps(item, ensure_ascii=False))


def why(word: str, processor: str | None, folder: Path, *, as_json: bool) -> None:
    """One sentence for each processor that applies; of an item, what made it and what has changed since."""
    store = open_store(folder)
    if processor is None and (item := find_item(word, store)):
        tell_origin(*item, store, as_json=as_json)
        return
    row = _source(word, store)
    if row.kind != "media":
        raise click.ClickException(
            f"{row.name}: {row.format}: nothing is made of it{f': {row.note}' if row.note else ''}"
        )
    wanted = wanted_today(Catalogue(store).sources().values()).of(row)
    chosen = [one for one in wanted if processor in (None, one.ref.processor)]
    if not chosen:
        names = ", ".join(one.ref.processor for one in wanted)
        raise click.ClickException(f"{processor}: not in the recipe for this source: {names}")
    reasons = [
        {
            "processor": one.ref.processor,
            "version": one.processor.version,
            "parameters": parameters(one.processor),
            "why": reason_for(row.source(), one, store),
        }
        for one in chosen
    ]
    if as_json:
        click.echo(json.dumps(reasons, ensure_ascii=False))
        return
    for reason in reasons:
        click.echo(f"{reason['processor']}: {printable(reason['why'])}")
    if processor is not None:
        for manifest in store.manifests(row.digest):
            if manifest.ref.processor == processor:
                tell_origin(manifest, None, store, as_json=False)


def query(sql: str, folder: Path, *, as_json: bool) -> None:
    """Run SQL over the catalogue; it can read nothing else."""
    import duckdb

    with connect(Catalogue(open_store(folder))) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1:
                raise click.ClickException(f"{len(statements)} statements: give exactly one")
            answer = connection.execute(statements[0])
            columns = [column[0] for column in answer.description or []]
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str))
        return
    click.echo("\t".join(columns))
    for row in rows:
        click.echo("\t".join("" if value is None else printable(str(value)) for value in row))


def _source(word: str, store: Store) -> SourceRow:
    return find_source(word, Catalogue(store).sightings())
