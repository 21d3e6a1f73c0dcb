"""Handling of a file whose worker fails: retry it, then result by result, until each has an outcome."""

from __future__ import annotations

import dataclasses
from collections import Counter

from flows.run.working.workers import Job, Stopped, WorkerDeath, Workers
from processors.contract import Processor, Reads, inputs_of
from processors.engine.derive import derive
from processors.engine.failure import Failure, internal_fault
from processors.engine.plan import Due
from processors.engine.result_records import Outcome, record_failure
from processors.errors import NO_SPACE, SourceChanged, StoreError, machine_reason
from processors.store.catalogue.cost_curve import MIN_BYTES_A_SECOND
from processors.store.store import Store

SLOW_TRIES = 2
"""Maximum number of results from the same units that may time out alone; the remaining ones then fail untried."""

PHOTO_SECONDS = 600.0
"""Extra time for any photo: its size says little about its pixels, which readers limit to 300 million."""
SECONDS_FOR_EACH_OF = {"audio": 0.2, "video": 10.0}
"""Extra time, in s, for each second that the container declares; of video with frames of up to `FULL_HD_PIXELS`."""
FULL_HD_PIXELS = 1920 * 1080
"""A video with larger frames gets more time in proportion to their pixels."""
MAX_EXTRA_SECONDS = 12 * 3600.0


def start(due: Due, store: Store, workers: Workers, *, again: bool = False) -> Job:
    """Queue a file; `again`: with twice the time, in an unused worker. Raises as `Workers.start`."""
    arguments = [due.source, due.file, due.release, due.processors, store, again]
    arguments += [workers.limits.memory_mb, workers.progress_file(due.source.digest), due.remade]
    return workers.start(
        derive,
        arguments,
        size_bytes=due.source.size_bytes,
        extra_seconds=extra_seconds(due),
        patience=2.0 if again else 1.0,
        unused=again,
    )


def extra_seconds(due: Due) -> float:
    """Return the time, in s, added to the limit for a file because of its content."""
    medium = due.source.medium
    if medium == "photo":
        return PHOTO_SECONDS
    larger = max(1.0, (due.frame_pixels or 0) / FULL_HD_PIXELS)
    return min(plausible_seconds(due) * SECONDS_FOR_EACH_OF[medium] * larger, MAX_EXTRA_SECONDS)


def plausible_seconds(due: Due) -> float:
    """Return the duration, in s, that a header claims, limited to what the size of the file allows."""
    if due.source.medium == "photo":
        return 0.0
    return min(due.duration_seconds or 0.0, due.source.size_bytes / MIN_BYTES_A_SECOND[due.source.medium])


def outcomes_of(due: Due, job: Job, store: Store, workers: Workers) -> list[Outcome]:
    """Return the outcome of each result; wait for the job, and retry if it failed.

    Raises
    ------
    Stopped : the run was stopped meanwhile.
    StoreError : the store's disk is full, or the store cannot be trusted.
    """
    answer = _answer(due, job, store, workers)
    if isinstance(answer, Exception):
        answer = _again(due, store, workers)
    if isinstance(answer, WorkerDeath) and not answer.from_outside:
        return _one_by_one(due, answer, store, workers)
    return _as_outcomes(due, answer)


def _again(due: Due, store: Store, workers: Workers) -> list[Outcome] | WorkerDeath | OSError:
    return _answer(due, start(due, store, workers, again=True), store, workers)


def _answer(due: Due, job: Job, store: Store, workers: Workers) -> list[Outcome] | WorkerDeath | OSError:
    """Return outcomes, or an error that may not occur again."""
    try:
        return workers.answer(job)
    except (Stopped, StoreError):
        raise
    except SourceChanged as error:
        return not_stored(due, machine_reason(error))
    except OSError as error:
        if error.errno in NO_SPACE:
            raise StoreError(f"{store.address}: {machine_reason(error)}") from error
        return error
    except WorkerDeath as death:
        return death
    except ImportError as error:
        return not_stored(due, f"{error}: reinstall marsmedia with its dependencies")
    except Exception as error:  # noqa: BLE001 - outermost edge of the worker
        fault = internal_fault(error, getattr(error, "traceback", None))
        return record_failure(due.source, due.release, due.processors, store, fault)


def _one_by_one(due: Due, death: WorkerDeath, store: Store, workers: Workers) -> list[Outcome]:
    """Try each result alone after the file ended its worker; only those that end a worker again count as failed."""
    if len(due.results) == 1:
        return _failed(due, death, store)
    outcomes: list[Outcome] = []
    slow: Counter[Reads] = Counter()
    absent: set[Processor] = set()
    for one in due.results:  # each follows those that it uses
        alone, processor = dataclasses.replace(due, results=(one,)), one.processor
        if not absent.isdisjoint(inputs_of(processor)):
            outcomes += not_stored(alone, "its inputs are missing: run again")
        elif slow[processor.reads] >= SLOW_TRIES:
            outcomes += _failed(alone, death, store)
        else:
            answer = _again(alone, store, workers)
            if isinstance(answer, WorkerDeath) and not answer.from_outside:
                slow[processor.reads] += answer.is_slow
                outcomes += _failed(alone, answer, store)
            else:
                slow[processor.reads] = 0
                outcomes += _as_outcomes(alone, answer)
        if not outcomes[-1].is_stored:
            absent.add(processor)
    return outcomes


def _as_outcomes(due: Due, answer: list[Outcome] | WorkerDeath | OSError) -> list[Outcome]:
    """Return outcomes; a machine error becomes one for each result."""
    if isinstance(answer, list):
        return answer
    return not_stored(due, machine_reason(answer) if isinstance(answer, OSError) else str(answer))


def _failed(due: Due, death: WorkerDeath, store: Store) -> list[Outcome]:
    fault = Failure(verdict="failed", reason=str(death), blame="file")
    return record_failure(due.source, due.release, due.processors, store, fault)


def not_stored(due: Due, reason: str) -> list[Outcome]:
    """Return failures caused by the machine: they are due again."""
    return [
        Outcome(
            ref=one.ref,
            verdict="failed",
            reason=reason,
            item_count=0,
            size_bytes=0,
            seconds=0.0,
            is_stored=False,
            blame="machine",
        )
        for one in due.results
    ]
