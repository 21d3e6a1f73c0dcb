"""Values for a `release.toml` that the release's files and their labels already state."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.engine.wanted_results import Recipes
from processors.languages.script import CHINESE, is_chinese
from processors.languages.text import FALLBACK
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.other_mission import names_a_mission
from processors.metadata.release.licences import is_open_licence
from processors.metadata.release.own_terms import OF_FILE
from processors.metadata.release.release_file import read_release
from processors.metadata.release.release_template import Suggestion
from processors.metadata.statements import TERMS, TERMS_OF_USE
from processors.mission.profile import load_profile, profile_named_in
from processors.mission.when import parse_when
from processors.sources.scan import files_below, storable
from processors.store.catalogue.catalogue import Catalogue
from processors.store.findings.stored_evidence import read_evidence
from processors.store.store import Store

STATED = "as in the previous release.toml"
RECIPES: Recipes = {medium: (Metadata(), Evidence()) for medium in ("video", "audio", "photo")}


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """Statements of a folder's files, their labels and its `release.toml`, by path in the folder."""

    known: dict[str, tuple[Suggestion, ...]]
    """Values of each file, as stated at its own path, not at others of the same bytes; those in the folder's
    `release.toml` come first, as written there."""
    mission: str | None
    """Mission of the release: the one given or stated, else the only one that labels name, if it has a profile."""
    other_missions: dict[str, str]
    """Text of the labels that name a mission other than the release's."""


def suggestions(folder: Path, *, mission: str | None = None) -> Suggestions:
    """Read the files in workers with limits, as in a run; nothing is stored."""
    described = folder / "release.toml"
    stated = read_release(described.read_bytes() if described.exists() else b"").spelt_as(files_below(folder))
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        run_ingest(folder, store.root, RECIPES, Options(quiet=True), in_threads, name="release-init")
        records: dict[str, dict[str, Any]] = {}
        above = f"{storable(os.path.realpath(folder))}/"
        for row in Catalogue(store).sources().values():
            if record := read_evidence(store, row.digest, row.evidence_key):
                records[row.path.removeprefix(above)] = record
    left_out = _left_out(records)
    named = {found.name for record in records.values() if (found := _mission_of_label(record, None))}
    of_release = mission or str(stated.head.get("mission", "")) or (named.pop() if len(named) == 1 else None)
    labelled = {path: found for path, record in records.items() if (found := _mission_of_label(record, of_release))}
    return Suggestions(
        known={
            path: tuple(
                one
                for one in _of_file(record, of_release, labelled.get(path), stated.files.get(path, {}))
                if one.key not in left_out.get(path, ()) or one.source == STATED
            )
            for path, record in records.items()
        },
        mission=of_release or None,
        other_missions={path: one.words for path, one in labelled.items() if of_release and one.name != of_release},
    )


def _left_out(records: Mapping[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return, by path, the keys that a start shared by recordings of one instrument leaves unknown.

    By their labels it may be that of their session: an event at that moment is then in the first recording alone, which
    is that of the first path, also where it has others. As long as only labels state the date, `ingest` and `show` say
    that it is shared; in `release.toml` it would be a statement on each recording.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, record in sorted(records.items()):
        taken = record["taken"]
        if record["medium"] == "photo" or not record["camera"] or not taken or not taken["source"].startswith("label "):
            continue
        if taken["precision"] in ("second", "subsecond"):
            found.setdefault((record["medium"], record["camera"], taken["earliest_utc"]), []).append(path)
    return {
        path: ("date",) if digests[path] == digests[paths[0]] else ("date", "event")
        for paths in found.values()
        for digests in [{path: records[path]["sha256"] for path in paths}]
        if len(set(digests.values())) > 1
        for path in paths
    }


@dataclass(frozen=True, kw_only=True)
class _Labelled:
    """Mission that a label names."""

    words: str
    name: str
    """Name of its profile; empty without one."""
    source: str


def _mission_of_label(record: dict[str, Any], of_release: str | None) -> _Labelled | None:
    """Return the release's mission if a label names it, else the first one with a profile, else the first one."""
    terms = (TERMS["mission"][0], TERMS["spacecraft"][0])
    said = [one for one in record["statements"] if one["term"] in terms and one["source"].startswith("label ")]
    found = [
        _Labelled(words=str(one["value"]), name=profile.name if profile else "", source=one["source"])
        for one in said
        if names_a_mission(str(one["value"]))
        for profile in [profile_named_in(str(one["value"]), of_release)]
    ]
    return max(found, key=lambda one: (one.name == of_release, bool(one.name)), default=None)


def _of_file(
    record: dict[str, Any], of_release: str | None, labelled: _Labelled | None, stated: Mapping[str, Any]
) -> list[Suggestion]:
    """Return the statements word for word, then those of the record that do not come from a `release.toml`."""
    kept = [Suggestion(key=key, value=value, source=STATED) for key, value in stated.items() if key != "path"]
    own = [] if labelled is None or labelled.name == (of_release or "") else [_mission(labelled)]
    mission = str(stated["mission"] if "mission" in stated else own[0].value if own else of_release or "")
    added = [one for one in (*own, *_of_record(record, mission)) if one.key not in stated]
    return kept + [one for one in added if not one.source.startswith("release.toml")]


def _mission(labelled: _Labelled) -> Suggestion:
    source = labelled.source if labelled.name else f"{labelled.source}: {labelled.words}, which has no profile"
    return Suggestion(key="mission", value=labelled.name, source=source)


def _own_terms(record: dict[str, Any]) -> list[Suggestion]:
    """Return credit, rights and terms of the file itself; with any but an open licence it may not be passed on yet."""
    said: list[Suggestion] = []
    for key in ("credit", "rights", *TERMS_OF_USE):
        own = (
            one for one in record["statements"] if one["term"] == TERMS[key][0] and one["source"].startswith(OF_FILE)
        )
        if (one := next(own, None)) and str(one["value"]).strip():
            said.append(Suggestion(key=key, value=str(one["value"]), source=one["source"]))
    closed = [one.key.replace("_", " ") for one in said if one.key != "credit" and not is_open_licence(str(one.value))]
    if closed:
        said.append(
            Suggestion(key="redistribute", value=False, source=f"true only where its {', '.join(closed)} allow it")
        )
    return said


def _of_record(record: dict[str, Any], mission: str) -> list[Suggestion]:
    said = []
    for key, term in (("title", "dc:title"), ("caption", "dc:description")):
        for one in record["statements"]:
            if one["term"] == term and isinstance(one["value"], str) and one["value"].strip():
                in_its_language = f"{key}_{CHINESE}" if is_chinese(one["value"]) else key
                said.append(Suggestion(key=in_its_language, value=one["value"], source=one["source"]))
                break
    said += _own_terms(record)
    if record["camera"]:
        said.append(
            Suggestion(key="recorded_by", value=record["camera"], source=record["camera_source"] or "its label")
        )
    taken = record["taken"]
    if taken and taken["utc"] and not taken["is_of_event"]:
        said.append(Suggestion(key="date", value=taken["utc"], source=taken["source"]))
        when = parse_when(taken["utc"])
        for event in load_profile(mission).events if mission else ():
            if event.when.overlaps(when):
                said.append(
                    Suggestion(key="event", value=event.name, source=f"the date is that of {event.title[FALLBACK]}")
                )
                break
    return said
