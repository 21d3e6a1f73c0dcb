"""PREMIS 3.0: objects with fixity and format, events from release to pack, agents and rights, for archives."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from processors.formats import UNKNOWN_TYPE, media_type_of, title_of
from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.packed_file import PackedFile, PackIdentity
from processors.packs.contents.release_files import (
    NOTHING_OF_RELEASES,
    PackedReleaseFile,
    ReleaseFiles,
    type_beside_media,
)
from processors.packs.contents.rights import credit, named_in_english, override_of, restrictions, rights, terms
from processors.packs.contents.selected_sources import SourceHistory
from processors.packs.contents.sightings import Sightings
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records import premis_events as events
from processors.packs.records.pds4_bundle import PackLabel
from processors.packs.records.premis_elements import Element, identifier, urn, xml
from processors.packs.records.premis_places import PlaceHistories
from processors.packs.records.pronom import HEAD_BYTES, pronom_of
from processors.sources.scan import printable
from processors.store.bucket.raw_bucket import as_it_is
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest

FILE = "premis.xml"
NAMESPACE = "http://www.loc.gov/premis/v3"
IN_RELEASES = "path in the releases"
XML_TYPE = "application/xml"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<premis xmlns="{NAMESPACE}" xmlns:xsi="{XSI}" version="3.0"\n'
    f'    xsi:schemaLocation="{NAMESPACE} https://www.loc.gov/standards/premis/premis.xsd">\n'
).encode()


def premis(
    packed: Sequence[PackedFile],
    recipe: PackRecipe,
    identity: PackIdentity,
    histories: dict[str, SourceHistory],
    sightings: Sightings,
    companions: Sequence[PackedCompanion] = (),
    of_releases: Sequence[PackedReleaseFile] = (),
    absent: ReleaseFiles = NOTHING_OF_RELEASES,
    labels: Sequence[PackLabel] = (),
    releases: Collection[str] = (),
    lost: Sequence[str] = (),
) -> Iterator[bytes]:
    """Yield the document in pieces: objects, events, agents, rights.

    Parameters
    ----------
    histories : history of each source before packing, by digest.
    sightings : of every file of the store.
    absent : files of the releases that are not in the pack.
    labels : PDS4 labels that the pack itself wrote.
    releases : releases of the originals, whose places are named.
    lost : what a store made from the bag would not know, each with the reason.
    """
    yield HEAD
    subjects = list({one.subject.digest: one.subject for one in packed}.values())
    manifests = list({one.entry.manifest.ref: one.entry.manifest for one in packed if one.entry}.values())
    for one in packed:
        described_by = {beside.row.digest: beside for beside in companions if beside.original is one}.values()
        held = sightings.held(one.sha256, releases) if one.entry is None else []
        yield xml([("object", [*_file(one, held), *(("relationship", _describes(beside)) for beside in described_by)])])
    yield from (xml([("object", _companion(one))]) for one in companions)
    yield from (xml([("object", _of_release(one))]) for one in of_releases)
    yield from (xml([("object", _label(one, labels, identity))]) for one in labels)
    places = PlaceHistories(sightings, subjects, companions, of_releases, absent)
    inside = {one.sha256 for one in packed} | {one.row.digest for one in (*companions, *of_releases)}
    outside = {one.digest: one for one in (*places.rows(), *subjects) if one.digest not in inside}
    yield from (xml([("object", _absent(one))]) for one in outside.values())
    for subject in subjects:
        yield from (xml([("event", event)]) for event in places.of_source(subject))
        history = histories[subject.digest]
        if by := history.audit or history.verdict.found_by:
            yield xml([("event", events.validation(subject, history.verdict, by))])
    yield from (xml([("event", event)]) for event in places.beside())
    for one in companions:
        if one.evidence and one.md5_named:
            label = sightings.then(one.row, one.evidence.started_utc)
            yield xml([("event", events.md5_comparison(one, one.evidence, label))])
    for manifest in manifests:
        files = [one for one in packed if one.entry and one.entry.manifest.ref == manifest.ref]
        yield xml([("event", events.creation(manifest, files))])
    if labels:
        yield xml([("event", events.labelling(labels, identity))])
    beside = [*(one.row.digest for one in (*companions, *of_releases)), *(one.sha256 for one in labels)]
    digests = dict.fromkeys([*(one.sha256 for one in packed), *beside])
    remarks = [*_remarks(subjects, companions), *(f"lost in a store made from this bag: {one}" for one in lost)]
    yield xml([("event", events.packing([*digests], identity, absent.left_out, remarks))])
    for name, kind, version in _agents(recipe, manifests, subjects):
        yield xml([("agent", _agent(name, kind, version))])
    for subject in subjects:
        yield xml([("rights", [("rightsStatement", _rights(subject, recipe))])])
    yield b"</premis>\n"


def _remarks(subjects: Sequence[SourceRecord], companions: Sequence[PackedCompanion]) -> Iterator[str]:
    """Yield the disagreements about each source, and where a label's files are if they are not next to it."""
    for one in subjects:
        if one.disagreements:
            yield printable(f"{one.relative or one.name}: {'; '.join(one.disagreements)}")
    for label in companions:
        if label.elsewhere:
            yield f"{printable(label.row.relative)} {label.elsewhere}"


