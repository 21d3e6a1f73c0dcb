"""`marsmedia status`, `show`, `items`, `why` and `query`: what the store holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flows.commands.link_words import sentence
from flows.commands.origin import find_item, tell_origin
from flows.recipe_book import load_recipes
from flows.run_record import LOST, RUNNING, last_run
from processors.contract import Json, parameters
from processors.errors import RequestError
from processors.plan import applicable
from processors.plan import why as reason_for
from processors.store.ask import connect
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import Manifest, ResultRef
from processors.store.results import Store
from processors.store.selection import find_source, parse, select
from processors.survey import printable
from processors.told import TellTale

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
        {"processor": m.ref.processor, "verdict": m.verdict, "item_count": len(m.items),
         "size_bytes": sum(item.size_bytes for item in m.items)}
        for m in new
    ]  # fmt: skip


def show(word: str, folder: Path, *, as_json: bool) -> None:
    """One source: what it is, where it was seen, and its results."""
    store = open_store(folder)
    row = _source(word, store)
    manifests = list(store.manifests(row.digest))
    record = store.source(row.digest) or {"seen": []}
    if as_json:
        results = [{**asdict(m), "folder": str(store.folder(m.ref))} for m in manifests]
        kept = {"seen": record["seen"], "links": record.get("links", [])}
        click.echo(json.dumps({**asdict(row), **kept, "results": results}, ensure_ascii=False))
        return
    click.echo(f"{printable(row.name)}: {row.medium or row.kind}, {row.format}{f', {row.codec}' if row.codec else ''}")
    click.echo(f"  sha256   {row.digest}\n  size     {row.size_bytes} bytes\n  release  {printable(row.release)}")
    for seen in record["seen"]:
        click.echo(f"  seen     {printable(seen['path'])}")
    if row.note:
        click.echo(f"  note     {printable(row.note)}")
    if record.get("links"):
        names = {other.digest: other.name for other in Catalogue(store).sources().values()}
        for link in record["links"]:
            click.echo(f"  link     {printable(sentence(link, names))}")
    if verdict := _verdict(manifests):
        click.echo(f"  verdict  {printable(verdict)}")
    told: list[dict[str, Json]] = []
    for manifest in manifests:
        why_not = f": {printable(manifest.reason)}" if manifest.reason and manifest.verdict != "made" else ""
        click.echo(f"{manifest.ref.processor}: {manifest.verdict}{why_not}")
        count = len(manifest.items)
        click.echo(f"  {count} {'item' if count == 1 else 'items'} in {store.folder(manifest.ref)}")
        if manifest.ref.processor == "evidence" and manifest.items:
            record_of = json.loads(store.item_path(manifest.ref, manifest.items[0].name).read_text())
            for line in evidence_lines(record_of):
                click.echo(f"  {printable(line)}")
        for line in dict.fromkeys(line for item in manifest.items for line in _known(item.facts)):
            click.echo(f"  {printable(line)}")
        if isinstance(manifest.source_facts, dict) and manifest.source_facts not in told:
            told.append(manifest.source_facts)
    for facts in told:
        click.echo("what reading it turned up:")
        for name, value in facts.items():
            click.echo(f"  {name}: {printable(_in_words(name, value))}")


def _verdict(manifests: list[Manifest]) -> str | None:
    """Whether the source is damaged, and how; None where it was not read."""
    made = [manifest for manifest in manifests if manifest.verdict == "made"]
    if sentences := dict.fromkeys(manifest.reason for manifest in made if manifest.reason):
        return f"damaged: {'; '.join(sentences)}"
    return "no damage found" if any(manifest.source_facts for manifest in made) else None


def _in_words(name: str, value: Any) -> str:
    """A fact for people; of spans of time the first 10."""
    if value is None:
        return "none" if name in ("first_error", "unreadable") or name.endswith("_because") else "unknown"
    if name == "streams":
        return ", ".join(f"{one['index']} {one['kind']} {one['codec'] or 'without a decoder'}" for one in value)
    if name not in ("damaged", "lost_seconds"):
        return str(value)
    spans = [(span["start_seconds"], span["end_seconds"]) if isinstance(span, dict) else span for span in value]
    words = [f"{start:.3f} s to {'an unknown end' if end is None else f'{end:.3f} s'}" for start, end in spans[:10]]
    return (", ".join(words) + (f" and {len(spans) - 10} more" if len(spans) > 10 else "")) or "none"


def evidence_lines(record: dict[str, Any]) -> list[str]:
    """When, where and by what a source was recorded, and each disagreement, a line each; what is unknown has none."""
    lines: list[str] = []
    if taken := record.get("taken"):
        span = taken["utc"] or f"{taken['earliest_utc']} to {taken['latest_utc']}"
        lines.append(f"when: {span} (to the {taken['precision']}, zone {taken['zone']}; from {taken['source']})")
        if taken["first_sol"] is not None:
            sols = sorted({taken["first_sol"], taken["last_sol"]})
            lines.append(f"sol: {' to '.join(map(str, sols))} (from {record.get('sol_source') or taken['source']})")
    if (source := record.get("mission_source")) and source.startswith("label "):
        lines.append(f"mission: {record['mission']} (from {source})")
    if event := record.get("event"):
        lines.append(f"event: {event['name']}: {event['title']}, {event['written']} ({event['source']})")
    if record.get("camera"):
        words = record.get("recorded_by")
        said = f"release.toml: {words}" if words else f"from {record['camera_source']}"
        lines.append(f"camera: {record['camera']} ({said})")
    elif record.get("recorded_by"):
        lines.append(f"camera: {record['recorded_by']} (release.toml)")
    for one in record.get("disagreements", ()):
        lines.append(f"disagree about {one['about']}: " + "; ".join(f"{value} ({said})" for value, said in one["says"]))
    return lines


def _known(facts: Any) -> list[str]:
    """What a result says in words: of metadata each known value, of the audit its verdict, of motion each refusal."""
    if not isinstance(facts, dict):
        return []
    known, verdict = facts.get("known"), facts.get("words")
    lines = [f"{name}: {v['value']} (from {v['source']})" for name, v in known.items() if v] if known else []
    if verdict:
        lines.append(f"verdict: {verdict}")
    if missing := facts.get("missing_times_seconds"):
        lines.append(f"no frame is shown at {', '.join(f'{seconds:g}' for seconds in missing)} s")
    shots = facts.get("shots") or ()
    lines += [f"shot {shot['shot']} refused: {why}" for shot in shots if (why := shot.get("refused_because"))]
    return lines


def items(words: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    """One line an item; the facts are with the latest audit of the item's source."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    wanted = parse(words)
    rows = {row.digest: row for row in select(wanted, catalogue)}
    with connect(catalogue) as connection:
        connection.execute("CREATE TABLE wanted AS SELECT unnest(?) AS source", [list(rows)])
        asked = "SELECT items.* FROM items JOIN wanted USING (source) WHERE processor = coalesce(?, processor)"
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
    item |= {"source_name": row.name, "path": str(path), "facts": json.loads(item["facts"])}
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
    told = TellTale(Catalogue(store).sources().values()).of(row)
    all_of_them = applicable(row.source(), load_recipes(), told).values()
    chosen = [p for p in all_of_them if processor in (None, p.name)]
    if not chosen:
        names = ", ".join(p.name for p in all_of_them)
        raise click.ClickException(f"{processor}: not in the recipe for this source: {names}")
    reasons = [
        {
            "processor": p.name,
            "version": p.version,
            "parameters": parameters(p),
            "why": reason_for(row.source(), p, store),
        }
        for p in chosen
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
    return find_source(word, list(Catalogue(store).sources().values()))
