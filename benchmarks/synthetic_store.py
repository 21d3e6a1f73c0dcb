"""A store of many small sources with all their results, written without processing, to measure growth.

    python -m benchmarks.synthetic_store FOLDER [sources]

Below FOLDER: `raw`, releases of 1,000 photos of four bytes each and a `release.toml`, and `store`, with the manifest of
every result of the recipe, but neither the items' files nor a catalogue: `marsmedia rebuild` makes that. Nothing is
flushed to the disk, so that 100,000 sources (800,000 results) take about two minutes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flows.recipes import RECIPES
from processors.contract import Processor
from processors.engine.release_index import ReleaseIndex
from processors.engine.result_records import result_manifest
from processors.engine.wanted_results import WantedResult, WantedResults
from processors.identify import Identity
from processors.sources.scan import FoundFile, storable
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Cost, ResultRef, StoredItem
from processors.store.store import Store

A_RELEASE = 1_000
"""Sources in one release."""
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ITEM = StoredItem(
    name="x.txt", media_type="text/plain", size_bytes=1, sha256=hashlib.sha256(b"x").hexdigest(), facts={}
)


def write_synthetic_store(folder: Path, sources: int) -> tuple[Path, Path]:
    """Write `raw` and `store` below a folder, in as many processes as there are cores; return both."""
    raw, store = folder / "raw", folder / "store"
    raw.mkdir(parents=True)
    Store(store)
    releases = range(0, sources, A_RELEASE)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(_write_release, raw, store, sources), releases))
    return raw, store


def _write_release(raw: Path, store: Path, sources: int, first: int) -> None:
    """Write one release: its photos, and the records of their results."""
    sol = first // A_RELEASE + 1
    folder = raw / f"sol-{sol:04}"
    folder.mkdir()
    (folder / "release.toml").write_text(f'title = "Photos of sol {sol}"\nmission = "tianwen-1"\n')
    for number in range(first, min(first + A_RELEASE, sources)):
        (folder / f"photo-{number:06}.png").write_bytes(number.to_bytes(4, "big"))
    rows = list(_rows(folder))
    photos = [row for row in rows if row.kind == "media"]
    wanted = WantedResults(RECIPES, ReleaseIndex(rows))
    facts = {"mission": "tianwen-1", "event": f"traverse {sol}", "first_sol": sol, "last_sol": sol}
    made = [(one.processor, _manifest(one.processor, photos[0], facts)) for one in wanted.of(photos[0])]
    for row in rows:
        group = store / "results" / row.digest[:2] / row.digest
        if row.kind == "media":
            row = dataclasses.replace(row, evidence_key=_write_results(group, row, wanted.of(row), photos[0], made))
        group.mkdir(parents=True, exist_ok=True)
        seen = {name: value for name, value in dataclasses.asdict(row).items() if name != "digest"}
        (group / "source.json").write_text(json.dumps({"digest": row.digest, "seen": [seen]}))


def _rows(folder: Path) -> Iterator[SourceRow]:
    """Yield the files of a release as a run catalogues them."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        is_media = entry.name != "release.toml"
        seen = entry.stat()
        file = FoundFile(
            path=entry.path,
            relative=f"{folder.name}/{entry.name}",
            release=folder.name,
            size_bytes=seen.st_size,
            mtime_ns=seen.st_mtime_ns,
        )
        digest = hashlib.sha256(Path(entry.path).read_bytes()).hexdigest()
        kind, medium, form = ("media", "photo", "png") if is_media else ("companion", None, "release description")
        row = SourceRow.of(file, digest, Identity(kind=kind, medium=medium, format=form), STARTED.isoformat())
        yield dataclasses.replace(row, path=storable(os.path.realpath(entry.path)))


def _manifest(processor: Processor, row: SourceRow, facts: dict[str, object]) -> str:
    """Return the manifest of one photo's result, the pattern for those of the others."""
    item = ITEM
    if processor.name == "evidence":
        item = dataclasses.replace(ITEM, name="evidence.json", facts=facts)
    cost = Cost(reading_seconds=0.05, own_seconds=0.01)
    return (
        result_manifest(processor, row.source(), row.release, None, 0.1, STARTED, items=(item,), cost=cost)
        .to_json()
        .decode()
    )


def _write_results(
    group: Path, row: SourceRow, wanted: list[WantedResult], pattern: SourceRow, made: list[tuple[Processor, str]]
) -> str | None:
    """Write the manifests of one photo, which differ from those of another by its name; return its evidence's key."""
    evidence = None
    for (processor, text), own in zip(made, wanted, strict=True):
        old, key = ResultRef.of(processor, pattern.digests).key, own.ref.key
        folder = group / processor.name / key[:16]
        folder.mkdir(parents=True)
        mine = text.replace(pattern.digest, row.digest).replace(old, key).replace(pattern.name, row.name)
        (folder / "manifest.json").write_text(mine)
        if processor.name == "evidence":
            evidence = key
    return evidence


if __name__ == "__main__":
    write_synthetic_store(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000)
