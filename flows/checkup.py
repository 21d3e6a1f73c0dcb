"""A check-up of a store: every file hashed again, a sample made again and compared, leftovers swept. Needs no Prefect.

What is hashed is noted now and then in `checkups/unfinished.json` in the store, so that a check-up that was killed
goes on there.
"""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.batches import SourceOutcome, run_batch
from flows.chosen import place_of
from flows.options import Options
from flows.progress import RunProgress
from flows.recipe_book import kind_of
from flows.workers import Workers, default_limits
from processors.contract import Processor, result_key, used_by
from processors.errors import RequestError, StoreError
from processors.parameters import from_parameters
from processors.plan import Due
from processors.source_file import SourceFile
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import Manifest
from processors.store.results import Store, replace_file
from processors.store.verify import Fault, verify

NOTED_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """One result of the sample."""

    folder: str
    """Below the store."""
    verdict: str
    """`identical`, `different` or `not rebuilt`."""
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """A check-up, told in full."""

    results: int
    items: int
    size_bytes: int
    faults: tuple[Fault, ...]
    seed: int
    """Of the choice of the sample: the same seed and store give the same sample."""
    sample: tuple[Rebuilt, ...]
    swept: int
    """Folders that killed runs had left in scratch."""

    @property
    def is_sound(self) -> bool:
        return not self.faults and all(one.verdict != "different" for one in self.sample)

    @property
    def message(self) -> str:
        counts = {verdict: sum(one.verdict == verdict for one in self.sample) for verdict in VERDICTS}
        rebuilt = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return (
            f"{self.results} results, {self.items} items, {self.size_bytes / 1e6:.1f} MB: "
            f"{len(self.faults) or 'no'} faults; of a sample of {len(self.sample)}: {rebuilt}"
        )


VERDICTS = ("identical", "different", "not rebuilt")


def check_up(store: Store, *, sample: int, seed: int, options: Options) -> Checkup:
    """Sweep, hash everything, make a sample again."""
    swept = store.sweep()
    results, items, size, faults = _hash_all(store)
    made = [m for m in _readable(store) if m.verdict == "made"]
    chosen = random.Random(seed).sample(made, min(sample, len(made)))
    return Checkup(
        results=results, items=items, size_bytes=size, faults=tuple(faults), seed=seed,
        sample=tuple(_rebuild(chosen, store, options)), swept=swept,
    )  # fmt: skip


def _hash_all(store: Store) -> tuple[int, int, int, list[Fault]]:
    """Results, items and bytes looked at, and faults; what an earlier, killed check-up counted is in it."""
    note = store.root / "checkups" / "unfinished.json"
    note.parent.mkdir(exist_ok=True)
    state = {"after": "", "results": 0, "items": 0, "size_bytes": 0, "faults": []}
    if note.exists():
        state = json.loads(note.read_bytes())
    noted = time.monotonic()
    for checked in verify(store, after=state["after"]):
        state["after"] = checked.path
        state["results"] += 1
        state["items"] += checked.item_count
        state["size_bytes"] += checked.size_bytes
        state["faults"] += [asdict(fault) for fault in checked.faults]
        if time.monotonic() - noted > NOTED_SECONDS:
            replace_file(note, json.dumps(state).encode())
            noted = time.monotonic()
    note.unlink(missing_ok=True)
    return state["results"], state["items"], state["size_bytes"], [Fault(**fault) for fault in state["faults"]]


def _readable(store: Store) -> list[Manifest]:
    found = []
    for path in store.manifest_paths():
        try:
            found.append(store.read_manifest(path))
        except StoreError:
            continue  # told as a fault by the hashing
    return found


def _rebuild(chosen: list[Manifest], store: Store, options: Options) -> list[Rebuilt]:
    """Make each chosen result again in a store of its own, and compare digests."""
    rows = list(Catalogue(store).sources().values())
    told: list[Rebuilt] = []
    with store.scratch() as scratch, RunProgress(quiet=True) as progress:
        other = Store(scratch / "rebuilt")
        count = options.worker_count
        with Workers(count, default_limits(count, options.memory_mb)) as workers:
            for manifest in chosen:
                due, reason = _again(manifest, rows)
                done = run_batch([due], other, workers, progress, threading.Event()) if due else []
                verdict, why = _compared(manifest, done, other) if due else ("not rebuilt", reason)
                folder = str(store.folder(manifest.ref).relative_to(store.root))
                told.append(Rebuilt(folder=folder, verdict=verdict, reason=why))
    return told


def _again(manifest: Manifest, rows: list[SourceRow]) -> tuple[Due | None, str]:
    """What is to be made to make a result again, or why that cannot be."""
    row, reason = place_of([row for row in rows if row.digests == manifest.digests])
    if row is None:
        return None, reason
    try:
        processor = from_parameters(kind_of(manifest.ref.processor), manifest.parameters)
    except RequestError as error:
        return None, str(error)
    if result_key(processor, *manifest.digests) != manifest.ref.key:
        return None, f"made by version {manifest.version} or of other results than today's: it is due, not comparable"
    file = SourceFile(path=Path(row.path), size_bytes=row.size_bytes, mtime_ns=row.mtime_ns)
    return Due(
        source=row.source(), file=file, release=manifest.release, relative=row.relative,
        duration_seconds=row.duration_seconds, processors=(*_below(processor), processor),
    ), ""  # fmt: skip


def _below(processor: Processor) -> list[Processor]:
    """All that a processor is made of, each after what it is made of itself."""
    found: list[Processor] = []
    for used in used_by(processor):
        found += [one for one in (*_below(used), used) if one not in found]
    return found


def _compared(manifest: Manifest, done: list[SourceOutcome], other: Store) -> tuple[str, str | None]:
    if not other.has(manifest.ref):
        outcome = next((o for one in done for o in one.outcomes if o.ref == manifest.ref), None)
        return "not rebuilt", outcome.reason if outcome else "its worker gave no answer"
    new = other.manifest(manifest.ref)
    then, now = ({item.name: item.sha256 for item in one.items} for one in (manifest, new))
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    if not changed:
        return "identical", None
    libraries = [
        f"{name} {manifest.software.get(name)} -> {version}"
        for name, version in new.software.items()
        if manifest.software.get(name) != version and name != "commit"
    ]
    because = f"other libraries: {', '.join(libraries)}" if libraries else "the same libraries"
    return "different", f"{', '.join(changed[:5])}: other bytes ({because})"
