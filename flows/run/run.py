"""One run from start to end; the caller chooses its sources and how batches are dispatched."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from flows.run.ended_links import remove_ended_links
from flows.run.interrupt import signal_of, signals_interrupt, uninterrupted
from flows.run.options import Options
from flows.run.planning.completeness import record_complete
from flows.run.planning.end_state import record_end_state
from flows.run.planning.fixity_of_run import keep_found_at_work
from flows.run.planning.prepare import Prepared, prepare
from flows.run.progress import RunProgress
from flows.run.rare_collections import rare_collections
from flows.run.reporting.make_report import make_report, report_again, save
from flows.run.reporting.report import Report, Stop
from flows.run.reporting.run_record import RunRecord, recorded, store_of_run
from flows.run.reporting.several_tries import as_one_run
from flows.run.working.batches import Batch, SourceOutcome, into_batches
from flows.run.working.check_runner import check_runner
from flows.run.working.retry import plausible_seconds
from flows.run.working.runner import WAITING_THREADS, LocalRunner, Runner
from flows.run.working.shared_work import BatchOutcome, SharedWork, do_batch
from processors.engine.plan import Due, Plan
from processors.engine.wanted_results import Recipes
from processors.errors import RecipeError, RequestError, StoreError
from processors.store.by_name_view import refresh_by_name
from processors.store.catalogue.catalogue import Catalogue
from processors.store.open_store import Location, open_store
from processors.store.store import Store

CATALOGUE_SOURCES, CATALOGUE_SECONDS = 1_000, 60.0
"""Maximum sources and time between two writes of the catalogue. The next plan finds the results of a killed run."""

Dispatch = Callable[[Sequence[Batch]], Iterable[BatchOutcome]]
"""Run every batch with `do_batch`, several at a time, and yield what each returned or raised, in any order."""
Prepare = Callable[[Store, RunProgress], Prepared]
"""Survey the run's sources and plan."""


def run_ingest(
    raw: Location,
    store_folder: Location,
    recipes: Recipes,
    options: Options,
    dispatch: Dispatch,
    *,
    name: str,
    earlier: Sequence[Report] = (),
) -> Report:
    """Run over a folder of releases; raises as `run`, and `FileNotFoundError` and the like for `raw`."""

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare(raw, store, recipes, progress, options)

    return run(look, store_folder, options, dispatch, name=name, asked=str(raw), earlier=earlier)


def run(
    prepare: Prepare,
    store_folder: Location,
    options: Options,
    dispatch: Dispatch,
    *,
    name: str,
    asked: str,
    earlier: Sequence[Report] = (),
) -> Report:
    """Prepare, derive, catalogue and report; whatever happens after planning is in the report.

    A plan made by the process before it started the flow, `RunRecord.prepared`, is carried out. SIGTERM stops the run
    as Ctrl-C does. The run waits for work claimed by another run and does not repeat it.

    Parameters
    ----------
    earlier : reports of earlier tries of the same run, whose findings count as new.

    Raises
    ------
    RequestError : the cluster cannot be used, or the request is wrong.
    StoreAway : there is no store, and a new one may not be begun.
    StoreError : the store cannot be opened or trusted. A disk that fills up during the run is only reported.
    TimeoutError : the flow's time limit has passed; the report is saved all the same.
    """
    store = store_of_run(store_folder)
    if store is None:
        check_runner(options)
        store = open_store(store_folder, new=options.new_store)
    with rare_collections(), signals_interrupt(), recorded(store, name, asked) as record:
        record.wait()
        one = _Run(store, options, record)
        one.work(prepare, dispatch)
        with uninterrupted():
            one.write_down()
            record.report = save(as_one_run(one.report(asked), earlier), record)
            one.record_end(record.report)
        if one.raised is not None:
            raise one.raised
        return record.report