def _file(one: PackedFile, held: Sequence[str]) -> list[Element]:
    """Return an original or a result; `held` are the places of an original in the releases of the pack."""
    place = one.entry.path if one.entry else as_it_is(one.subject.path)
    name = one.subject.relative or one.subject.name if one.entry is None else one.entry.name
    kind = title_of(one.subject.format) if one.entry is None and one.media_type == UNKNOWN_TYPE else one.media_type
    inside = _object(one.sha256, one.size_bytes, kind, place, one.path, name, held)
    if one.entry is not None:
        related = [
            *_relation("derivation", "has source", one.subject.digest),
            *identifier("relatedEvent", events.creation_identifier(one.entry.manifest), "local"),
        ]
        inside.append(("relationship", related))
    return inside


def _object(
    sha256: str, size_bytes: int, media_type: str, place: Path, path: str, original_name: str, held: Sequence[str] = ()
) -> list[Element]:
    """Return a file of the bag.

    Parameters
    ----------
    place : where its first bytes, which decide its format, can be read.
    original_name : path below the folder of releases, or name of a result's file.
    held : every such path that holds them.
    """
    with place.open("rb") as file:
        puid = pronom_of(media_type, file.read(HEAD_BYTES))
    return [
        *identifier("object", urn(sha256), "URN"),
        *identifier("object", f"data/{path}", "path in the bag"),
        *(element for one in held for element in identifier("object", one, IN_RELEASES)),
        *_characteristics(sha256, size_bytes, media_type, puid),
        ("originalName", original_name),
    ]


def _characteristics(sha256: str, size_bytes: int, form: str, puid: str | None = None) -> list[Element]:
    registry: list[Element] = [("formatRegistryName", "PRONOM"), ("formatRegistryKey", puid)]
    named: list[Element] = [("formatDesignation", [("formatName", form)])]
    inside: list[Element] = [
        ("compositionLevel", "0"),
        ("fixity", [("messageDigestAlgorithm", "SHA-256"), ("messageDigest", sha256)]),
        ("size", str(size_bytes)),
        ("format", [*named, *([("formatRegistry", registry)] if puid else [])]),
    ]
    return [("objectCharacteristics", inside)]


def _companion(one: PackedCompanion) -> list[Element]:
    """Return a label or sidecar, which documents its original."""
    row, held = one.row, sorted({row.relative for row in one.rows})
    related = _relation("reference", "documents", one.original.sha256)
    return [
        *_object(row.digest, row.size_bytes, one.media_type, as_it_is(row.path), one.path, row.relative, held),
        ("relationship", related),
    ]


def _of_release(one: PackedReleaseFile) -> list[Element]:
    row = one.row
    return _object(row.digest, row.size_bytes, _form(row), as_it_is(row.path), one.path, row.relative, [row.relative])


