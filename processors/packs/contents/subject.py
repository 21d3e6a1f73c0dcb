"""Subjects (sources with all known facts) and entries (their items) of a pack or the gallery."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processors.engine.own_companions import OwnCompanions
from processors.errors import ResultCorrupt, ResultMissing
from processors.json_records import Json
from processors.languages.language import LANGUAGES
from processors.languages.script import CHINESE, is_chinese
from processors.languages.text import FALLBACK, Text
from processors.metadata.unused_streams import LargerPicture, OtherAudio
from processors.mission.titles import event_title
from processors.packs.contents.outcomes import FailedResult, Outcomes
from processors.packs.contents.prohibitions import Place, with_prohibitions
from processors.packs.contents.recorded import Recorded, recorded_of
from processors.packs.contents.rights_by_path import (
    PathRights,
    binding,
    instructions_of,
    rights_of,
    usage_terms_of,
    voice,
)
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.decoded_length import decoded_length
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.sql import connect, shown_sizes
from processors.store.findings.disagreements import Disagreement, disagreements
from processors.store.findings.stored_evidence import read_evidence
from processors.store.manifest import Manifest, ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, kw_only=True)
class PlaceElsewhere:
    """Another place of the bytes of a source."""

    release: str
    relative: str
    """Path relative to the folder of releases."""


@dataclass(frozen=True, kw_only=True)
class SourceRecord:
    """Source with all statements about it."""

    digest: str
    """SHA-256 of the file."""
    name: str
    release: str
    path: str
    """Last known path of the original; it may be gone."""
    medium: str
    format: str
    size_bytes: int
    duration_seconds: float | None
    title: Text
    caption: Text
    alternative: Text
    """Text for people who cannot see or hear it, as the release or the file states it; empty without one."""
    creator: str | None
    agency: str | None
    credit: str | None
    rights: str | None
    redistribute: bool | None
    """Permission to redistribute it; None if this is not stated, or only of all files, against the file's own terms."""
    published_at: str | None
    """URL given by the release."""
    released: str | None
    """Date of the release, as stated."""
    synthetic: bool
    mission: str | None
    event: str | None
    event_title: Text
    camera: str | None
    """Camera or instrument in the release's own words; without any, in those of the mission's profile, else of a label
    or the file itself."""
    place: str | None
    recorded: Recorded | None
    disagreements: tuple[str, ...]
    audit: dict[str, Any] | None
    """Facts of the audit that counts (`words`, `is_complete`, `motion_may_be_measured`, ...); None without an audit."""
    evidence: dict[str, Any] | None
    """Complete evidence record; None without one."""
    shown_size_px: tuple[int, int] | None = None
    """Width and height as shown, upright and in square pixels; None if it was not decoded."""
    motion_refused_because: tuple[str, ...] = ()
    """Reason for each shot if the `video.motion` that counts refused every one of them; else empty."""
    failures: tuple[FailedResult, ...] = ()
    """Failures by processor; of several results of one, the requested one counts, else the latest."""
    usage_terms: str | None = None
    """Terms of use, in the words of the release or the file; those of every path with its bytes."""
    instructions: str | None = None
    """Instructions to editors, in the words of the release or the file; those of every path with its bytes."""
    evidence_key: str | None = None
    """Key of the evidence record; None without one."""
    every_evidence_key: tuple[str, ...] = ()
    """Keys of the evidence records of every place that holds the bytes, this one's first."""
    relative: str = ""
    """`path` relative to the folder of releases."""
    voices: tuple[PathRights, ...] = ()
    """Statements about its rights at every path with its bytes, this one first; empty if only the above are known."""
    start_seconds: float = 0.0
    """Presentation time at which the recording begins (`first_presentation_seconds`); only in packs, 0 elsewhere."""
    larger_picture: LargerPicture | None = None
    """Larger video stream, from which nothing is made; only in packs, None elsewhere and without one."""
    other_audio: OtherAudio | None = None
    """Audio streams of which nothing is made; only in packs with sound of it, None elsewhere and without any."""
    bound_by: PathRights | None = None
    """Other path whose stricter rights are given above; None if they are this path's own."""
    keywords: tuple[str, ...] = ()
    """Keywords of the release, else of the file; each once, in their order."""
    entry_path: str | None = None
    """Earlier path by which its `release.toml` still names it, in an entry that counts for it; None if it does not."""
    camera_source: str | None = None
    """Label entry or tag with these very words, also if the release repeats them: `label a.xml:INSTRUMENT_NAME`."""
    elsewhere: tuple[PlaceElsewhere, ...] = ()
    """Other places of the same bytes; only on the page of a store, empty in packs."""


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    """Item of the store, with the result that it belongs to."""

    subject: SourceRecord
    manifest: Manifest
    name: str
    """Path relative to the result's folder."""
    find: Callable[[], Path] = field(compare=False)
    media_type: str
    size_bytes: int
    sha256: str
    facts: Json
    """Facts as stored, with the audit of its source under `audit`."""

    @property
    def path(self) -> Path:
        """Return a path of its file; an item in a bucket is fetched first."""
        return self.find()

    @property
    def is_pinned(self) -> bool:
        """Return whether the release has chosen this still."""
        return isinstance(self.facts, dict) and self.facts.get("is_pinned") is True


