"""Events in PREMIS: what happened to each file, from its release to its pack.

An identifier names one event in every pack: it holds the event's time, and the place or key of what happened.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterator, Sequence

from processors.json_records import canonical_json
from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds
from processors.packs.contents.sightings import Sighting
from processors.packs.contents.subject import SourceRecord
from processors.packs.records.pds4_bundle import PackLabel
from processors.packs.records.premis_elements import Element, identifier, linked_object, urn
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.file_verdict import FileVerdict
from processors.store.manifest import Manifest
from processors.well_known_names import EVIDENCE, INTEGRITY, METADATA

PACKER = "marsmedia"
DAY_LENGTH = len("2026-11-30")


def of_sighting(one: Sighting) -> Iterator[list[Element]]:
    """Yield what happened to a file at one place: found there, perhaps in place of another, perhaps gone since.

    A place is known by its path below the folder of releases, which may be moved.
    """
    row, when = one.here.row, one.here.seen_utc
    name = f"{row.digest[:16]}-{hashlib.sha256(row.relative.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    about = [urn(row.digest)]
    detail = f"Identified as {row.format} and hashed (SHA-256) at: {row.relative}"
    yield _event(f"ingestion-{name}", "ingestion", when, detail, "success", about)
    if one.before and one.before.row.digest != row.digest:  # else its folder was moved meanwhile
        was = f"the file with SHA-256 {one.before.row.digest}, seen {one.before.seen_utc}"
        detail = f"Found at {row.relative} in place of {was}"
        yield _event(f"replacement-{name}", "replacement", when, detail, "success", about)
    for check in one.checks:
        span = f"from {in_seconds(check.started_utc)} to {in_seconds(check.ended_utc)}"
        detail = f"SHA-256 compared with that of the ingestion, by a check {span}, at: {row.relative}"
        outcome = "failure" if check.reason else "success"
        restored = (
            f"restored: whole after the failed check of {in_seconds(check.failed_utc)}" if check.failed_utc else ""
        )
        note = check.reason or restored
        yield _event(f"fixity-{name}", "fixity check", check.ended_utc, detail, outcome, about, note=note)
    if one.here.gone_utc and not (one.after and one.after.row.digest == row.digest):
        yield from _end(one, one.here.gone_utc, name)


def _end(one: Sighting, gone_utc: str, name: str) -> Iterator[list[Element]]:
    """Yield the end of a file at one place; what is gone without copy is missing, until a user confirms that.

    What happened later, as its return to another place, adds an event, and leaves this one as it is in earlier packs.
    What was confirmed at once, before a run missed it, was never lost.
    """
    row, about, confirmed_utc = one.here.row, [urn(one.here.row.digest)], one.here.stay.confirmed_utc
    if one.after:
        detail = f"Replaced at {row.relative} by the file with SHA-256 {one.after.row.digest}"
        yield _event(f"deaccession-{name}", "deaccession", gone_utc, detail, "success", about)
        return
    if one.moved_to:
        detail = f"Moved: {row.relative} is now {one.moved_to.relative}"
        yield _event(f"moved-{name}", "filename change", gone_utc, detail, "success", about)
    elif confirmed_utc is None or confirmed_utc > gone_utc:
        if one.copy:
            detail = f"Withdrawn: no longer found at {row.relative}; {one.copy.relative} has the same bytes"
            yield _event(f"deaccession-{name}", "deaccession", gone_utc, detail, "success", about)
        else:
            detail = f"Missing: no longer found at {row.relative}"
            yield _event(f"missing-{name}", "fixity check", gone_utc, detail, "failure", about)
    if confirmed_utc:
        detail = f"Withdrawn, confirmed by a user: no longer found at {row.relative} since {gone_utc[:10]}"
        note = one.here.stay.confirmed_reason or ""
        yield _event(f"deaccession-{name}", "deaccession", confirmed_utc, detail, "success", about, note=note)


def validation(subject: SourceRecord, verdict: FileVerdict, by: Manifest) -> list[Element]:
    """Return the event by which a source was decoded, with the verdict of all its results.

    Parameters
    ----------
    by : audit of a video, which decoded every frame; without one, and for other media, the result that found the
        verdict.
    """
    audit = subject.audit if by.ref.processor == INTEGRITY else None
    is_whole = verdict.words is not None and not verdict.is_damaged and (audit or {}).get("is_complete", True)
    is_read = verdict.words is not None or audit is not None
    outcome = "success" if is_whole else "incomplete or damaged" if is_read else "not decoded"
    detail = "Decoding of every frame" if audit else f"Checked for damage by {by.ref.processor} {by.version}"
    sentences = [verdict.words if is_read else by.reason, (audit or {}).get("words")]
    name = f"validation-{by.ref.key[:16]}"
    note = "; ".join(filter(None, sentences))
    return _event(name, "validation", by.started_utc, detail, outcome, [urn(subject.digest)], note=note)


def md5_comparison(one: PackedCompanion, weighed: Manifest, label: SourceRow) -> list[Element]:
    """Return the event by which a file's MD5 was compared with that in its label, at the place of the label then."""
    note = reason if (reason := weighed.reason or "").startswith("MD5 of the file is ") else ""
    name = f"fixity-{one.original.subject.digest[:16]}-{one.row.digest[:16]}"
    detail = f"MD5 compared with that in {label.relative}, {one.md5_named}"
    about = [urn(one.original.subject.digest), urn(one.row.digest)]
    outcome = "failure" if note else "success"
    return _event(name, "fixity check", weighed.started_utc, detail, outcome, about, note=note)


