"""PREMIS 3.0: objects with fixity and format, events from release to pack, agents and rights, for archives."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path

from processors.contract import canonical_json
from processors.formats import UNKNOWN_TYPE, title_of
from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds
from processors.packs.contents.release_files import PackedReleaseFile
from processors.packs.contents.rights import credit, override_of, rights
from processors.packs.contents.selected_sources import SourceHistory
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records.pronom import HEAD_BYTES, pronom_of
from processors.packs.records.xml_text import xml_escaped
from processors.processor_names import EVIDENCE, METADATA
from processors.store.manifest import Manifest
from processors.store.raw_bucket import as_it_is
from processors.store.source_row import SourceRow

FILE = "premis.xml"
NAMESPACE = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PACKER = "marsmedia"
Element = tuple[str, object]
"""Name, and text or inner elements; an empty text or None leaves the element out."""


def premis(
    packed: Sequence[PackedFile],
    recipe: Recipe,
    identity: PackIdentity,
    histories: dict[str, SourceHistory],
    companions: Sequence[PackedCompanion] = (),
    of_releases: Sequence[PackedReleaseFile] = (),
    left_out: Sequence[str] = (),
) -> Iterator[bytes]:
    """Yield the document in pieces: objects, events, agents, rights.

    Parameters
    ----------
    histories : history of each source before packing, by digest.
    left_out : files of the releases that are not in the pack, each with the reason.
    """
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<premis xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" version="3.0"\n'
        f'    xsi:schemaLocation="{NAMESPACE} https://www.loc.gov/standards/premis/premis.xsd">\n'
    ).encode()
    subjects = list({one.subject.digest: one.subject for one in packed}.values())
    manifests = list({one.entry.manifest.ref: one.entry.manifest for one in packed if one.entry}.values())
    for one in packed:
        described_by = [beside for beside in companions if beside.original is one]
        yield _xml([("object", [*_file(one), *(("relationship", _describes(beside)) for beside in described_by)])])
    for one in companions:
        yield _xml([("object", _companion(one))])
    for one in of_releases:
        yield _xml([("object", _of_release(one))])
    originals = {one.subject.digest for one in packed if one.entry is None}
    for subject in subjects:
        if subject.digest not in originals:
            yield _xml([("object", _absent(subject))])
        for event in _events_of(subject, histories[subject.digest]):
            yield _xml([("event", event)])
    for one in {beside.row.digest: beside for beside in companions}.values():
        yield _xml([("event", _beside_identified(one.row, one.elsewhere))])
    for one in companions:
        if (weighed := histories[one.original.subject.digest].weighed) and one.md5_named:
            yield _xml([("event", _compared(one, weighed))])
    known = {one.row.digest for one in companions} | {one.sha256 for one in packed}
    for one in {beside.row.digest: beside for beside in of_releases if beside.row.digest not in known}.values():
        yield _xml([("event", _beside_identified(one.row))])
    for manifest in manifests:
        files = [one for one in packed if one.entry and one.entry.manifest.ref == manifest.ref]
        yield _xml([("event", _derived(manifest, files))])
    beside = [one.row.digest for one in (*companions, *of_releases)]
    digests = dict.fromkeys([*(one.sha256 for one in packed), *beside])
    yield _xml([("event", _bagged([*digests], identity, left_out))])
    for name, kind, version in _agents(recipe, manifests, subjects):
        yield _xml([("agent", _agent(name, kind, version))])
    for subject in subjects:
        yield _xml([("rights", [("rightsStatement", _rights(subject, recipe))])])
    yield b"</premis>\n"


def _events_of(subject: SourceRecord, history: SourceHistory) -> Iterator[list[Element]]:
    """Yield the events of a source before packing."""
    yield _identified(subject, history)
    if subject.audit:
        yield _audited(subject, history.seen_utc)
    elif history.decoded:
        yield _decoded(subject, history.decoded)
    if history.replaced:
        yield _replacement(subject, history.replaced, history.seen_utc)


def _file(one: PackedFile) -> list[Element]:
    place = one.entry.path if one.entry else Path(one.subject.path)
    name = one.subject.name if one.entry is None else one.entry.name
    kind = title_of(one.subject.format) if one.entry is None and one.media_type == UNKNOWN_TYPE else one.media_type
    inside = _object(one.sha256, one.size_bytes, kind, place, one.path, name)
    if one.entry is not None:
        related = [
            *_relation("derivation", "has source", one.subject.digest),
            *_identifier("relatedEvent", _event_name(one.entry.manifest), "local"),
        ]
        inside.append(("relationship", related))
    return inside


def _object(sha256: str, size_bytes: int, media_type: str, place: Path, path: str, original_name: str) -> list[Element]:
    """Return a file of the bag; `place` is where its first bytes, which decide its format, can be read."""
    with place.open("rb") as file:
        puid = pronom_of(media_type, file.read(HEAD_BYTES))
    registry: list[Element] = [("formatRegistryName", "PRONOM"), ("formatRegistryKey", puid)]
    form: list[Element] = [("formatDesignation", [("formatName", media_type)])]
    return [
        *_identifier("object", f"urn:sha256:{sha256}", "URN"),
        *_identifier("object", f"data/{path}", "path in the bag"),
        (
            "objectCharacteristics",
            [
                ("compositionLevel", "0"),
                ("fixity", [("messageDigestAlgorithm", "SHA-256"), ("messageDigest", sha256)]),
                ("size", str(size_bytes)),
                ("format", [*form, *([("formatRegistry", registry)] if puid else [])]),
            ],
        ),
        ("originalName", original_name),
    ]


def _companion(one: PackedCompanion) -> list[Element]:
    """Return a label or sidecar, which documents its original."""
    row = one.row
    related = _relation("reference", "documents", one.original.sha256)
    return [
        *_object(row.digest, row.size_bytes, one.media_type, Path(row.path), one.path, row.name),
        ("relationship", related),
    ]


def _of_release(one: PackedReleaseFile) -> list[Element]:
    """Return a file that belongs to a release as a whole."""
    row = one.row
    return _object(row.digest, row.size_bytes, one.media_type, as_it_is(row.path), one.path, row.name)


def _describes(one: PackedCompanion) -> list[Element]:
    """Return the relation of an original to its label or sidecar: without a label, some cannot be read."""
    kind = ("dependency", "requires") if one.is_needed else ("reference", "is documented in")
    return _relation(*kind, one.row.digest)


def _relation(kind: str, sub_kind: str, sha256: str) -> list[Element]:
    return [
        ("relationshipType", kind),
        ("relationshipSubType", sub_kind),
        *_identifier("relatedObject", f"urn:sha256:{sha256}", "URN"),
    ]


def _beside_identified(row: SourceRow, elsewhere: str = "") -> list[Element]:
    """Return the event by which a file that is no medium became known."""
    detail = f"Identified as {row.format} and hashed (SHA-256) at: {row.relative}"
    about = [f"urn:sha256:{row.digest}"]
    name = f"ingestion-{row.digest[:16]}"
    return _event(name, "ingestion", row.seen_utc, detail, "success", about, note=elsewhere)


def _absent(subject: SourceRecord) -> list[Element]:
    """Return a source that is not in the bag itself."""
    return [
        *_identifier("object", f"urn:sha256:{subject.digest}", "URN"),
        (
            "objectCharacteristics",
            [
                ("compositionLevel", "0"),
                ("fixity", [("messageDigestAlgorithm", "SHA-256"), ("messageDigest", subject.digest)]),
                ("size", str(subject.size_bytes)),
                ("format", [("formatDesignation", [("formatName", subject.format)])]),
            ],
        ),
        ("originalName", subject.name),
    ]


def _identified(subject: SourceRecord, history: SourceHistory) -> list[Element]:
    """Return the event by which the source became known, at each place that holds its bytes."""
    places = ", ".join(dict.fromkeys([subject.relative, *(voice.place for voice in subject.voices)]))
    return _event(
        f"ingestion-{subject.digest[:16]}",
        "ingestion",
        history.seen_utc,
        f"Identified as {subject.format} and hashed (SHA-256) at: {places}",
        "success",
        [f"urn:sha256:{subject.digest}"],
        note="; ".join(subject.disagreements),
    )


def _audited(subject: SourceRecord, seen_utc: str) -> list[Element]:
    audit = subject.audit or {}
    outcome = "success" if audit.get("is_complete") else "incomplete or damaged"
    name = f"validation-{subject.digest[:16]}"
    about = [f"urn:sha256:{subject.digest}"]
    return _event(name, "validation", seen_utc, "Every frame decoded", outcome, about, note=str(audit.get("words", "")))


def _decoded(subject: SourceRecord, manifest: Manifest) -> list[Element]:
    """Return the event by which a photo or sound was decoded."""
    outcome = "failure" if manifest.verdict == "failed" else "incomplete or damaged" if manifest.reason else "success"
    detail = f"Decoded for {manifest.ref.processor} {manifest.version}"
    about = [f"urn:sha256:{subject.digest}"]
    name = f"validation-{subject.digest[:16]}"
    return _event(name, "validation", manifest.started_utc, detail, outcome, about, note=manifest.reason or "")


def _compared(one: PackedCompanion, weighed: Manifest) -> list[Element]:
    """Return the event by which a file's MD5 was compared with that in its label."""
    note = reason if (reason := weighed.reason or "").startswith("MD5 of the file is ") else ""
    name = f"fixity-{one.original.subject.digest[:16]}-{one.row.digest[:16]}"
    detail = f"MD5 compared with that in {one.row.relative}, {one.md5_named}"
    about = [f"urn:sha256:{one.original.subject.digest}", f"urn:sha256:{one.row.digest}"]
    outcome = "failure" if note else "success"
    return _event(name, "fixity check", weighed.started_utc, detail, outcome, about, note=note)