def subjects(
    rows: Iterable[SourceRow],
    store: Store,
    catalogue: Catalogue,
    asked: Callable[[SourceRow], Container[ResultRef]] = lambda row: (),
) -> Iterator[SourceRecord]:
    """Yield each source in the order given, with the statements at its own path and the strictest rights of all.

    Parameters
    ----------
    asked : returns the results that today's recipes want of a source; of a processor without any, the latest counts.
    """
    with connect(catalogue) as connection:
        outcomes = Outcomes(connection)
        sighted = _sighted(connection)
        apart = disagreements(connection)
        shown = shown_sizes(connection)
        unsaid = _evidence_not_made(connection)
    own = OwnCompanions(catalogue.sightings)
    for row in rows:
        refs = asked(row)
        every = sighted.get(row.digest, [])
        places = _places(row, every)
        records = [read_evidence(store, row.digest, place.evidence_key) for place in places]
        missing = [_unsaid(place, unsaid.get(row.digest, {})) for place in places]
        voices = [
            voice(place.relative, record, failure.reason if failure else None, entry_path=place.entry_path)
            for place, record, failure in zip(places, records, missing, strict=True)
        ]
        voices = with_prohibitions(voices, places, every, row.digest, store)
        known = subject(row, records[0], outcomes.audit(row.digest, refs))
        binds = binding(voices)
        known_length = None
        if row.medium != "photo":
            known_length = decoded_length(store, row.digest, row.duration_seconds, row.format)
        yield replace(
            known,
            duration_seconds=known_length or known.duration_seconds,
            shown_size_px=shown.get(row.digest),
            motion_refused_because=outcomes.motion_refused_because(row.digest, refs),
            failures=(
                *filter(None, missing[:1]),
                *outcomes.failures(row.digest, refs, partial(_counts, row=row, own=own, store=store)),
            ),
            evidence_key=places[0].evidence_key,
            every_evidence_key=tuple(filter(None, dict.fromkeys(place.evidence_key for place in places))),
            disagreements=(*known.disagreements, *map(_in_words, apart.get(row.digest, ()))),
            voices=tuple(dict.fromkeys(voices)),
            bound_by=None if binds is voices[0] else binds,
            rights=rights_of(voices),
            usage_terms=usage_terms_of(voices),
            instructions=instructions_of(voices),
            redistribute=binds.redistribute,
        )


def _sighted(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Place]]:
    sighted: dict[str, list[Place]] = {}
    columns = "path, relative, evidence_key, words_key, forbidden_key, seen_utc, gone_utc, entry_path"
    columns += ", entry_permission, entry_permission_utc"
    rows = connection.execute(f"SELECT digest, {columns} FROM sighted ORDER BY relative, path").fetchall()
    for source, *values in rows:
        sighted.setdefault(source, []).append(Place(*values))
    return sighted


def _evidence_not_made(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, FailedResult]]:
    """Return the evidence of each source that could not be made, by its key."""
    unsaid: dict[str, dict[str, FailedResult]] = {}
    for source, key, verdict, reason in connection.execute(
        f"SELECT source, key, verdict, reason FROM results WHERE processor = '{EVIDENCE}' AND verdict <> 'made'"
    ).fetchall():
        unsaid.setdefault(source, {})[key] = FailedResult(processor=EVIDENCE, verdict=verdict, reason=reason)
    return unsaid


def _places(row: SourceRow, sighted: list[Place]) -> list[Place]:
    """Return the path of a row, then every other path that holds the same bytes now and has its own statements, or an
    earlier prohibition of its own.
    """
    here = next(place for place in sighted if place.path == row.path)
    others = [place for place in sighted if place.path != row.path and place.gone_utc is None]
    return [here, *(one for one in others if _is_apart(one, here))]


def _is_apart(other: Place, here: Place) -> bool:
    """Return whether a path says something else than the first, or forbids what that does not."""
    if other.evidence_key != here.evidence_key or not here.evidence_key:
        return True
    is_forbidden = (other.forbidden_key and not here.forbidden_key) or other.entry_permission is False
    return bool(is_forbidden) and here.entry_permission is not False


def _unsaid(place: Place, failures: dict[str, FailedResult]) -> FailedResult | None:
    """Return the reason why a path has no evidence, if a run has tried to make it."""
    if place.evidence_key is not None:
        return None
    return failures.get(place.planned_key) if place.planned_key else next(iter(failures.values()), None)


def _counts(ref: ResultRef, row: SourceRow, own: OwnCompanions, store: Store) -> bool:
    """Return whether a result was made of its file's own companions, as far as the store can say."""
    try:
        return not own.ended(store.manifest(ref), row)
    except (ResultCorrupt, ResultMissing):
        return True