def creation(manifest: Manifest, files: Sequence[PackedFile]) -> list[Element]:
    """Return the event by which a result was made."""
    processor = manifest.ref.processor
    kind = "metadata extraction" if processor in (METADATA, EVIDENCE) else "creation"
    detail = f"{processor} {manifest.version} with {canonical_json(manifest.parameters).decode()}"
    about, made = [urn(manifest.ref.source)], [*dict.fromkeys(urn(one.sha256) for one in files)]
    outcome = "success" if manifest.reason is None else "success with losses"
    note = manifest.reason or ""
    name, when = _creation_name(manifest), manifest.started_utc
    return _event(name, kind, when, detail, outcome, about, processor, note=note, made=made)


def creation_identifier(manifest: Manifest) -> str:
    """Return the identifier of the event by which a result was made."""
    return _dated(_creation_name(manifest), manifest.started_utc)


def labelling(labels: Sequence[PackLabel], identity: PackIdentity) -> list[Element]:
    """Return the event by which the pack wrote PDS4 labels of its files."""
    detail = f"PDS4 labels of files in the bag, written by marsmedia pack {importlib.metadata.version('marsmedia')}"
    about = [*dict.fromkeys(urn(file.sha256) for one in labels for file in one.files)]
    made, when = [urn(one.sha256) for one in labels], _packed_at(identity)
    return _event(_labelling_name(labels), "creation", when, detail, "success", about, made=made)


def labelling_identifier(labels: Sequence[PackLabel], identity: PackIdentity) -> str:
    """Return the identifier of the event by which the pack wrote its labels."""
    return _dated(_labelling_name(labels), _packed_at(identity))


def packing(
    digests: Sequence[str], identity: PackIdentity, left_out: Sequence[str], remarks: Sequence[str]
) -> list[Element]:
    """Return the event by which files were put into the bag; what it notes is part of its identifier.

    Parameters
    ----------
    left_out : what is not in the bag, each with the reason.
    remarks : what holds of files in the bag as they were packed, and may hold no longer in a later pack.
    """
    detail = f"Put into the BagIt bag {identity.urn}; SHA-256 and SHA-512 of each file in its manifests"
    if not identity.is_stated:
        detail += f". Packed from results up to {identity.dated_utc}; the packing date was not given"
    notes = [f"Not in the bag: {'; '.join(left_out)}"] if left_out else []
    notes += [f"To be noted: {'; '.join(remarks)}"] if remarks else []
    note = ". ".join(notes)
    said = f"-{hashlib.sha256(note.encode()).hexdigest()[:8]}" if note else ""
    name, about = f"packing-{identity.digest[:16]}{said}", [urn(digest) for digest in digests]
    return _event(name, "packing", _packed_at(identity), detail, "success", about, note=note)


def _packed_at(identity: PackIdentity) -> str:
    return identity.day if identity.is_day else identity.dated_utc


def _labelling_name(labels: Sequence[PackLabel]) -> str:
    digests = "".join(one.sha256 for one in labels)
    return f"labels-{hashlib.sha256(digests.encode()).hexdigest()[:16]}"


def _creation_name(manifest: Manifest) -> str:
    return f"{manifest.ref.processor}-{manifest.ref.key[:16]}"


def _written(when_utc: str) -> str:
    """Return a time in whole seconds; a day stays one, as a time would be before what happened earlier on that day."""
    return when_utc if len(when_utc) == DAY_LENGTH else in_seconds(when_utc)


def _dated(name: str, when_utc: str) -> str:
    return f"{name}-{_written(when_utc).replace('-', '').replace(':', '')}"


def _event(
    name: str,
    kind: str,
    when_utc: str,
    detail: str,
    outcome: str,
    about: Sequence[str],
    agent: str = PACKER,
    note: str = "",
    made: Sequence[str] | None = None,
) -> list[Element]:
    """Return an event about some files; if it made others of them, or might have, the files' roles say which."""
    found: list[Element] = [("eventOutcome", outcome)]
    if note:
        found.append(("eventOutcomeDetail", [("eventOutcomeDetailNote", note)]))
    return [
        *identifier("event", _dated(name, when_utc), "local"),
        ("eventType", kind),
        ("eventDateTime", _written(when_utc)),
        ("eventDetailInformation", [("eventDetail", detail)]),
        ("eventOutcomeInformation", found),
        *identifier("linkingAgent", agent, "local"),
        *(linked_object(one, "" if made is None else "source") for one in about),
        *(linked_object(one, "outcome") for one in made or ()),
    ]
