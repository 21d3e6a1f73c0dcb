"""Check-up of a store: hash all stored and raw files, rebuild a sample and compare, sweep leftovers. No Prefect.

Progress is saved periodically in `checkups/unfinished.json` in the store, so that a killed check-up can resume.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from flows.run.checking.checker import checker_of
from flows.run.checking.reproduction import VERDICTS, Rebuilt, reproduce
from flows.run.options import Options
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.catalogue.catalogue import Catalogue
from processors.store.findings.withdrawn import unconfirmed
from processors.store.fixity.fixity import verify_results
from processors.store.fixity.fixity_check import FixityCheck, FixityFault, fault_count
from processors.store.fixity.masters import check_masters
from processors.store.manifest import Manifest, ResultRef
from processors.store.progress_steps import Steps, silently
from processors.store.spread import Spread, here
from processors.store.store import Store, replace_file

Which = Literal["all", "store", "raw"]
"""Files to hash."""

NOTED_SECONDS = 10.0
NOTE_HOLDS_SECONDS = 7 * 24 * 3600.0
"""Age in s at which saved progress is discarded: files verified so long ago may have changed."""


@dataclass(kw_only=True)
class Hashed:
    after: str = ""
    """Last verified result, relative to the store."""
    after_master: str = ""
    """Path of the last verified raw file."""
    masters: int = 0
    """Number of raw files."""
    masters_bytes: int = 0
    results: int = 0
    items: int = 0
    size_bytes: int = 0
    faults: list[FixityFault] = field(default_factory=list)
    new: list[FixityFault] = field(default_factory=list)
    """Raw files that no run has seen yet."""
    results_before: int = 0
    """Number of these results that an earlier, interrupted check-up verified."""
    masters_before: int = 0

    def add(self, checked: FixityCheck, tell: Callable[[FixityFault], None]) -> None:
        self.after = checked.path
        self.results += 1
        self.items += checked.item_count
        self.size_bytes += checked.size_bytes
        self.faults += checked.faults
        for fault in checked.faults:
            tell(fault)

    def add_master(self, checked: FixityCheck, tell: Callable[[FixityFault], None]) -> None:
        self.after_master = checked.path
        self.masters_bytes += checked.size_bytes
        for fault in checked.faults:
            (self.new if fault.kind == "new" else self.faults).append(fault)
            tell(fault)
        self.masters += fault_count(fault for fault in checked.faults if fault.kind != "new") or not checked.faults


@dataclass(frozen=True, kw_only=True)
class Checkup:
    """Full outcome of a check-up."""

    results: int
    items: int
    size_bytes: int
    masters: int
    """Number of raw files, hashed like the stored ones."""
    masters_bytes: int
    faults: tuple[FixityFault, ...]
    new: tuple[FixityFault, ...]
    """Raw files that no run has seen yet."""
    seed: int
    """Seed of the sample: the same seed and store give the same sample."""
    sample: tuple[Rebuilt, ...]
    swept: int
    """Number of scratch folders that killed runs had left."""
    traffic: Traffic | None = None
    """Traffic with the store's bucket, also that of other machines at work; None for a store in a folder."""

    @property
    def is_sound(self) -> bool:
        return not self.faults and all(one.verdict != "different" for one in self.sample)

    @property
    def message(self) -> str:
        counts = {verdict: sum(one.verdict == verdict for one in self.sample) for verdict in VERDICTS}
        rebuilt = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return (
            f"{self.results} results, {self.items} items, {self.size_bytes / 1e6:.1f} MB, "
            f"{self.masters} raw files, {self.masters_bytes / 1e6:.1f} MB: "
            f"{fault_count(self.faults) or 'no'} faults; of a sample of {len(self.sample)}: {rebuilt}"
        )


def check_up(
    store: Store,
    *,
    sample: int,
    seed: int,
    options: Options,
    steps: Steps = silently,
    tell: Callable[[str], None] = lambda note: None,
) -> Checkup:
    """Sweep, hash everything, and rebuild a sample.

    Parameters
    ----------
    tell : gets a note of where a cluster works.

    Raises
    ------
    RequestError : the cluster is not fit for the work.
    """
    swept = store.sweep()
    with checker_of(options, store) as checker:
        if checker.note:
            tell(checker.note)
        hashed = hash_all(store, steps=steps, spread=checker.spread)
        made = [m for m in _readable(store) if m.verdict == "made"]
        chosen = random.Random(seed).sample(made, min(sample, len(made)))
        rebuilt = tuple(steps("Rebuilding results", reproduce(chosen, store, checker), len(chosen), noun="result"))
    return Checkup(
        results=hashed.results,
        items=hashed.items,
        size_bytes=hashed.size_bytes,
        masters=hashed.masters,
        masters_bytes=hashed.masters_bytes,
        faults=tuple(hashed.faults),
        new=tuple(hashed.new),
        seed=seed,
        sample=rebuilt,
        swept=swept,
        traffic=store.traffic,
    )


def hash_all(
    store: Store,
    tell: Callable[[FixityFault], None] = lambda fault: None,
    which: Which = "all",
    steps: Steps = silently,
    spread: Spread | None = None,
) -> Hashed:
    """Hash every item and raw file, except results that an interrupted check-up found intact within the last week."""
    progress_file = store.checks_folder / ("unfinished.json" if which == "all" else f"unfinished-{which}.json")
    progress_file.parent.mkdir(exist_ok=True)
    damage = _Damage(store)
    done = _taken_up(progress_file, store, damage)
    for fault in (*done.faults, *done.new):
        tell(fault)
    noted = time.monotonic()
    for is_master, checked in _each(store, which, done, steps, spread or here(store)):
        done.add_master(checked, tell) if is_master else done.add(checked, tell)
        _correct(checked, store)
        damage.add(checked)
        if time.monotonic() - noted > NOTED_SECONDS:
            replace_file(progress_file, json.dumps(asdict(done)).encode())
            damage.write()
            noted = time.monotonic()
    _add_missing(done, store, which, damage, tell)
    progress_file.unlink(missing_ok=True)
    return done


