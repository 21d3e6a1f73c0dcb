"""Pool of processes that restarts when it breaks or stalls, so that every waiting caller gets an answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from pebble import ProcessPool

LOOK_SECONDS = 5.0
STILL_SECONDS = 120.0
"""Time in s after which a pool with waiting jobs and none running counts as stalled."""


class Stopped(Exception):
    """The run was stopped before the job returned."""


class WorkerPool:
    """Pool of the processes that `make` provides; it starts with the first job."""

    def __init__(self, make: Callable[[], ProcessPool]) -> None:
        self._make = make
        self._pool: ProcessPool | None = None
        self._is_stopped = False
        self._unanswered: set[Future[Any]] = set()
        self._at_work = time.monotonic()
        self._changing = threading.Lock()
        """Held while a job is queued or the pool is stopped, so that each job is in one pool and is answered."""

    def schedule(self, job: Callable[..., Any], arguments: Sequence[Any], seconds: float) -> Future[Any]:
        """Queue a job that may run for `seconds`.

        Raises
        ------
        Stopped : after `stop`.
        RuntimeError, OSError : no process can be started.
        """
        with self._changing:
            if self._is_stopped:
                raise Stopped
            try:
                future = self._queued(job, arguments, seconds)
            except RuntimeError:  # it broke since the last job
                self._end_pool()
                future = self._queued(job, arguments, seconds)
            if not self._unanswered:
                self._at_work = time.monotonic()
            self._unanswered.add(future)
        future.add_done_callback(self._unanswered.discard)
        return future

    def _queued(self, job: Callable[..., Any], arguments: Sequence[Any], seconds: float) -> Future[Any]:
        self._pool = self._pool or self._make()
        return self._pool.schedule(job, args=list(arguments), timeout=seconds)

    def wait(self, future: Future[Any]) -> None:
        """Wait for the job; if no job runs for long, cancel all, so that the next one starts a new pool.

        The cause may be a worker that was killed while taking a job.
        """
        done = threading.Event()  # `concurrent.futures.wait` does not notice a cancelled job
        future.add_done_callback(lambda _: done.set())
        while not done.wait(LOOK_SECONDS):
            with self._changing:
                now = time.monotonic()
                if self._pool is not None and not self._pool.active:  # jobs not yet started would never return
                    self._end_pool()
                elif any(one.running() for one in list(self._unanswered)):
                    self._at_work = now
                elif now - self._at_work > STILL_SECONDS:
                    self._end_pool()

    @property
    def is_stopped(self) -> bool:
        return self._is_stopped

    def stop(self) -> None:
        """Kill the processes and cancel all queued jobs."""
        with self._changing:
            self._is_stopped = True
            self._end_pool()

    def close(self) -> None:
        """Accept no more jobs; the processes end in the background, within 0.2 s once all queued jobs are done."""
        if self._pool is not None:
            self._pool.close()
            threading.Thread(target=self._pool.join, name="end of a pool").start()

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            for future in list(self._unanswered):
                future.cancel()
            pool.join()
