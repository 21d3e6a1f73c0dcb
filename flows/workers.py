"""Worker processes for decoding: limits on memory, processor time and wall-clock time; a crash is one file's failure.

The workers import no Prefect. Those that derive are forked from a server process that has the decoders loaded already
(`warm_up`), so that a worker that died is replaced in milliseconds; those that only identify files start afresh.
"""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import multiprocessing.forkserver
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as JobTimeout
from dataclasses import dataclass
from typing import Any

import psutil
from pebble import ProcessExpired, ProcessPool

LOADED_FOR_ALL = ["cv2", "processors.derive", "processors.photo.preview", "processors.video.contact_sheet"]
LOADED_FOR_SOUND = ["processors.audio.spectrogram", "h5netcdf", "scipy.ndimage", "scipy.signal"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may use."""

    memory_mb: int
    """Private writable memory of a worker process."""
    wall_seconds: float = 120.0
    """For any file; more is added by its size."""
    wall_seconds_per_mb: float = 20.0

    def wall_seconds_for(self, size_bytes: int) -> float:
        return self.wall_seconds + self.wall_seconds_per_mb * size_bytes / 1e6


def default_limits(workers: int, memory_mb: int | None = None) -> Limits:
    """Up to 4 GB for each worker, and never more than four fifths of the machine's memory in all."""
    if memory_mb is not None:
        return Limits(memory_mb=memory_mb)
    share = psutil.virtual_memory().total * 0.8 / workers / 1e6
    return Limits(memory_mb=int(min(4000, share)))


def warm_up(*, has_sound: bool) -> None:
    """Begin to load what workers will need, in the background; takes about 1 s, and 2 s where there is sound."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED_FOR_ALL + (LOADED_FOR_SOUND if has_sound else []))
    multiprocessing.forkserver.ensure_running()


class WorkerDeath(Exception):
    """A job ended without an answer: it crashed, hung or ran into a limit. `from_outside`: it was not the file."""

    def __init__(self, reason: str, *, from_outside: bool = False) -> None:
        super().__init__(reason)
        self.from_outside = from_outside


class Stopped(Exception):
    """The run was stopped before the job gave an answer."""


class Workers:
    """A pool of worker processes; use it as a context."""

    def __init__(self, count: int, limits: Limits, *, afresh: bool = False) -> None:
        """`afresh`: start each worker from nothing, for jobs that need little; else fork them, see `warm_up`."""
        self.count = count
        self.limits = limits
        self._unanswered: set[Future[Any]] = set()
        self._starting_or_stopping = threading.Lock()
        context = multiprocessing.get_context("spawn" if afresh else "forkserver")
        self._pool = ProcessPool(
            max_workers=count, context=context, initializer=_limit_this_process, initargs=[limits.memory_mb]
        )

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._pool.close()
        else:
            self.stop()
        self._pool.join()

    def start(self, function: Callable[..., Any], arguments: Sequence[Any], *, size_bytes: int) -> Future[Any]:
        """Queue a job; ask `answer` for what became of it. Raises `Stopped` after `stop`."""
        seconds = self.limits.wall_seconds_for(size_bytes)
        job = functools.partial(_with_cpu_limit, int(seconds * (os.cpu_count() or 1)) + 1, function)
        with self._starting_or_stopping:  # else a job queued while the pool is stopped would never be answered
            try:
                future = self._pool.schedule(job, args=list(arguments), timeout=seconds)
            except RuntimeError as error:
                raise Stopped from error
            self._unanswered.add(future)
        future.add_done_callback(self._unanswered.discard)
        return future

    def answer(self, job: Future[Any], *, size_bytes: int) -> Any:
        """What the job returned.

        Raises
        ------
        WorkerDeath : it gave no answer.
        Exception : whatever the job raised.
        """
        try:
            return job.result()
        except JobTimeout as error:
            seconds = self.limits.wall_seconds_for(size_bytes)
            raise WorkerDeath(f"still at work after {seconds:.0f} s (the wall-clock limit for its size)") from error
        except ProcessExpired as error:
            raise _death(error.exitcode or 0) from error
        except MemoryError as error:
            raise WorkerDeath(f"needs more than the {self.limits.memory_mb} MB that one file may use") from error
        except CancelledError as error:
            raise Stopped from error

    def stop(self) -> None:
        """Kill the workers and everything queued; whoever waits for an answer gets `Stopped`."""
        with self._starting_or_stopping:
            self._pool.stop()
            for future in list(self._unanswered):
                future.cancel()


def _death(exit_code: int) -> WorkerDeath:
    if exit_code == -signal.SIGXCPU:
        return WorkerDeath("ran into the limit on processor time for its size")
    if exit_code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        name = signal.Signals(-exit_code).name
        return WorkerDeath(f"its worker was killed from outside ({name}; out of memory?): run again", from_outside=True)
    name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return WorkerDeath(f"crashed the decoder ({name})")


def _limit_this_process(memory_mb: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = memory_mb * 1_000_000
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)  # no worker outlives a killed run
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # decoders write to stderr what they also return as errors
    os.close(null)


def _with_cpu_limit(seconds: int, function: Callable[..., Any], *arguments: Any) -> Any:
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
    return function(*arguments)
