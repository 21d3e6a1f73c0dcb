"""Values for a `release.toml` that the release's files and their labels already state."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.engine.wanted import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.metadata.release_file import read_release
from processors.metadata.release_template import Suggestion
from processors.mission.profile import load_profile, profile_names
from processors.mission.when import parse_when
from processors.store.catalogue import Catalogue
from processors.store.store import Store

STATED = "as in the release.toml before"
RECIPES: Recipes = {medium: (Metadata(), Evidence()) for medium in ("video", "audio", "photo")}


def suggestions(
    folder: Path, *, mission: str | None = None
) -> tuple[dict[str, tuple[Suggestion, ...]], dict[str, str]]:
    """Return the known values of each file, and the missions that labels name, both by path in the folder.

    Files are read by workers with limits, as in a run; nothing is kept of it. What a `release.toml` in the folder
    says of a file already comes first, as it is written there.
    """
    described = folder / "release.toml"
    said = read_release(described.read_bytes()).files if described.exists() else {}
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        run_ingest(folder, store.root, RECIPES, Options(quiet=True), in_threads, name="release-init")
        found: dict[str, tuple[Suggestion, ...]] = {}
        missions: dict[str, str] = {}
        for row in Catalogue(store).sources().values():
            for manifest in store.manifests(row.digest) if row.kind == "media" else ():
                if manifest.ref.processor == "evidence" and manifest.verdict == "made":
                    record = json.loads(store.item_path(manifest.ref, "evidence.json").read_bytes())
                    if record["mission"]:
                        missions[row.relative] = record["mission"]
                    found[row.relative] = tuple(_of_file(record, mission, said.get(row.relative, {})))
    return found, missions


def _of_file(record: dict[str, Any], mission: str | None, stated: Mapping[str, Any]) -> list[Suggestion]:
    """Return the statements word for word, then those of the record but for its copies from a `release.toml`."""
    kept = [Suggestion(key=key, value=value, source=STATED) for key, value in stated.items() if key != "path"]
    added = [one for one in _of_record(record, mission) if one.key not in stated]
    return kept + [one for one in added if not one.source.startswith("release.toml")]


def _of_record(record: dict[str, Any], mission: str | None) -> list[Suggestion]:
    said = []
    for key, term in (("title", "dc:title"), ("caption", "dc:description")):
        for one in record["statements"]:
            if one["term"] == term and isinstance(one["value"], str) and one["value"].strip():
                said.append(Suggestion(key=key, value=one["value"], source=one["source"]))
                break
    if record["camera"]:
        said.append(
            Suggestion(key="recorded_by", value=record["camera"], source=record["camera_source"] or "its label")
        )
    taken = record["taken"]
    if taken and taken["utc"] and not taken["is_of_event"]:
        said.append(Suggestion(key="date", value=taken["utc"], source=taken["source"]))
        when = parse_when(taken["utc"])
        counted_by = mission or record["mission"]
        for event in load_profile(counted_by).events if counted_by in profile_names() else ():
            if event.when.overlaps(when):
                said.append(Suggestion(key="event", value=event.name, source=f"the date is that of {event.title}"))
                break
    return said
