"""Batches of due sources and their processing in the worker processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.run.options import Options
from flows.run.progress import RunProgress
from flows.run.working.retry import not_stored, outcomes_of, plausible_seconds, start
from flows.run.working.workers import Stopped, Workers
from processors.contract import inputs_of
from processors.engine.plan import Due
from processors.engine.result_records import Outcome
from processors.errors import StoreError, machine_reason
from processors.sources.scan import printable
from processors.store.bucket.raw_bucket import at_hand, label_at_hand
from processors.store.manifest import ResultRef
from processors.store.store import Store

BATCH_SECONDS = 4.0
"""Largest estimated work in one batch, in s: an empty Prefect task costs about 20 ms, so that is half a percent."""
BATCH_SOURCES = 50
BATCHES_FOR_EACH = 4
"""Batches for each of those that are worked on at once: the last to end keeps the others waiting only briefly."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Due sources of a run, as plain data; `shared_work.do_batch` finds the workers of the process that receives it."""

    run: str
    """Name of the run."""
    store: Path
    options: Options
    due: tuple[Due, ...]
    waits: bool = False
    """True: wait for sources that another run is working on; false: leave them for the end of this run."""

    @property
    def label(self) -> str:
        """Return the batch's name on Prefect's page: `12 results of june/descent.mp4 and 3 more`."""
        results = sum(len(one.results) for one in self.due)
        first, *others = (printable(one.relative) for one in self.due)
        more = f" and {len(others)} more" if others else ""
        return f"{results} result{'' if results == 1 else 's'} of {first}{more}"


@dataclass(frozen=True, kw_only=True)
class SourceOutcome:
    due: Due
    outcomes: tuple[Outcome, ...]


def estimated_seconds(due: Due) -> float:
    """Estimate the work, in s, from the duration that the header claims; used only to balance batches."""
    if due.source.medium == "photo":
        return 0.05 + due.source.size_bytes / 1e6
    rate = 0.4 if due.source.medium == "video" else 0.05
    return 0.1 + rate * min(due.duration_seconds or 10.0, 36_000)


def into_batches(due: Sequence[Due], at_once: int) -> list[list[Due]]:
    """Group the sources into batches, the longest first, so that no long one remains at the end.

    Parameters
    ----------
    at_once : number of batches that are worked on at the same time.
    """
    share = sum(map(estimated_seconds, due)) / (BATCHES_FOR_EACH * at_once)
    batches: list[list[Due]] = []
    cost = 0.0
    for one in sorted(due, key=estimated_seconds, reverse=True):
        if not batches or cost >= min(share, BATCH_SECONDS) or len(batches[-1]) >= BATCH_SOURCES:
            batches.append([])
            cost = 0.0
        batches[-1].append(one)
        cost += estimated_seconds(one)
    return batches


def run_batch(
    batch: Sequence[Due], store: Store, workers: Workers, progress: RunProgress, stop: threading.Event
) -> list[SourceOutcome]:
    """Derive every source of the batch; a file that fails does not stop the others.

    Raises
    ------
    StoreError : the store's disk is full or read-only, or its bucket cannot be used; what was committed stays.
    """
    try:
        with store.bringing(_used_by(batch)):
            return _run_batch(batch, store, workers, progress, stop)
    except StoreError:
        stop.set()
        raise


def _used_by(batch: Sequence[Due]) -> Iterator[ResultRef]:
    """Yield all direct and indirect inputs of due results; an indirect one may explain why an input was not made."""
    for due in batch:
        waiting = list(due.processors)
        while waiting:
            used = inputs_of(waiting.pop())
            waiting += used
            yield from (ResultRef.of(one, due.source.digests) for one in used if one not in due.processors)


def _at_hand(batch: Sequence[Due]) -> tuple[list[Due], list[SourceOutcome]]:
    """Fetch the sources that are in a bucket; return the readable ones, and the failures of the others."""
    here, lost = list[Due](), list[SourceOutcome]()
    for due in batch:
        if due.address is None:
            here.append(due)
            continue
        try:
            path = at_hand(due.address, due.file.size_bytes, due.file.mtime_ns)
            if due.source.label:
                label_at_hand(due.address, due.source.label)
            here.append(replace(due, file=replace(due.file, path=path)))
        except OSError as error:
            lost.append(SourceOutcome(due=due, outcomes=tuple(not_stored(due, machine_reason(error)))))
    return here, lost


def _run_batch(
    batch: Sequence[Due], store: Store, workers: Workers, progress: RunProgress, stop: threading.Event
) -> list[SourceOutcome]:
    here = store.local
    readable, done = _at_hand(batch)
    try:
        jobs = [(due, start(due, here, workers)) for due in readable if not stop.is_set()]
    except Stopped:
        return done
    for due, job in jobs:
        progress.begin(due.relative, workers.progress_file(due.source.digest), plausible_seconds(due))
        try:
            outcomes = outcomes_of(due, job, here, workers)
            store.publish(outcome.ref for outcome in outcomes if outcome.is_stored)
            done.append(SourceOutcome(due=due, outcomes=tuple(outcomes)))
        except Stopped:
            return done
        finally:
            progress.end(due.relative, plausible_seconds(due))
    return done
