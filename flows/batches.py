"""Runs batches of due sources in the worker processes; a file that kills its worker twice on its own has failed."""

from __future__ import annotations

import errno
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from flows.progress import RunProgress
from flows.workers import Stopped, WorkerDeath, Workers
from processors.contract import result_key
from processors.derive import derive
from processors.errors import SourceChanged, StoreError, machine_reason
from processors.fault import Fault, internal_fault
from processors.outcome import Outcome, record_failure
from processors.plan import Due
from processors.store.manifest import ResultRef
from processors.store.results import Store

TRIES = 2
BATCH_SECONDS = 4.0
"""Estimated work in one batch: an empty Prefect task costs about 20 ms, so that is half a percent."""
BATCH_SOURCES = 50
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True, kw_only=True)
class SourceOutcome:
    """What became of one due source."""

    due: Due
    outcomes: tuple[Outcome, ...]


def estimated_seconds(due: Due) -> float:
    """Work to expect, from what the header claims; only to share out the work."""
    if due.source.medium == "photo":
        return 0.02 + due.source.size_bytes / 8e6
    rate = 0.1 if due.source.medium == "video" else 0.003
    return 0.1 + rate * min(due.duration_seconds or 10.0, 36_000)


def into_batches(due: Sequence[Due]) -> list[list[Due]]:
    """Share out the sources, the longest first, so that no long one is left for the end."""
    batches: list[list[Due]] = []
    cost = 0.0
    for one in sorted(due, key=estimated_seconds, reverse=True):
        if not batches or cost >= BATCH_SECONDS or len(batches[-1]) >= BATCH_SOURCES:
            batches.append([])
            cost = 0.0
        batches[-1].append(one)
        cost += estimated_seconds(one)
    return batches


def run_batch(
    batch: Sequence[Due], store: Store, workers: Workers, progress: RunProgress, stop: threading.Event
) -> list[SourceOutcome]:
    """Derive every source of the batch; whatever one file does, the others go on.

    Raises
    ------
    StoreError : our disk is full or read-only; what was committed stays.
    """
    done: list[SourceOutcome] = []
    try:
        jobs = [(due, _start(due, store, workers)) for due in batch if not stop.is_set()]
    except Stopped:
        return done
    for due, job in jobs:
        progress.begin(due.relative)
        try:
            done.append(SourceOutcome(due=due, outcomes=tuple(_settled(due, job, store, workers))))
        except Stopped:
            return done
        except StoreError:
            stop.set()
            raise
        finally:
            progress.end(due.relative, due.duration_seconds)
    return done


def _start(due: Due, store: Store, workers: Workers) -> Future[list[Outcome]]:
    arguments = [due.source, due.file, due.release, due.processors, store]
    return workers.start(derive, arguments, size_bytes=due.source.size_bytes)


def _settled(due: Due, job: Future[list[Outcome]], store: Store, workers: Workers) -> list[Outcome]:
    for attempt in range(1, TRIES + 1):
        try:
            return workers.answer(job, size_bytes=due.source.size_bytes)
        except (Stopped, StoreError):
            raise
        except SourceChanged as error:
            return _not_stored(due, error.strerror or str(error))
        except OSError as error:
            if error.errno in FULL:
                raise StoreError(f"{store.root}: {machine_reason(error)}") from error
            if attempt == TRIES:
                return _not_stored(due, machine_reason(error))
        except WorkerDeath as death:
            if attempt == TRIES and death.from_outside:
                return _not_stored(due, str(death))
            if attempt == TRIES:
                fault = Fault(verdict="failed", reason=f"{death}, twice", blame="file")
                return record_failure(due.source, due.release, due.processors, store, fault)
        except Exception as error:  # noqa: BLE001 - the worker's outermost edge
            fault = internal_fault(error, getattr(error, "traceback", None))
            return record_failure(due.source, due.release, due.processors, store, fault)
        job = _start(due, store, workers)
    raise AssertionError("unreachable")


def _not_stored(due: Due, reason: str) -> list[Outcome]:
    return [
        Outcome(
            ref=ResultRef(source=due.source.digest, processor=p.name, key=result_key(p, *due.source.digests)),
            verdict="failed", reason=reason, item_count=0, size_bytes=0, seconds=0.0, is_stored=False, blame="machine",
        )
        for p in due.processors
    ]  # fmt: skip
