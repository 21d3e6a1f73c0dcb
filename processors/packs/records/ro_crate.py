"""RO-Crate 1.1 with the Process Run profile: provenance of each file, with processor, version and libraries."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from processors.json_records import Json, canonical_json
from processors.languages.text import FALLBACK
from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.joint_statements import joint_terms, with_names_of_some
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds, json_with_list
from processors.packs.contents.rights import credit, notice, override_of, rights, rights_address
from processors.packs.contents.subject import SourceRecord
from processors.packs.highlight.clip_credits import each_once
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.captions import words
from processors.packs.records.pds4_bundle import PackLabel
from processors.store.manifest import Manifest

FILE = "ro-crate-metadata.json"
VERSION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {term: f"http://schema.org/{term}" for term in ("creditText", "sha256", "usageInfo")}
"""Terms of schema.org that are newer than the context of RO-Crate 1.1."""
RIGHTS = "#rights"
PACKER = "#marsmedia-pack"
COMPLETED = "http://schema.org/CompletedActionStatus"


@dataclass(frozen=True, kw_only=True)
class OtherFile:
    """File that describes the pack, or that the pack made of its sources, such as a highlight clip."""

    path: str
    """Path relative to `data/`."""
    media_type: str
    description: str
    made_of: tuple[SourceRecord, ...] = ()
    """Packed sources of its pictures and sound, whose credit, rights and terms it has; empty for none."""


def crate(
    packed: Sequence[PackedFile],
    recipe: PackRecipe,
    identity: PackIdentity,
    others: Iterable[OtherFile],
    companions: Sequence[PackedCompanion] = (),
    labels: Sequence[PackLabel] = (),
) -> Iterator[bytes]:
    """Yield the crate's metadata document in pieces.

    Parameters
    ----------
    others : files that describe the pack or that it made of its sources.
    labels : those of them that are labels which the pack wrote.
    """
    head: dict[str, Json] = {"@context": [f"{VERSION}/context", dict(TERMS)]}
    yield from json_with_list(head, "@graph", _graph(packed, recipe, identity, list(others), companions, labels))


def _graph(
    packed: Sequence[PackedFile],
    recipe: PackRecipe,
    identity: PackIdentity,
    others: list[OtherFile],
    companions: Sequence[PackedCompanion],
    labels: Sequence[PackLabel],
) -> Iterator[Json]:
    subjects = list({one.subject.digest: one.subject for one in packed}.values())
    results = _results(packed)
    yield {"@id": FILE, "@type": "CreativeWork", "conformsTo": {"@id": VERSION}, "about": {"@id": "./"}}
    parts = [one.path for one in companions] + [one.path for one in others]
    yield _root(packed, recipe, identity, parts, results, labels)
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield {
        "@id": RIGHTS,
        "@type": "CreativeWork",
        "name": "Rights of this pack",
        "description": "They differ by source; CREDITS.txt and each file's entry state them.",
    }
    if recipe.publisher:
        yield {"@id": "#publisher", "@type": "Organization", "name": recipe.publisher}
    for name in _agencies(packed):
        yield {"@id": _agency_id(name), "@type": "Organization", "name": name}
    originals = {one.subject.digest: _id(one.path) for one in packed if one.entry is None}
    for one in others:
        yield _other(one, originals)
    for subject in subjects:
        yield from _rights(subject, recipe)
        if subject.digest not in originals:
            yield _source(subject, recipe)
    for one in packed:
        yield _file(one, recipe)
    for one in companions:
        yield _companion(one)
    softwares: dict[str, dict[str, Json]] = {}
    for manifest, files in results:
        made_of = originals.get(manifest.ref.source, f"urn:sha256:{manifest.ref.source}")
        yield _action(manifest, files, made_of, softwares)
        if changed := [one for one in files if one.made]:
            yield from _stored(changed)
            yield _pack_action(manifest, changed)
    yield from map(_label_action, labels)
    if labels or any(one.made for one in packed):
        yield {
            "@id": PACKER,
            "@type": "SoftwareApplication",
            "name": "marsmedia pack",
            "softwareVersion": importlib.metadata.version("marsmedia"),
            "softwareRequirements": f"Pillow {importlib.metadata.version('pillow')}",
        }
    yield from softwares.values()


def _root(
    packed: Sequence[PackedFile],
    recipe: PackRecipe,
    identity: PackIdentity,
    parts: list[str],
    results: list[tuple[Manifest, list[PackedFile]]],
    labels: Sequence[PackLabel],
) -> Json:
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": identity.urn,
        "conformsTo": {"@id": PROFILE},
        "name": recipe.title.best(),
        "alternateName": [*recipe.title.values()][1:],
        "description": recipe.text.best() or "Media of a space mission, and what was derived from them.",
        "datePublished": identity.day,
        "license": {"@id": RIGHTS},
        "audience": recipe.audience,
        "hasPart": [{"@id": _id(one.path)} for one in packed] + [{"@id": _id(path)} for path in parts],
        "mentions": [{"@id": _action_id(manifest)} for manifest, _ in results]
        + [{"@id": f"#pack-{manifest.ref.key[:16]}"} for manifest, files in results if any(one.made for one in files)]
        + [{"@id": _label_id(one)} for one in labels],
    }
    if agencies := _agencies(packed):
        root["author"] = _refs(_agency_id(name) for name in agencies)
    if recipe.publisher:
        root["publisher"] = {"@id": "#publisher"}
    return {key: value for key, value in root.items() if value not in (None, [])}


def _results(packed: Sequence[PackedFile]) -> list[tuple[Manifest, list[PackedFile]]]:
    found: dict[Any, tuple[Manifest, list[PackedFile]]] = {}
    for one in packed:
        if one.entry is not None:
            found.setdefault(one.entry.manifest.ref, (one.entry.manifest, []))[1].append(one)
    return list(found.values())


def _rights(subject: SourceRecord, recipe: PackRecipe) -> Iterator[Json]:
    entry: dict[str, Json] = {
        "@id": rights_id(subject),
        "@type": "CreativeWork",
        "name": rights(subject),
        "creditText": credit(subject),
    }
    if address := rights_address(subject):
        entry["url"] = address
    entry |= _terms([subject])
    if said := [*filter(None, [subject.usage_terms, notice(subject, recipe).best()])]:
        entry["usageInfo"] = _one_or_all(said)
    if one := override_of(subject, recipe.overrides):
        entry["description"] = f"Overridden in writing by {one.who}: {one.why}"
    yield entry


def _terms(subjects: Sequence[SourceRecord]) -> dict[str, Json]:
    """Return terms of use and instructions, such as an embargo, as properties; empty without any. Those of some sources
    of several have the names of these.
    """
    properties = {"usage_terms": "usageInfo", "instructions": "conditionsOfAccess"}
    return {
        properties[name]: _one_or_all(with_names_of_some(found, subjects))
        for name, found in joint_terms(subjects).items()
    }


def _bound_by(subjects: Sequence[SourceRecord]) -> dict[str, Json]:
    """Return credit, rights and terms of a file that shows at least one source, as properties."""
    return {
        "creditText": each_once(map(credit, subjects)),
        "license": _refs(map(rights_id, subjects)),
        **_terms(subjects),
    }


def rights_id(subject: SourceRecord) -> str:
    return f"#rights-{subject.digest[:16]}"


def _source(subject: SourceRecord, recipe: PackRecipe) -> Json:
    """Return the entry of a source that is not in the pack itself: identified by its digest."""
    return {"@id": f"urn:sha256:{subject.digest}", "@type": "CreativeWork", **_about(subject)}


def _about(subject: SourceRecord) -> dict[str, Json]:
    recorded = subject.recorded
    about: dict[str, Json] = {
        "name": subject.title.best() or subject.name,
        "alternateName": _one_or_all([*subject.title.values()][1:]),
        "identifier": f"urn:sha256:{subject.digest}",
        **_bound_by([subject]),
        "dateCreated": recorded.iso if recorded else None,
        "isBasedOn": subject.published_at,
        "keywords": ", ".join(subject.keywords) or None,
    }
    return {key: value for key, value in about.items() if value is not None}


def _file(one: PackedFile, recipe: PackRecipe) -> Json:
    said = words(one.subject, one.entry)
    first = FALLBACK if FALLBACK in recipe.languages else recipe.languages[0]
    others = [code for code in recipe.languages if code != first]
    entry: dict[str, Json] = {
        "@id": _id(one.path),
        "@type": "File",
        **(_about(one.subject) if one.entry is None else _bound_by([one.subject])),
        "name": said.label[first],
        "description": said.alternative[first],
        "alternateName": _one_or_all([said.label[code] for code in others]),
        "abstract": _one_or_all([said.alternative[code] for code in others]),
        "caption": _one_or_all([said.caption[code] for code in recipe.languages if code in said.caption]),
        "encodingFormat": one.media_type,
        "contentSize": str(one.size_bytes),
        "sha256": one.sha256,
        "width": one.width_px,
        "height": one.height_px,
        "isBasedOn": {"@id": _stored_id(one)} if one.made and one.entry else None,
        "duration": f"PT{one.duration_seconds:.3f}S" if one.duration_seconds else None,
    }
    return {key: value for key, value in entry.items() if value is not None}


def _other(one: OtherFile, originals: Mapping[str, str]) -> Json:
    entry: dict[str, Json] = {
        "@id": _id(one.path),
        "@type": "File",
        "name": one.description,
        "encodingFormat": one.media_type,
    }
    if one.made_of:
        based_on = (originals.get(source.digest, f"urn:sha256:{source.digest}") for source in one.made_of)
        entry |= {**_bound_by(one.made_of), "isBasedOn": _refs(based_on)}
    return entry


def _companion(one: PackedCompanion) -> Json:
    name = one.original.subject.name
    beside = "next to it" if one.described.name == name else f"a copy of {name}, next to it"
    return {
        "@id": _id(one.path),
        "@type": "File",
        "name": f"{one.row.format} of {one.described.name}",
        "description": one.elsewhere or f"Describes {one.described.name}, {beside}.",
        "about": {"@id": _id(one.original.path)},
        "encodingFormat": one.media_type,
        "contentSize": str(one.row.size_bytes),
        "sha256": one.row.digest,
        **_bound_by([one.original.subject]),
    }


def _action(manifest: Manifest, files: list[PackedFile], made_of: str, softwares: dict[str, dict[str, Json]]) -> Json:
    tool = _software(manifest, softwares)
    return {
        "@id": _action_id(manifest),
        "@type": "CreateAction",
        "name": f"{manifest.ref.processor} of {files[0].subject.name}",
        "description": f"Parameters: {canonical_json(manifest.parameters).decode()}",
        "instrument": {"@id": tool},
        "object": {"@id": made_of},
        "result": _refs(dict.fromkeys(_stored_id(one) for one in files)),
        "startTime": _time(manifest.started_utc),
        "endTime": _time(manifest.started_utc, manifest.seconds),
        "actionStatus": COMPLETED,
    }


def _stored_id(one: PackedFile) -> str:
    """Return the id of a stored item: the file in the pack or, if the pack converted it, its result and its name.

    Its digest would not do: several results may have the same bytes.
    """
    return f"{_action_id(one.entry.manifest)}/{_id(one.entry.name)}" if one.made and one.entry else _id(one.path)


def _stored(files: list[PackedFile]) -> Iterator[Json]:
    for name, entry in {_stored_id(one): one.entry for one in files if one.entry}.items():
        yield {"@id": name, "@type": "CreativeWork", "name": entry.name, "identifier": f"urn:sha256:{entry.sha256}"}


def _pack_action(manifest: Manifest, files: list[PackedFile]) -> Json:
    return {
        "@id": f"#pack-{manifest.ref.key[:16]}",
        "@type": "CreateAction",
        "name": f"Made for this pack from {manifest.ref.processor} of {files[0].subject.name}",
        "description": "Scaled to the sizes of the recipe, given its credits, or signed.",
        "instrument": {"@id": PACKER},
        "object": _refs(dict.fromkeys(_stored_id(one) for one in files)),
        "result": _refs(_id(one.path) for one in files),
        "actionStatus": COMPLETED,
    }


def _label_action(one: PackLabel) -> Json:
    return {
        "@id": _label_id(one),
        "@type": "CreateAction",
        "name": "PDS4 label written for this pack",
        "instrument": {"@id": PACKER},
        "object": _refs(_id(file.path) for file in one.files),
        "result": {"@id": _id(one.path)},
        "actionStatus": COMPLETED,
    }


def _label_id(one: PackLabel) -> str:
    return f"#label/{_id(one.path)}"


def _software(manifest: Manifest, softwares: dict[str, dict[str, Json]]) -> str:
    """Return the id of a processor as software made of libraries; each is described once."""
    libraries = []
    for name, version in sorted(manifest.software.items()):
        if name == "commit":
            continue
        library = f"#software-{_slug(name)}-{_slug(version)}"
        softwares.setdefault(
            library, {"@id": library, "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        )
        libraries.append(library)
    mark = hashlib.sha256(canonical_json(dict(manifest.software))).hexdigest()[:8]
    tool = f"#processor-{_slug(manifest.ref.processor)}-{manifest.version}-{mark}"
    entry: dict[str, Json] = {
        "@id": tool,
        "@type": "SoftwareApplication",
        "name": manifest.ref.processor,
        "softwareVersion": str(manifest.version),
        "softwareRequirements": _refs(libraries),
    }
    if commit := manifest.software.get("commit"):
        entry["identifier"] = f"commit {commit}"
    softwares.setdefault(tool, entry)
    return tool


def _time(utc: str, later_seconds: float = 0.0) -> str:
    """Return a time with an offset, since the profile's shapes allow no Z."""
    return in_seconds(utc, later_seconds).replace("Z", "+00:00")


def _one_or_all(values: Sequence[str]) -> Json:
    """Return a single value without a list, None for no values."""
    return [*values] if len(values) > 1 else next(iter(values), None)


def _refs(names: Iterable[str]) -> Json:
    """Return references; RO-Crate requires a single one without a list."""
    found: list[Json] = [{"@id": name} for name in names]
    return found[0] if len(found) == 1 else found


def _agencies(packed: Sequence[PackedFile]) -> list[str]:
    return list(dict.fromkeys(one.subject.agency for one in packed if one.subject.agency))


def _agency_id(name: str) -> str:
    return f"#agency-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _action_id(manifest: Manifest) -> str:
    return f"#{_slug(manifest.ref.processor)}-{manifest.ref.key[:16]}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text)


def _id(path: str) -> str:
    return quote(path)
