"""What a pack or the gallery shows: subjects (sources, with all that is known of them) and entries (their items)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from processors.contract import Json
from processors.store.ask import connect
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import Manifest, ResultRef
from processors.store.results import Store


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text in two languages; None where nobody has written it."""

    en: str | None = None
    zh: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """When a source was recorded, as its evidence believes it; a day stays a day."""

    written: str
    precision: str
    source: str
    earliest_utc: str
    latest_utc: str
    """The first moment after the span."""
    first_sol: int | None
    last_sol: int | None
    solar_longitude_degrees: float
    local_true_solar_time_hours: float | None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What could not be made of a source."""

    processor: str
    verdict: str
    """`failed` or `refused`."""
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A source with everything that is said of it."""

    digest: str
    """SHA-256 of its bytes."""
    name: str
    release: str
    path: str
    """Where the original was last seen; it may be gone."""
    medium: str
    format: str
    size_bytes: int
    duration_seconds: float | None
    title: Text
    caption: Text
    creator: str | None
    agency: str | None
    credit: str | None
    rights: str | None
    redistribute: bool | None
    """None where nobody says whether it may be passed on."""
    published_at: str | None
    """The address that the release names."""
    synthetic: bool
    mission: str | None
    event: str | None
    event_title: Text
    camera: str | None
    place: str | None
    recorded: Recorded | None
    disagreements: tuple[str, ...]
    audit: dict[str, Any] | None
    """What the latest audit says (`words`, `is_complete`, `motion_may_be_measured`, ...); None where there is none."""
    evidence: dict[str, Any] | None
    """The whole evidence record; None where there is none."""
    failures: tuple[Failure, ...] = ()
    """By processor; the latest result of each counts."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One item of the store, with the result that it belongs to."""

    subject: Subject
    manifest: Manifest
    name: str
    """Path below the result's folder."""
    path: Path
    media_type: str
    size_bytes: int
    sha256: str
    facts: Json
    """As stored, with the latest audit of its source under `audit`."""


def subjects(rows: Iterable[SourceRow], store: Store, catalogue: Catalogue) -> Iterator[Subject]:
    """What is known of each source, in the order given."""
    with connect(catalogue) as connection:
        audits = {
            source: json.loads(audit)
            for source, audit in connection.execute("SELECT source, audit FROM audits").fetchall()
        }
        records = {
            source: ResultRef(source=source, processor="evidence", key=key)
            for source, key in connection.execute(
                "SELECT i.source, i.key FROM stored_items i JOIN results r USING (source, processor, key) "
                "WHERE processor = 'evidence' "
                "QUALIFY row_number() OVER (PARTITION BY i.source ORDER BY r.started_utc DESC) = 1"
            ).fetchall()
        }
        failures: dict[str, list[Failure]] = {}
        for source, processor, verdict, reason in connection.execute(
            "SELECT source, processor, verdict, reason FROM results "
            "QUALIFY row_number() OVER (PARTITION BY source, processor ORDER BY started_utc DESC) = 1 "
            "AND verdict <> 'made' ORDER BY source, processor"
        ).fetchall():
            failures.setdefault(source, []).append(Failure(processor=processor, verdict=verdict, reason=reason))
    for row in rows:
        ref = records.get(row.digest)
        evidence = json.loads(store.item_path(ref, "evidence.json").read_bytes()) if ref else None
        known = subject(row, evidence, audits.get(row.digest))
        yield replace(known, failures=tuple(failures.get(row.digest, ())))


def subject(row: SourceRow, evidence: dict[str, Any] | None, audit: dict[str, Any] | None) -> Subject:
    """Put together what the catalogue, the evidence record and the audit say of one source."""
    said = _Said(evidence)
    event = (evidence or {}).get("event") or {}
    redistribute = said.first("marsmedia:redistribute")
    assert row.medium is not None
    return Subject(
        digest=row.digest,
        name=row.name,
        release=row.release,
        path=row.path,
        medium=row.medium,
        format=row.format,
        size_bytes=row.size_bytes,
        duration_seconds=row.duration_seconds,
        title=said.text("dc:title"),
        caption=said.text("dc:description"),
        creator=said.first("dc:creator"),
        agency=said.first("dc:publisher"),
        credit=said.first("photoshop:Credit"),
        rights=said.first("dc:rights"),
        redistribute=None if redistribute is None else redistribute == "true",
        published_at=said.first("dc:source"),
        synthetic=said.first("Iptc4xmpExt:DigitalSourceType") not in (None, "false"),
        mission=(evidence or {}).get("mission"),
        event=event.get("name"),
        event_title=Text(en=event.get("title"), zh=event.get("title_zh")),
        camera=(evidence or {}).get("camera"),
        place=(evidence or {}).get("place"),
        recorded=_recorded(evidence),
        disagreements=tuple(
            f"{one['about']}: " + "; ".join(f"{value} ({source})" for value, source in one["says"])
            for one in (evidence or {}).get("disagreements", [])
        ),
        audit=audit,
        evidence=evidence,
    )


def _recorded(evidence: dict[str, Any] | None) -> Recorded | None:
    taken = (evidence or {}).get("taken")
    if not taken or not evidence:
        return None
    dates = [date["written"] for date in evidence["dates"] if date["source"] == taken["source"]]
    return Recorded(
        written=dates[0] if dates else taken["earliest_utc"],
        precision=taken["precision"],
        source=taken["source"],
        earliest_utc=taken["earliest_utc"],
        latest_utc=taken["latest_utc"],
        first_sol=taken["first_sol"],
        last_sol=taken["last_sol"],
        solar_longitude_degrees=taken["first_solar_longitude_degrees"],
        local_true_solar_time_hours=taken["local_true_solar_time_hours"],
    )


class _Said:
    """The statements of an evidence record; the first voice on each term is the nearest to the file."""

    def __init__(self, evidence: dict[str, Any] | None) -> None:
        self._statements = (evidence or {}).get("statements", [])

    def first(self, term: str) -> str | None:
        return next((str(one["value"]) for one in self._statements if one["term"] == term), None)

    def text(self, term: str) -> Text:
        values: dict[str, str] = {}
        for one in self._statements:
            if one["term"] == term:
                values.setdefault("zh" if str(one["language"]).startswith("zh") else "en", str(one["value"]))
        return Text(en=values.get("en"), zh=values.get("zh"))


def entries(subject: Subject, manifests: Iterable[Manifest], store: Store) -> Iterator[Entry]:
    """The items of some of a source's results, in the order of processor, key and name."""
    for manifest in sorted(manifests, key=lambda manifest: manifest.ref):
        for item in sorted(manifest.items, key=lambda item: item.name):
            facts = item.facts if isinstance(item.facts, dict) else {}
            yield Entry(
                subject=subject,
                manifest=manifest,
                name=item.name,
                path=store.item_path(manifest.ref, item.name),
                media_type=item.media_type,
                size_bytes=item.size_bytes,
                sha256=item.sha256,
                facts={**facts, "audit": subject.audit} if subject.audit else item.facts,
            )
