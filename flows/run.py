"""One run, start to end; what it works on and how the batches are handed out is the caller's choice."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path

from flows.batches import SourceOutcome, into_batches, run_batch
from flows.options import Options
from flows.prepare import Prepared, prepare
from flows.progress import RunProgress
from flows.report import Report, make_report
from flows.workers import Workers, default_limits, warm_up
from processors.errors import StoreError
from processors.outcome import already_made, outcome_of
from processors.plan import Due, Recipes
from processors.store.by_name import refresh_by_name
from processors.store.catalogue import Catalogue
from processors.store.results import Store

CATALOGUE_SECONDS = 15.0
"""Time between two writes of the catalogue during a run; a killed run's results are found again by the next plan."""

Work = Callable[[list[Due]], list[SourceOutcome]]
Answer = list[SourceOutcome] | BaseException
Dispatch = Callable[[Sequence[list[Due]], Work], Iterable[Answer]]
"""Does the work on every batch, several at a time, and gives what each returned or raised, in any order."""
Prepare = Callable[[Store, RunProgress], Prepared]
"""Looks at what the run is to work on, and plans it."""


def run_ingest(
    raw: Path, store_folder: Path, recipes: Recipes, options: Options, dispatch: Dispatch, *, name: str
) -> Report:
    """A run over a folder of releases; raises as `run`, and `FileNotFoundError` and its like for `raw`."""

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare(raw, store, recipes, progress, options)

    return run(look, store_folder, options, dispatch, name=name, asked=str(raw))


def run(prepare: Prepare, store_folder: Path, options: Options, dispatch: Dispatch, *, name: str, asked: str) -> Report:
    """Prepare, derive, catalogue and report; every file's own fault ends in the report.

    Raises
    ------
    StoreError : the store cannot be opened or trusted. One that fills up during the run ends in the report.
    """
    started = datetime.now(UTC)
    store = Store(store_folder)
    store.sweep()
    done: list[SourceOutcome] = []
    stopped_by, interrupted = None, False
    with RunProgress(quiet=options.quiet) as progress:
        prepared = prepare(store, progress)
        due = prepared.plan.due
        warm_up(has_sound=prepared.plan.has_sound_due)
        progress.phase("Deriving", len(due), sum(one.duration_seconds or 0 for one in due))
        keeper = _CatalogueKeeper(store)
        stop = threading.Event()
        with Workers(options.worker_count, default_limits(options.worker_count, options.memory_mb)) as workers:
            work = functools.partial(run_batch, store=store, workers=workers, progress=progress, stop=stop)
            try:
                for answer in dispatch(into_batches(due), work):
                    if isinstance(answer, StoreError):
                        stopped_by = stopped_by or str(answer)
                    elif isinstance(answer, BaseException):
                        raise answer
                    else:
                        done += answer
                        keeper.add(answer)
            except KeyboardInterrupt:
                interrupted = True
                stop.set()
                workers.stop()
        if interrupted:
            store.sweep()
            done += _made_unanswered(due, done, store)
        try:
            keeper.flush()
            if prepared.view:
                refresh_by_name(store, prepared.view)
        except OSError:
            if not stopped_by:  # on a full disk the next run finds what was made
                raise
    report = make_report(
        prepared, done, run=name, asked=asked, store=store, started=started, strict=options.strict,
        interrupted=interrupted, stopped_by=stopped_by,
    )  # fmt: skip
    if not stopped_by:
        report.save()
    return report


def in_threads(batches: Sequence[list[Due]], work: Work) -> Iterable[Answer]:
    """Dispatch without Prefect: for tests, and to measure what Prefect costs."""
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        for future in as_completed([pool.submit(work, batch) for batch in batches]):
            yield future.exception() or future.result()


def _made_unanswered(due: Sequence[Due], done: Sequence[SourceOutcome], store: Store) -> list[SourceOutcome]:
    """What was committed by workers that were stopped before they could say so."""
    answered = {one.due.source.digests for one in done}
    found = [(one, already_made(one.processors, one.source, store)) for one in due]
    return [
        SourceOutcome(due=one, outcomes=tuple(outcome_of(manifest) for manifest in manifests))
        for one, manifests in found
        if manifests and one.source.digests not in answered
    ]


class _CatalogueKeeper:
    """Writes finished results into the catalogue and the by-name view, now and then."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[SourceOutcome] = []
        self._written = time.monotonic()

    def add(self, done: list[SourceOutcome]) -> None:
        self._waiting += done
        if time.monotonic() - self._written > CATALOGUE_SECONDS:
            self.flush()

    def flush(self) -> None:
        stored = [outcome.ref for one in self._waiting for outcome in one.outcomes if outcome.is_stored]
        manifests = [self._store.manifest(ref) for ref in stored]
        Catalogue(self._store).add_results(manifests)
        self._waiting.clear()
        self._written = time.monotonic()
