"""`marsmedia show`: one source, its history, what is said of it, and its results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from flows.cli.look import open_store
from flows.cli.print_links import sentence
from processors.contract import Json
from processors.sources.scan import printable
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.disagreements import Disagreement, disagreements
from processors.store.manifest import Manifest
from processors.store.selection import find_source
from processors.store.sql import connect
from processors.store.store import Store


def show(word: str, folder: Path, *, as_json: bool) -> None:
    """One source: what it is, where it was seen, what else stood there, what is said of it there, and its results."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    rows = catalogue.sightings()
    row = find_source(word, rows)
    manifests = list(store.manifests(row.digest))
    links = (store.source(row.digest) or {}).get("links", [])
    seen = [one for one in rows if one.digest == row.digest]
    before = [one for one in rows if one.path == row.path and one.digest != row.digest]
    own, apart = _words(row, catalogue)
    if as_json:
        record = {
            **asdict(row),
            "seen": [_place(one) for one in seen],
            "also_at_this_path": [{"digest": one.digest, **_place(one)} for one in before],
            "disagreements": [asdict(one) for one in apart],
            "links": links,
            "results": [{**asdict(m), "folder": str(store.folder(m.ref))} for m in manifests],
        }
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    click.echo(f"{printable(row.name)}: {row.medium or row.kind}, {row.format}{f', {row.codec}' if row.codec else ''}")
    click.echo(f"  sha256   {row.digest}\n  size     {row.size_bytes} bytes\n  release  {printable(row.release)}")
    for line in _history(row, seen, before):
        click.echo(f"  {printable(line)}")
    if row.note:
        click.echo(f"  note     {printable(row.note)}")
    if links:
        names = {other.digest: other.name for other in rows}
        for link in links:
            click.echo(f"  link     {printable(sentence(link, names))}")
    if verdict := _verdict(manifests):
        click.echo(f"  verdict  {printable(verdict)}")
    for one in apart:
        says = "; ".join(f"{value} ({place})" for value, place in one.says)
        click.echo(f"  places disagree about {one.about}: {printable(says)}")
    _tell_results([m for m in manifests if m.ref.processor != "evidence" or m.ref.key in own], store)


def _words(row: SourceRow, catalogue: Catalogue) -> tuple[set[str | None], tuple[Disagreement, ...]]:
    """Keys of the evidence that holds what is said at this place, and what places of the same bytes disagree about."""
    with connect(catalogue) as connection:
        asked = "SELECT evidence_key FROM sightings WHERE path = ? AND source = ?"
        found = connection.execute(asked, [row.path, row.digest]).fetchall()
        apart = disagreements(connection).get(row.digest, ())
    return {row.evidence_key, *(key for (key,) in found)}, apart


def _place(row: SourceRow) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "digest"}


def _history(row: SourceRow, seen: Sequence[SourceRow], before: Sequence[SourceRow]) -> Iterator[str]:
    """Where these bytes were seen, since when and until when, and what else was seen at this path."""
    if all(one.gone_utc for one in seen):
        yield "gone     no longer in raw"
    for one in seen:
        yield f"seen     {one.path} ({_span(one)})"
    for one in before:
        yield f"here     {'also' if one.gone_utc else 'now'} {one.digest} ({_span(one)})"


def _span(row: SourceRow) -> str:
    """When runs first saw these bytes at this place, and when they no longer did."""
    return f"{row.seen_utc[:19]}Z until {row.gone_utc[:19]}Z" if row.gone_utc else f"since {row.seen_utc[:19]}Z"


def _tell_results(manifests: Sequence[Manifest], store: Store) -> None:
    told: list[dict[str, Json]] = []
    for manifest in manifests:
        why_not = f": {printable(manifest.reason)}" if manifest.reason and manifest.verdict != "made" else ""
        click.echo(f"{manifest.ref.processor}: {manifest.verdict}{why_not}")
        count = len(manifest.items)
        click.echo(f"  {count} {'item' if count == 1 else 'items'} in {store.folder(manifest.ref)}")
        if manifest.ref.processor == "evidence" and manifest.items:
            record_of = json.loads(store.item_path(manifest.ref, manifest.items[0].name).read_text())
            for line in [*said_lines(record_of), *evidence_lines(record_of)]:
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


def said_lines(record: dict[str, Any]) -> list[str]:
    """Titles, credit, rights and whether it may be passed on, each with who says so."""
    names = {
        "dc:title": "title",
        "photoshop:Credit": "credit",
        "dc:rights": "rights",
        "marsmedia:redistribute": "may be passed on",
    }
    return [
        f"{names[one['term']]}: {one['value']} (from {one['source']})"
        for one in record.get("statements", ())
        if one["term"] in names
    ]


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
