"""Runner: the processes that derive the sources of a run, on this machine; see `dask_runner` for those of a cluster."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from flows.run.options import Options
from flows.run.progress import RunProgress
from flows.run.working.batches import SourceOutcome, run_batch
from flows.run.working.workers import Workers, default_limits, warm_up
from processors.engine.plan import Due
from processors.store.store import Store

WAITING_THREADS = 64
"""Number of threads that pass batches to a runner; they only wait, and the runner decides how many batches run."""


class Runner(Protocol):
    """Processes that derive sources; use it as a context."""

    @property
    def batches_at_once(self) -> int:
        """Number of batches that keep all processes busy."""
        ...

    def derive(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        """Derive every source of the batch; called from several threads. After `stop`, return the finished outcomes.

        Raises
        ------
        StoreError : the store's disk is full or read-only; what was committed stays.
        RequestError : the processes can no longer be reached.
        """
        ...

    def stop(self) -> None:
        """End all work immediately."""
        ...

    def __enter__(self) -> Runner: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


class LocalRunner:
    """Worker processes of this machine."""

    def __init__(
        self, options: Options, store: Store, progress: RunProgress, stop: threading.Event, *, has_sound: bool
    ) -> None:
        """Start loading the workers' libraries.

        Parameters
        ----------
        stop : set when the run is to end.
        """
        warm_up(has_sound=has_sound)
        count = options.worker_count
        self._workers = Workers(count, default_limits(count, options.memory_mb, options.time_limit_factor))
        self._store, self._progress, self._stop = store, progress, stop

    @property
    def batches_at_once(self) -> int:
        return self._workers.count + 1

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._workers.__exit__(kind)

    def derive(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        return run_batch(batch, self._store, self._workers, self._progress, self._stop)

    def stop(self) -> None:
        self._workers.stop()