class _Run:
    def __init__(self, store: Store, options: Options, record: RunRecord) -> None:
        self._store, self._options, self._record = store, options, record
        self._prepared: Prepared | None = None
        self._done: list[SourceOutcome] = []
        self._elsewhere: list[SourceOutcome] = []
        self._keeper = _CatalogueKeeper(store)
        self._shared: SharedWork | None = None
        self._stop: Stop | None = None
        self.raised: BaseException | None = None
        """Exception to raise to the caller after the report is saved."""

    def work(self, prepare: Prepare, dispatch: Dispatch) -> None:
        """Do all the work; raise only errors that keep the run from starting."""
        self._record.sweep()
        try:
            with RunProgress(quiet=self._options.quiet) as progress:
                self._prepared = self._record.prepared or prepare(self._store, progress)
                self._derive(self._prepared.plan, progress, dispatch)
            if self._stop is None:
                self._keeper.flush()
                if view := self._prepared.view:
                    refresh_by_name(self._store, view)
                self._remove_ended_links(self._prepared)
                self._record_complete(self._prepared)
                if self._prepared.is_whole:
                    keep_found_at_work(self._done, self._prepared.rows, self._store)
        except (StoreError, OSError, RequestError, RecipeError) as error:
            if self._prepared is None:
                raise
            self._ended_by(error)
        except BaseException as error:  # noqa: BLE001 - outermost edge of a run: the report is made all the same
            self._ended_by(error)

    def _remove_ended_links(self, prepared: Prepared) -> None:
        media = {row.path for row in prepared.rows if row.kind == "media"}
        ended = [row.path for row in prepared.gone_files if row.kind != "media"]
        ended += [one.path for one in prepared.changes if one.kind == "replaced" and one.path not in media]
        if ended:
            remove_ended_links(ended, prepared.rows, self._store)

    def _record_complete(self, prepared: Prepared) -> None:
        if prepared.fingerprints:
            outcomes = [*self._done, *self._elsewhere]
            media = prepared.of_kind("media")
            prepared.plan.newly_complete = record_complete(
                media, prepared.plan, prepared.fingerprints, outcomes, self._store
            )

    def write_down(self) -> None:
        """After a stop, find and catalogue the results that the workers had committed."""
        if self._stop is None:
            return
        self._record.sweep()
        try:
            if self._shared and self._prepared:
                found = self._shared.committed(self._prepared.plan.all_due, [*self._done, *self._elsewhere])
                self._done += found
                self._keeper.add(found)
            self._keeper.flush()
        except (OSError, StoreError):
            return  # if the disk is full, the next run finds what was made

    def record_end(self, report: Report) -> None:
        """Record the state at the end of the run, unless another one was at work meanwhile."""
        if self._prepared and not self._elsewhere and self._record.is_alone():
            record_end_state(self._prepared, report, self._store, self._options)

    def report(self, asked: str) -> Report:
        if self._prepared and self._prepared.unchanged and self._stop is None:
            last, strict = self._prepared.unchanged, self._options.strict
            return report_again(last, self._record, asked, self._store, strict=strict)
        return make_report(
            self._prepared or Prepared(rows=[], unreadable=[], plan=Plan()),
            self._done,
            record=self._record,
            asked=asked,
            store=self._store,
            strict=self._options.strict,
            elsewhere=self._elsewhere,
            stop=self._stop,
        )

    def _derive(self, plan: Plan, progress: RunProgress, dispatch: Dispatch) -> None:
        due = plan.all_due
        if not due:
            return
        stop = threading.Event()
        progress.phase("Deriving", len(due), sum(map(plausible_seconds, due)))
        with (
            self._runner(plan, progress, stop) as runner,
            self._record.known_elsewhere(),
            SharedWork(self._record.who.run, plan, self._store, runner, stop) as self._shared,
        ):

            def end(error: BaseException) -> None:
                self._ended_by(error)
                stop.set()
                runner.stop()

            try:
                busy = self._round(dispatch(self._batches(into_batches(plan.due, runner.batches_at_once))), end)
                taken = {one.source.digest for one in busy}
                later = [one for one in plan.later if one.source.digest not in taken]
                if later and self._stop is None:
                    busy += self._round(dispatch(self._batches(into_batches(later, runner.batches_at_once))), end)
                busy += [one for one in plan.later if one.source.digest in taken]
                if busy and self._stop is None:
                    progress.phase("Waiting for another run", len(busy))
                    self._round(dispatch(self._batches(_of_each_source(busy), waits=True)), end)
            except BaseException as error:  # noqa: BLE001 - no worker may outlive the run
                end(error)
            for note in runner.losses:
                self._record.add_message(note)

    def _runner(self, plan: Plan, progress: RunProgress, stop: threading.Event) -> Runner:
        """Start the runner chosen in the options; raises RequestError if a cluster is unsuitable for the run."""
        options = self._options
        if options.runner == "local":
            return LocalRunner(options, self._store, progress, stop, has_sound=plan.has_sound_due)
        from flows.run.dask.dask_runner import DaskRunner

        runner = DaskRunner(self._record.who.run, plan.all_due, options, self._store, progress)
        self._record.add_message(runner.note)
        return runner

    def _batches(self, shares: Iterable[list[Due]], *, waits: bool = False) -> list[Batch]:
        run, store, options = self._record.who.run, self._store.root, self._options
        return [Batch(run=run, store=store, options=options, due=tuple(due), waits=waits) for due in shares]

    def _round(self, answers: Iterable[BatchOutcome], end: Callable[[BaseException], None]) -> list[Due]:
        busy: list[Due] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                end(answer)
                continue
            self._done += answer.done
            self._elsewhere += answer.elsewhere
            self._keeper.add(answer.done)
            busy += answer.busy
        return busy

    def _ended_by(self, error: BaseException) -> None:
        """Record why the run ended; the first reason is kept, unless a user interrupts the run later."""
        if self._stop is None or signal_of(error):
            self._stop = Stop.by(error)
        is_time_out = isinstance(error, TimeoutError) and error.errno is None
        if is_time_out or not (isinstance(error, Exception) or signal_of(error)):
            self.raised = error


def _of_each_source(due: Iterable[Due]) -> Iterable[list[Due]]:
    """Return the work on each source, in its order: what is due at a second path needs results of the first one."""
    sources: dict[str, list[Due]] = {}
    for one in due:
        sources.setdefault(one.source.digest, []).append(one)
    return sources.values()


def in_threads(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Dispatch without Prefect."""
    pool = ThreadPoolExecutor(WAITING_THREADS)
    try:
        for future in as_completed([pool.submit(do_batch, batch) for batch in batches]):
            yield future.exception() or future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _CatalogueKeeper:
    """Collector of finished results, which writes them to the catalogue periodically."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[SourceOutcome] = []
        self._written = time.monotonic()

    def add(self, done: list[SourceOutcome]) -> None:
        self._waiting += done
        if len(self._waiting) >= CATALOGUE_SOURCES or time.monotonic() - self._written > CATALOGUE_SECONDS:
            self.flush()

    def flush(self) -> None:
        stored = [outcome.ref for one in self._waiting for outcome in one.outcomes if outcome.is_stored]
        manifests = [self._store.manifest(ref) for ref in stored]
        Catalogue(self._store).add_results(manifests)
        self._waiting.clear()
        self._written = time.monotonic()
