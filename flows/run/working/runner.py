"""Runner: the processes that derive the sources of a run, on this machine; see `dask_runner` for those of a cluster."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from flows.run.options import Options
from flows.run.progress import RunProgress
from flows.run.working.batches import SourceOutcome, run_batch
from flows.run.working.workers import Workers, default_limits, warm_up
from processors.engine.plan import Due
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.dask.dask_runner import DaskRunner

WAITING_THREADS = 64
"""Number of threads that pass batches to a runner; they only wait, and the runner decides how many batches run."""


class LocalRunner:
    """Worker processes of this machine; use it as a context."""

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
        """Return the number of batches that keep all processes busy."""
        return self._workers.count + 1

    @property
    def losses(self) -> list[str]:
        """Return nothing: a process that died has its file's failure."""
        return []

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._workers.__exit__(kind)

    def derive(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        """Derive every source of the batch; called from several threads. After `stop`, return the finished outcomes.

        Raises
        ------
        StoreError : the store's disk is full or read-only; what was committed stays.
        """
        return run_batch(batch, self._store, self._workers, self._progress, self._stop)

    def stop(self) -> None:
        """End all work immediately."""
        self._workers.stop()


Runner: TypeAlias = "LocalRunner | DaskRunner"
"""Processes that derive the sources of a run, as a context. Those of a cluster raise RequestError if it is lost."""
