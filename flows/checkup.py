"""A check-up of a store: every file hashed again, a sample made again and compared, leftovers swept. Needs no Prefect.

What is hashed is noted now and then in `checkups/unfinished.json` in the store, so that a check-up that was killed
goes on there.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flows.options import Options
from flows.prove import VERDICTS, Rebuilt, prove
from processors.errors import StoreError
from processors.store.manifest import Manifest
from processors.store.results import Store, replace_file
from processors.store.verify import Checked, Fault, verify

NOTED_SECONDS = 10.0
NOTE_HOLDS_SECONDS = 7 * 24 * 3600.0
"""An older note is thrown away: what it says of files may be true no longer."""


@dataclass(kw_only=True)
class Hashed:
    """What was looked at so far."""

    after: str = ""
    """Below the store: the result that was looked at last."""
    results: int = 0
    items: int = 0
    size_bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    results_before: int = 0
    """Of these results, how many an earlier, interrupted check-up looked at."""

    def add(self, checked: Checked, tell: Callable[[Fault], None]) -> None:
        self.after = checked.path
        self.results += 1
        self.items += checked.item_count
        self.size_bytes += checked.size_bytes
        self.faults += checked.faults
        for fault in checked.faults:
            tell(fault)


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


def check_up(store: Store, *, sample: int, seed: int, options: Options) -> Checkup:
    """Sweep, hash everything, make a sample again."""
    swept = store.sweep()
    hashed = hash_all(store)
    made = [m for m in _readable(store) if m.verdict == "made"]
    chosen = random.Random(seed).sample(made, min(sample, len(made)))
    return Checkup(
        results=hashed.results, items=hashed.items, size_bytes=hashed.size_bytes, faults=tuple(hashed.faults),
        seed=seed, sample=tuple(prove(chosen, store, options)), swept=swept,
    )  # fmt: skip


def hash_all(store: Store, tell: Callable[[Fault], None] = lambda fault: None) -> Hashed:
    """Hash every item; of what an interrupted check-up looked at within a week, only the faulty is looked at again."""
    note = store.root / "checkups" / "unfinished.json"
    note.parent.mkdir(exist_ok=True)
    done = _taken_up(note, store)
    for fault in done.faults:
        tell(fault)
    noted = time.monotonic()
    for checked in verify(store, after=done.after):
        done.add(checked, tell)
        if time.monotonic() - noted > NOTED_SECONDS:
            replace_file(note, json.dumps(asdict(done)).encode())
            noted = time.monotonic()
    note.unlink(missing_ok=True)
    return done


def _taken_up(note: Path, store: Store) -> Hashed:
    """Where the interrupted check-up was; nothing looked at where there is none, or too old a one."""
    if not note.exists() or time.time() - note.stat().st_mtime > NOTE_HOLDS_SECONDS:
        return Hashed()
    state = json.loads(note.read_bytes())
    then = [Fault(**fault) for fault in state["faults"]]
    folders = {str(folder) for fault in then for folder in (store.root / fault.path).parents}
    again = verify(store, wanted=lambda folder: str(folder) in folders) if then else ()
    still = [fault for checked in again for fault in checked.faults]
    return Hashed(**{**state, "faults": still, "results_before": state["results"]})


def hash_sample(store: Store, percent: float, seed: int, tell: Callable[[Fault], None] = lambda fault: None) -> Hashed:
    """Hash the items of so many results in a hundred, chosen by the seed."""
    done, chance = Hashed(), random.Random(seed)
    for checked in verify(store, wanted=lambda path: chance.random() * 100 < percent):
        done.add(checked, tell)
    return done


def _readable(store: Store) -> list[Manifest]:
    found = []
    for path in store.manifest_paths():
        try:
            found.append(store.read_manifest(path))
        except StoreError:
            continue  # told as a fault by the hashing
    return found
