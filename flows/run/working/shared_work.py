"""Work shared with another run over the same store at the same time.

A source is claimed while it is processed. Sources that another run has claimed are postponed; at the end of the run
they are waited for, and missing results are made here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from flows.run.working.batches import Batch, SourceOutcome
from flows.run.working.runner import Runner
from processors.engine.plan import Due, Plan
from processors.engine.result_records import Outcome, outcome_of
from processors.errors import StoreError, machine_reason
from processors.store.claims import Claim, claim_source
from processors.store.store import Store

POLL_SECONDS, MAX_POLL_SECONDS = 0.5, 5.0
"""Time between two checks of a source that another run has: it grows, as checking a bucket is a request."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    done: list[SourceOutcome] = field(default_factory=list)
    elsewhere: list[SourceOutcome] = field(default_factory=list)
    """Results that another run has made since this one was planned."""
    busy: list[Due] = field(default_factory=list)
    """Sources that another run is working on."""


BatchOutcome = Finished | BaseException
"""Outcome of a batch, or the exception it raised."""

_at_work: dict[str, SharedWork] = {}
"""Runs of this process with open workers, by name."""


def do_batch(batch: Batch) -> Finished:
    """Do a batch with the runner of its run in this process; raises as `Runner.derive`."""
    work = _at_work.get(batch.run)
    if work is None:
        raise LookupError(f"{batch.run}: this process has no workers open for that run")
    return work.when_free(batch.due) if batch.waits else work.now(batch.due)


class SharedWork:
    """Processor of batches with claims that keep two runs from doing the same work; use it as a context."""

    def __init__(self, run: str, plan: Plan, store: Store, runner: Runner, stop: threading.Event) -> None:
        self._store, self._runner, self._stop = store, runner, stop
        self._run, self._retried = run, {ref: before.started_utc for ref, before in plan.retried.items()}
        self._slots = threading.BoundedSemaphore(runner.batches_at_once)

    def __enter__(self) -> SharedWork:
        _at_work[self._run] = self
        return self

    def __exit__(self, *_: object) -> None:
        del _at_work[self._run]

    def now(self, batch: Sequence[Due]) -> Finished:
        """Derive the sources that no other run has claimed; raises as `Runner.derive`."""
        with self._slots, ExitStack() as held:
            free, busy = [], []
            for one in batch:
                claim = self._claimed(one)
                if claim is None:
                    busy.append(one)
                else:
                    held.callback(claim.release)
                    free.append(one)
            answer = self._do(free)
        return replace(answer, busy=busy)

    def when_free(self, batch: Sequence[Due]) -> Finished:
        """Wait for each source until no other run has it, then make what is missing; raises as `Runner.derive`."""
        done, elsewhere = [], []
        for one in batch:
            wait_seconds = POLL_SECONDS
            while (claim := self._claimed(one)) is None:
                wait_seconds = min(1.5 * wait_seconds, MAX_POLL_SECONDS)
                if self._stop.wait(wait_seconds):
                    return Finished(done=done, elsewhere=elsewhere)
            try:
                answer = self._do([one])
            finally:
                claim.release()
            done += answer.done
            elsewhere += answer.elsewhere
        return Finished(done=done, elsewhere=elsewhere)

    def committed(self, due: Iterable[Due], answered: Iterable[SourceOutcome]) -> list[SourceOutcome]:
        """Return the unreported results that are in the store: their workers were stopped after committing them."""
        self._store.look_at_all(again=True)
        known = {outcome.ref for one in answered for outcome in one.outcomes}
        found = [(one, [o for o in self._there(one) if o.ref not in known]) for one in due]
        return [SourceOutcome(due=one, outcomes=tuple(outcomes)) for one, outcomes in found if outcomes]

    def _claimed(self, one: Due) -> Claim | None:
        try:
            return claim_source(self._store, one.source.digest)
        except OSError as error:
            self._stop.set()
            raise StoreError(f"{self._store.address}: {machine_reason(error)}") from error

    def _do(self, batch: Sequence[Due]) -> Finished:
        todo, elsewhere = [], []
        for one in batch:
            self._store.look_again(one.source.digest)
            there = self._there(one)
            if there:
                elsewhere.append(SourceOutcome(due=one, outcomes=tuple(there)))
            made = {outcome.ref for outcome in there}
            if left := tuple(result for result in one.results if result.ref not in made):
                todo.append(replace(one, results=left))
        done = self._runner.derive(todo)
        return Finished(done=done, elsewhere=elsewhere)

    def _there(self, one: Due) -> list[Outcome]:
        """Return results that were stored after the plan was made."""
        manifests = [self._store.manifest(result.ref) for result in one.results if self._store.has(result.ref)]
        return [outcome_of(m) for m in manifests if self._retried.get(m.ref) != m.started_utc]
