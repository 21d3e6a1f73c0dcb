"""Check-up of a store: hash all stored and raw files, rebuild a sample and compare, sweep leftovers. No Prefect.

Progress is saved periodically in `checkups/unfinished.json` in the store, so that a killed check-up can resume.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from flows.run.checking.checker import checker_of
from flows.run.checking.reproduction import VERDICTS, Rebuilt, reproduce
from flows.run.options import Options
from flows.run.reporting.at_work import announced
from processors.json_records import from_json
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.lost_records import lost_records
from processors.store.findings.withdrawn import unconfirmed
from processors.store.fixity.fixity_findings import FixityCheck, FixityFault, fault_count
from processors.store.fixity.fixity_history import FailedFile, RawCheck, record_check
from processors.store.fixity.masters import check_masters
from processors.store.fixity.result_check import verify_results
from processors.store.flush import replace_file
from processors.store.lost_record_note import note_lost
from processors.store.manifest import Manifest, ResultRef
from processors.store.parallel_map import ParallelMap, in_this_process
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

Which = Literal["all", "store", "raw"]
"""Files to hash."""

NOTED_SECONDS = 10.0
NOTE_HOLDS_SECONDS = 7 * 24 * 3600.0
"""Age in s at which saved progress is discarded: files verified so long ago may have changed."""
SAVED, OF_STORE = "saved_utc", "of_store"
"""Fields of saved progress: when it was saved, and the store that it is of; what was verified there says nothing of a
copy, which has this file too."""


def _now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


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
    started_utc: str = field(default_factory=_now_utc, compare=False)
    failed: list[FailedFile] = field(default_factory=list)
    """Raw files with a fault."""
    missing_folders: list[str] = field(default_factory=list)
    """Folders of raw files that were not there."""
    is_progress_lost: bool = False
    """Whether the progress of an interrupted check-up could not be read, so that nothing of it counts."""


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
    """Sweep, hash everything, and rebuild a sample of the results whose sources are in raw.

    Parameters
    ----------
    tell : receives a note on where a cluster works.

    Raises
    ------
    RequestError : the cluster is not fit for the work.
    """
    swept = store.sweep()
    with checker_of(options, store) as checker:
        if checker.note:
            tell(checker.note)
        hashed = hash_all(store, steps=steps, parallel_map=checker.parallel_map)
        gone = _gone_from_raw(store)
        made = [m for m in _readable(store) if m.verdict == "made" and m.digests not in gone]
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
    parallel_map: ParallelMap | None = None,
) -> Hashed:
    """Hash every item and raw file, except results that an interrupted check-up found intact within the last week."""
    progress_file = store.checks_folder / ("unfinished.json" if which == "all" else f"unfinished-{which}.json")
    progress_file.parent.mkdir(exist_ok=True)
    with announced(store, "check"):
        check = _Check(store, which, tell)
        check.take_up(progress_file)
        noted = time.monotonic()
        for _ in check.hashed(steps, parallel_map):
            if time.monotonic() - noted > NOTED_SECONDS:
                _save_progress(check.done, store, progress_file)
                check.damage.write()
                noted = time.monotonic()
        progress_file.unlink(missing_ok=True)
        return check.done


def hash_sample(
    store: Store,
    percent: float,
    seed: int,
    tell: Callable[[FixityFault], None] = lambda fault: None,
    which: Which = "all",
    steps: Steps = silently,
    parallel_map: ParallelMap | None = None,
) -> Hashed:
    """Hash the items of this percentage of results, and of raw files, chosen by the seed."""
    with announced(store, "check"):
        check, chance = _Check(store, which, tell, sample=[]), random.Random(seed)
        for _ in check.hashed(steps, parallel_map, lambda path: chance.random() * 100 < percent):
            pass
        return check.done


class _Check:
    """One check: it counts what was hashed, reports every fault, and records what the catalogue must know."""

    def __init__(
        self, store: Store, which: Which, tell: Callable[[FixityFault], None], sample: list[str] | None = None
    ) -> None:
        """`sample` takes the places of the raw files that were hashed; None where these are all."""
        self.done, self.damage, self._sample = Hashed(), _Damage(store), sample
        self._store, self._which, self._tell = store, which, tell

    def take_up(self, progress_file: Path) -> None:
        """Resume an interrupted check-up, unless there was none, it is too old, or it was of a store copied here."""
        if not progress_file.exists():
            return
        try:
            before = _read_progress(progress_file, self._store)
        except (ValueError, KeyError, TypeError, AttributeError):  # of another version, or none at all
            self.done.is_progress_lost = True
            return
        if before is None:
            return
        then = before.faults
        stored = [fault for fault in then if not fault.is_master]
        folders = {str(folder) for fault in stored for folder in (self._store.root / fault.path).parents}
        again = verify_results(self._store, wanted=lambda folder: str(folder) in folders) if stored else ()
        still: list[FixityFault] = []
        for checked in again:
            self.damage.add(checked)
            still += checked.faults
        self.done = replace(
            before, faults=still, results_before=before.results, masters_before=before.masters, is_progress_lost=False
        )
        if any(fault.is_master for fault in then) or before.new:  # raw files are verified from the first
            self.done = replace(
                self.done,
                after_master="",
                masters=0,
                masters_bytes=0,
                masters_before=0,
                new=[],
                failed=[],
                missing_folders=[],
            )
        for fault in (*self.done.faults, *self.done.new):
            self._tell(fault)

    def hashed(
        self, steps: Steps, parallel_map: ParallelMap | None, wanted: Callable[[Path | str], bool] = lambda path: True
    ) -> Iterator[None]:
        """Hash what remains of the wanted files, the store before the raw files; yield after each."""
        store, done, parallel_map = self._store, self.done, parallel_map or in_this_process(self._store)
        if self._which != "raw":
            for checked in verify_results(
                store, after=done.after, wanted=wanted, steps=steps, parallel_map=parallel_map
            ):
                self._add(checked)
                yield
        if self._which != "store":
            rows = Catalogue(store).sources().values()
            for checked in check_masters(
                rows, after=done.after_master, wanted=wanted, steps=steps, parallel_map=parallel_map
            ):
                self._add_master(checked)
                yield
            self._record()
            self._add_withdrawn()
        if self._which != "raw":
            for checked in _missing(store):
                self._take(checked)
            self._add_lost_records()
        self.damage.write()

    def _add(self, checked: FixityCheck) -> None:
        self.done.after = checked.path
        self.done.results += 1
        self.done.items += checked.item_count
        self.done.size_bytes += checked.size_bytes
        self._take(checked)

    def _add_master(self, checked: FixityCheck) -> None:
        self.done.after_master = checked.path
        self.done.masters_bytes += checked.size_bytes
        known, row = [fault for fault in checked.faults if fault.kind != "new"], checked.row
        if row:
            reasons = (f"{fault.kind}: {fault.reason}" for fault in known)
            self.done.failed += (FailedFile(place=row.relative, sha256=row.digest, reason=why) for why in reasons)
            if self._sample is not None:
                self._sample.append(row.relative)
        elif known:
            self.done.missing_folders.append(checked.path)
        self.done.masters += fault_count(known) or not checked.faults
        self._take(checked)
        if checked.corrected:  # so that runs make nothing of a file that has changed, and `failures` names it
            Catalogue(self._store).add_sources([checked.corrected])

    def _record(self) -> None:
        """Add what was found of the raw files to the store's history, from which PREMIS has its fixity checks."""
        check = RawCheck(
            started_utc=self.done.started_utc,
            ended_utc=_now_utc(),
            failed=tuple(self.done.failed),
            sample=None if self._sample is None else tuple(self._sample),
            missing_folders=tuple(self.done.missing_folders),
        )
        record_check(check, self._store)

    def _add_withdrawn(self) -> None:
        for one in unconfirmed(Catalogue(self._store).sightings()):
            place, why = f"{Path(one.folder).name}/{one.place}", f"withdrawn, {one.reason}"
            count = len(one.rows)
            self._tell_of(FixityFault(path=place, kind="missing", reason=why, is_master=True, file_count=count))

    def _add_lost_records(self) -> None:
        lost = list(lost_records(self._store))
        for one in lost:
            fault = FixityFault(path=one.path, kind=one.kind, reason=one.reason)
            self._take(FixityCheck(path=one.path, faults=(fault,)))
        note_lost(self._store, [one.source for one in lost if one.source])

    def _take(self, checked: FixityCheck) -> None:
        self.damage.add(checked)
        for fault in checked.faults:
            self._tell_of(fault)

    def _tell_of(self, fault: FixityFault) -> None:
        (self.done.new if fault.kind == "new" else self.done.faults).append(fault)
        self._tell(fault)


