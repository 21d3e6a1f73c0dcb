"""Which packs were built of a store, and of which results: `prune` keeps what a pack was made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from processors.errors import RequestError
from processors.packs.build import Built
from processors.packs.contents.names import portable_name
from processors.store.manifest import ResultRef
from processors.store.store import Store, replace_file


def remember(store: Store, built: Built) -> Path:
    """Write `packs/<name>.json` in the store."""
    folder = store.root / "packs"
    folder.mkdir(exist_ok=True)
    record = {
        "pack": str(built.path),
        "identifier": built.identity.urn,
        "built_utc": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "results": [asdict(ref) for ref in built.results],
    }
    mark = hashlib.sha256(str(built.path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    place = folder / f"{portable_name(built.path.name)}~{mark}.json"
    replace_file(place, json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n")
    return place


def forget(store: Store, word: str) -> list[str]:
    """Remove the records of the pack at a path, or of that name; the pack itself stays. Gives the paths of the packs.

    Raises
    ------
    RequestError : no pack is remembered by that name.
    """
    found = _meant(store, word)
    if not found:
        known = ", ".join(pack for _, pack in _remembered(store)) or "none"
        raise RequestError(f"{word}: unknown pack; known packs: {known}")
    for place, _ in found:
        place.unlink()
    return [pack for _, pack in found]


def results_of(store: Store, word: str) -> list[ResultRef]:
    """What the pack at a path, or of that name, was made of; empty where the store remembers no such pack."""
    return [ResultRef(**ref) for place, _ in _meant(store, word) for ref in json.loads(place.read_bytes())["results"]]


def _meant(store: Store, word: str) -> list[tuple[Path, str]]:
    path = str(Path(word).absolute())
    found = [(place, pack) for place, pack in _remembered(store) if pack == path]
    return found or [(place, pack) for place, pack in _remembered(store) if Path(pack).name == word]


def _remembered(store: Store) -> Iterator[tuple[Path, str]]:
    for place in sorted((store.root / "packs").glob("*.json")):
        yield place, json.loads(place.read_bytes())["pack"]