def _in_words(one: Disagreement) -> str:
    return f"{one.about}: " + "; ".join(f"{value} ({place})" for value, place in one.says)


def subject(row: SourceRow, evidence: dict[str, Any] | None, audit: dict[str, Any] | None) -> SourceRecord:
    said = _Said(evidence)
    event = (evidence or {}).get("event") or {}
    mission = (evidence or {}).get("mission")
    camera = (evidence or {}).get("recorded_by") or (evidence or {}).get("camera")
    assert row.medium is not None
    return SourceRecord(
        digest=row.digest,
        name=row.name,
        release=row.release,
        path=row.path,
        relative=row.relative,
        entry_path=row.entry_path,
        medium=row.medium,
        format=row.format,
        size_bytes=row.size_bytes,
        duration_seconds=row.duration_seconds,
        title=said.text("dc:title"),
        caption=said.text("dc:description"),
        alternative=said.text("Iptc4xmpCore:AltTextAccessibility"),
        creator=said.first("dc:creator"),
        agency=said.agency(),
        credit=said.first("photoshop:Credit"),
        rights=said.first("dc:rights"),
        usage_terms=said.first("xmpRights:UsageTerms"),
        instructions=said.first("photoshop:Instructions"),
        keywords=said.several("dc:subject"),
        redistribute=voice(row.relative, evidence).redistribute if evidence else None,
        published_at=said.first("dc:source"),
        released=said.first("dcterms:issued"),
        synthetic=said.first("Iptc4xmpExt:DigitalSourceType") not in (None, "false"),
        mission=mission,
        event=event.get("name"),
        event_title=event_title(mission, event.get("name"), Text.of_keys(event, "title")),
        camera=camera,
        camera_source=said.source_of("exif:Model", camera),
        place=(evidence or {}).get("place"),
        recorded=recorded_of(evidence),
        disagreements=tuple(
            f"{one['about']}: " + "; ".join(f"{value} ({source})" for value, source in one["says"])
            for one in (evidence or {}).get("disagreements", [])
        ),
        audit=audit,
        evidence=evidence,
    )


class _Said:
    """Statements of an evidence record; the first voice on each term is the nearest to the file."""

    def __init__(self, evidence: dict[str, Any] | None) -> None:
        self._statements = (evidence or {}).get("statements", [])

    def first(self, term: str) -> str | None:
        return next((str(one["value"]) for one in self._statements if one["term"] == term), None)

    def source_of(self, term: str, value: str | None) -> str | None:
        """Return the first voice that states this value; None without one."""
        return next((one["source"] for one in self._statements if (one["term"], one["value"]) == (term, value)), None)

    def several(self, term: str) -> tuple[str, ...]:
        """Return every value of the first voice, each once, on one line."""
        found = [one for one in self._statements if one["term"] == term]
        nearest = (" ".join(str(one["value"]).split()) for one in found if one["source"] == found[0]["source"])
        return tuple(dict.fromkeys(filter(None, nearest)))

    def agency(self) -> str | None:
        """Return the file's agency; None for a file with a credit of its own that does not name the release's."""
        agency = self.first("dc:publisher")
        of_file = {one["source"]: str(one["value"]) for one in self._statements}
        credit = of_file.get("release.toml:file.credit")
        is_own = "release.toml:file.agency" in of_file or "release.toml:file.mission" in of_file
        if agency and credit and not is_own and agency.casefold() not in credit.casefold():
            return None
        return agency

    def text(self, term: str) -> Text:
        """Return a text in its languages; Chinese without a stated language, or in place of English, is Chinese."""
        values: dict[str, str] = {}
        for one in self._statements:
            if one["term"] == term:
                code = str(one["language"]).partition("-")[0]
                values.setdefault(code if code in LANGUAGES else FALLBACK, str(one["value"]))
        if is_chinese(values.get(FALLBACK, "")):
            values.setdefault(CHINESE, values.pop(FALLBACK))
        return Text(values)


def manifests_of(subject: SourceRecord, store: Store) -> Iterator[Manifest]:
    """Yield the results of a source, with only the evidence of the subject's own path."""
    for manifest in store.manifests(subject.digest):
        if manifest.ref.processor != EVIDENCE or manifest.ref.key == subject.evidence_key:
            yield manifest


def item_records(subject: SourceRecord, manifests: Iterable[Manifest], store: Store) -> Iterator[ItemRecord]:
    """Yield the items of some of a source's results, in the order of processor, key and name."""
    for manifest in sorted(manifests, key=lambda manifest: manifest.ref):
        for item in sorted(manifest.items, key=lambda item: item.name):
            facts = item.facts if isinstance(item.facts, dict) else {}
            yield ItemRecord(
                subject=subject,
                manifest=manifest,
                name=item.name,
                find=partial(store.item_path, manifest.ref, item.name),
                media_type=item.media_type,
                size_bytes=item.size_bytes,
                sha256=item.sha256,
                facts={**facts, "audit": subject.audit} if subject.audit else item.facts,
            )