def _save_progress(done: Hashed, store: Store, progress_file: Path) -> None:
    state = {**asdict(done), SAVED: _now_utc(), OF_STORE: _place_of(store)}
    replace_file(progress_file, json.dumps(state).encode())


def _place_of(store: Store) -> str:
    return str(store.root.resolve()) if store.is_in_folder else store.address


def _read_progress(progress_file: Path, store: Store) -> Hashed | None:
    """Return the progress that was saved, None if it is too old or of another store; one that cannot be read raises one
    of several errors.
    """
    state = json.loads(progress_file.read_bytes())
    age = datetime.now(UTC) - datetime.fromisoformat(state.pop(SAVED))
    if age.total_seconds() > NOTE_HOLDS_SECONDS or state.pop(OF_STORE) != _place_of(store):
        return None
    known = {"faults": FixityFault, "new": FixityFault, "failed": FailedFile}
    lists = {
        name: [from_json(kind, one, is_strict=True) for one in state.get(name, ())] for name, kind in known.items()
    }
    return Hashed(**{**state, **lists})


def _missing(store: Store) -> Iterator[FixityCheck]:
    # all at once: a run beside this check may make the table's files into others, and delete these
    for row in list(Catalogue(store).rows("results", ["source", "processor", "key"])):
        ref = ResultRef(**row)
        if not store.has(ref):
            where = str(store.folder(ref).relative_to(store.root))
            fault = FixityFault(path=where, kind="missing", reason="the catalogue has it")
            yield FixityCheck(path=where, faults=(fault,))


class _Damage:
    """What is damaged in the store, as the catalogue has it and as this check finds it.

    So that `failures` and every run list it until the next run makes it again.
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


def _gone_from_raw(store: Store) -> set[tuple[str, ...]]:
    """Return the digests of sources that are known to be nowhere in raw, so that nothing of them can be rebuilt.

    They are replaced, confirmed as withdrawn, or faults of the check.
    """
    rows = Catalogue(store).sightings()
    return {row.digests for row in rows} - {row.digests for row in rows if row.gone_utc is None}


def _readable(store: Store) -> list[Manifest]:
    return list(store.readable([]))  # hashing reports unreadable ones as faults