def _replacement(subject: SourceRecord, before: SourceRow, seen_utc: str) -> list[Element]:
    """Return the event by which other bytes were found in the place of an earlier file."""
    name = f"replacement-{subject.digest[:16]}"
    detail = f"Found at {subject.relative} in place of the file with SHA-256 {before.digest}, seen {before.seen_utc}"
    return _event(name, "replacement", seen_utc, detail, "success", [f"urn:sha256:{subject.digest}"])


def _derived(manifest: Manifest, files: Sequence[PackedFile]) -> list[Element]:
    processor = manifest.ref.processor
    kind = "metadata extraction" if processor in (METADATA, EVIDENCE) else "creation"
    detail = f"{processor} {manifest.version} with {canonical_json(manifest.parameters).decode()}"
    made = [f"urn:sha256:{one.sha256}" for one in files]
    about = [*dict.fromkeys(made), f"urn:sha256:{manifest.ref.source}"]
    outcome = "success" if manifest.reason is None else "success with losses"
    return _event(
        _event_name(manifest), kind, manifest.started_utc, detail, outcome, about, processor, note=manifest.reason or ""
    )


def _bagged(digests: Sequence[str], identity: PackIdentity, left_out: Sequence[str]) -> list[Element]:
    about = [f"urn:sha256:{digest}" for digest in digests]
    detail = f"Put into the BagIt bag {identity.urn}; SHA-256 and SHA-512 of each file in its manifests"
    if not identity.is_stated:
        detail += f". Packed from results up to {identity.dated_utc}; nobody stated when it was packed"
    note = f"Not in the bag: {'; '.join(left_out)}" if left_out else ""
    return _event("packaging", "packing", identity.dated_utc, detail, "success", about, note=note)