def _each(store: Store, which: Which, done: Hashed, steps: Steps, spread: Spread) -> Iterator[tuple[bool, FixityCheck]]:
    """Yield what remains to be hashed, the store before the raw files, and whether it is a raw file."""
    if which != "raw":
        yield from ((False, checked) for checked in verify_results(store, after=done.after, steps=steps, spread=spread))
    if which != "store":
        rows = Catalogue(store).sources().values()
        masters = check_masters(rows, after=done.after_master, steps=steps, spread=spread)
        yield from ((True, checked) for checked in masters)


def _add_missing(
    done: Hashed, store: Store, which: Which, damage: _Damage, tell: Callable[[FixityFault], None]
) -> None:
    """Add the results that the catalogue lists and the store does not have, and withdrawn files; note all damage."""
    if which != "store":
        for one in unconfirmed(Catalogue(store).sightings()):
            place, why = f"{Path(one.folder).name}/{one.place}", f"withdrawn, {one.reason}"
            done.faults.append(
                FixityFault(path=place, kind="missing", reason=why, is_master=True, file_count=len(one.rows))
            )
            tell(done.faults[-1])
    for checked in () if which == "raw" else _missing(store):
        done.faults += checked.faults
        damage.add(checked)
        for fault in checked.faults:
            tell(fault)
    damage.write()


def _missing(store: Store) -> Iterator[FixityCheck]:
    for row in Catalogue(store).table("results", ["source", "processor", "key"]).to_pylist():
        ref = ResultRef(**row)
        if not store.has(ref):
            where = str(store.folder(ref).relative_to(store.root))
            fault = FixityFault(path=where, kind="missing", reason="it is in the catalogue; run `marsmedia ingest`")
            yield FixityCheck(path=where, item_count=0, size_bytes=0, faults=(fault,))


class _Damage:
    """What is damaged in the store, as the catalogue has it and as this check finds it.

    So that `failures` and every run name it until it is mended, and the next run makes it again.
    """

    def __init__(self, store: Store) -> None:
        self._catalogue = Catalogue(store)
        self._known = {(ref.source, ref.key[:16]): what for ref, what in self._catalogue.damage().items()}
        self._found: dict[tuple[str, str], str | None] = {}

    def add(self, checked: FixityCheck) -> None:
        for result in checked.results:
            if self._known.get(result) != checked.damage:
                self._found[result] = checked.damage

    def write(self) -> None:
        """Write into the catalogue what differs from it."""
        self._catalogue.note_damage(self._found)
        self._found.clear()


def _taken_up(progress_file: Path, store: Store, damage: _Damage) -> Hashed:
    """Return the progress of an interrupted check-up; none if there was no such check-up, or if it is too old."""
    if not progress_file.exists() or time.time() - progress_file.stat().st_mtime > NOTE_HOLDS_SECONDS:
        return Hashed()
    state = json.loads(progress_file.read_bytes())
    then = [FixityFault(**fault) for fault in state["faults"]]
    stored = [fault for fault in then if not fault.is_master]
    folders = {str(folder) for fault in stored for folder in (store.root / fault.path).parents}
    again = verify_results(store, wanted=lambda folder: str(folder) in folders) if stored else ()
    still: list[FixityFault] = []
    for checked in again:
        damage.add(checked)
        still += checked.faults
    seen: dict[str, object] = {"results_before": state["results"], "masters_before": state.get("masters", 0)}
    if any(fault.is_master for fault in then) or state.get("new"):  # raw files are verified from the first
        seen |= {"after_master": "", "masters": 0, "masters_bytes": 0, "masters_before": 0, "new": []}
    return Hashed(**{**state, **seen, "faults": still})


def hash_sample(
    store: Store,
    percent: float,
    seed: int,
    tell: Callable[[FixityFault], None] = lambda fault: None,
    which: Which = "all",
    steps: Steps = silently,
    spread: Spread | None = None,
) -> Hashed:
    """Hash the items of this percentage of results, and of raw files, chosen by the seed."""
    done, chance, spread, damage = Hashed(), random.Random(seed), spread or here(store), _Damage(store)
    if which != "raw":
        for checked in verify_results(
            store, wanted=lambda path: chance.random() * 100 < percent, steps=steps, spread=spread
        ):
            done.add(checked, tell)
            damage.add(checked)
    if which != "store":
        rows = Catalogue(store).sources().values()
        for checked in check_masters(
            rows, wanted=lambda path: chance.random() * 100 < percent, steps=steps, spread=spread
        ):
            done.add_master(checked, tell)
            _correct(checked, store)
    _add_missing(done, store, which, damage, tell)
    return done


def _correct(checked: FixityCheck, store: Store) -> None:
    """Note in the catalogue that a raw file has changed with its old size and date, or has been restored.

    So that runs make nothing of it, and `failures` names it.
    """
    if checked.corrected:
        Catalogue(store).add_sources([checked.corrected])


def _readable(store: Store) -> list[Manifest]:
    return list(store.readable([]))  # hashing reports unreadable ones as faults