def _label(one: PackLabel, labels: Sequence[PackLabel], identity: PackIdentity) -> list[Element]:
    """Return a label that the pack wrote, which documents the files next to it."""
    described = dict.fromkeys(file.sha256 for file in one.files)
    related: list[Element] = [
        ("relationshipType", "reference"),
        ("relationshipSubType", "documents"),
        *(element for sha256 in described for element in identifier("relatedObject", urn(sha256), "URN")),
        *identifier("relatedEvent", events.labelling_identifier(labels, identity), "local"),
    ]
    return [
        *identifier("object", urn(one.sha256), "URN"),
        *identifier("object", f"data/{one.path}", "path in the bag"),
        *_characteristics(one.sha256, one.size_bytes, XML_TYPE, pronom_of(XML_TYPE, b"")),
        ("relationship", related),
    ]


def _describes(one: PackedCompanion) -> list[Element]:
    """Return the relation of an original to its label or sidecar: without a label, some cannot be read."""
    kind = ("dependency", "requires") if one.is_needed else ("reference", "is documented in")
    return _relation(*kind, one.row.digest)


def _relation(kind: str, sub_kind: str, sha256: str) -> list[Element]:
    return [
        ("relationshipType", kind),
        ("relationshipSubType", sub_kind),
        *identifier("relatedObject", urn(sha256), "URN"),
    ]


def _absent(subject: SourceRecord | SourceRow) -> list[Element]:
    """Return a file that is not in the bag itself; its format is known, and often not which version of it."""
    form = _form(subject)
    return [
        *identifier("object", urn(subject.digest), "URN"),
        *_characteristics(subject.digest, subject.size_bytes, form, pronom_of(form, b"")),
        ("originalName", subject.relative or subject.name),
    ]


def _form(one: SourceRecord | SourceRow) -> str:
    """Return the media type of a file, or the name of its format if that has none."""
    if isinstance(one, SourceRow) and one.kind != "media":
        media_type = type_beside_media(one)
    else:
        media_type = media_type_of(one.format, one.medium, one.name)
    return title_of(one.format) if media_type == UNKNOWN_TYPE else media_type


def _agents(
    recipe: PackRecipe, manifests: Sequence[Manifest], subjects: Sequence[SourceRecord]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and version of each agent, once."""
    yield events.PACKER, "software", importlib.metadata.version("marsmedia")
    for name in sorted({one.ref.processor for one in manifests}):
        versions = sorted({str(one.version) for one in manifests if one.ref.processor == name})
        yield name, "software", ", ".join(versions)
    for name in dict.fromkeys(filter(None, [recipe.publisher, *(one.agency for one in subjects)])):
        yield name, "organization", ""


def _agent(name: str, kind: str, version: str) -> list[Element]:
    return [*identifier("agent", name, "local"), ("agentName", name), ("agentType", kind), ("agentVersion", version)]


def _rights(subject: SourceRecord, recipe: PackRecipe) -> list[Element]:
    """Return the rights to a source: they grant the act of passing it on, which its terms restrict, or none."""
    notes = [f"Credit: {credit(subject)}"]
    notes += [f"{voice.place}: {voice.rights or 'unknown'}" for voice in subject.voices if voice.speaks]
    if one := override_of(subject, recipe.overrides):
        notes.append(f"Passed on by decision of {one.who}: {one.why}")
    notes += named_in_english(terms(subject))
    bound = named_in_english(restrictions(subject))
    may = {
        True: "may be passed on, subject to its terms" if bound else "may be passed on",
        False: "may not be passed on",
        None: "no permission to redistribute it is stated",
    }
    notes.append(may[subject.redistribute])
    granted: list[Element] = [("act", "disseminate"), *(("restriction", one) for one in bound)]
    basis: list[Element] = [("otherRightsBasis", rights(subject)), *(("otherRightsNote", note) for note in notes)]
    return [
        *identifier("rightsStatement", f"rights-{subject.digest[:16]}", "local"),
        ("rightsBasis", "other"),
        ("otherRightsInformation", basis),
        *([("rightsGranted", granted)] if subject.redistribute else []),
        *identifier("linkingObject", urn(subject.digest), "URN"),
    ]