def _event(
    name: str,
    kind: str,
    when_utc: str,
    detail: str,
    outcome: str,
    about: Sequence[str],
    agent: str = PACKER,
    note: str = "",
) -> list[Element]:
    found: list[Element] = [("eventOutcome", outcome)]
    if note:
        found.append(("eventOutcomeDetail", [("eventOutcomeDetailNote", note)]))
    return [
        *_identifier("event", name, "local"),
        ("eventType", kind),
        ("eventDateTime", in_seconds(when_utc)),
        ("eventDetailInformation", [("eventDetail", detail)]),
        ("eventOutcomeInformation", found),
        *_identifier("linkingAgent", agent, "local"),
        *(element for one in about for element in _identifier("linkingObject", one, "URN")),
    ]


def _event_name(manifest: Manifest) -> str:
    return f"{manifest.ref.processor}-{manifest.ref.key[:16]}"


def _agents(
    recipe: Recipe, manifests: Sequence[Manifest], subjects: Sequence[SourceRecord]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and version of each agent, once."""
    yield PACKER, "software", importlib.metadata.version("marsmedia")
    for name in sorted({one.ref.processor for one in manifests}):
        versions = sorted({str(one.version) for one in manifests if one.ref.processor == name})
        yield name, "software", ", ".join(versions)
    for name in dict.fromkeys(filter(None, [recipe.publisher, *(one.agency for one in subjects)])):
        yield name, "organization", ""


def _agent(name: str, kind: str, version: str) -> list[Element]:
    return [*_identifier("agent", name, "local"), ("agentName", name), ("agentType", kind), ("agentVersion", version)]


def _rights(subject: SourceRecord, recipe: Recipe) -> list[Element]:
    notes = [f"Credit: {credit(subject)}"]
    notes += [f"{voice.place}: {voice.rights or 'unknown'}" for voice in subject.voices if voice.speaks]
    if one := override_of(subject, recipe.overrides):
        notes.append(f"Passed on by decision of {one.who}: {one.why}")
    may = {True: "may be passed on", False: "may not be passed on", None: "no permission to redistribute it is stated"}
    notes.append(may[subject.redistribute])
    basis: list[Element] = [("otherRightsBasis", rights(subject)), *(("otherRightsNote", note) for note in notes)]
    return [
        *_identifier("rightsStatement", f"rights-{subject.digest[:16]}", "local"),
        ("rightsBasis", "other"),
        ("otherRightsInformation", basis),
        *_identifier("linkingObject", f"urn:sha256:{subject.digest}", "URN"),
    ]


def _identifier(what: str, value: str, kind: str) -> list[Element]:
    return [(f"{what}Identifier", [(f"{what}IdentifierType", kind), (f"{what}IdentifierValue", value)])]


def _xml(elements: Sequence[Element], depth: int = 1) -> bytes:
    lines: list[str] = []
    for name, inside in elements:
        indent = " " * depth
        if isinstance(inside, list):
            opened = f'<{name} xsi:type="file">' if name == "object" else f"<{name}>"
            lines.append(f"{indent}{opened}\n{_xml(inside, depth + 1).decode()}{indent}</{name}>\n")
        elif inside:
            lines.append(f"{indent}<{name}>{xml_escaped(str(inside))}</{name}>\n")
    return "".join(lines).encode()
