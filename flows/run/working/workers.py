"""Worker processes for decoding: a crash, a hang or a limit fails one file, and the next job gets a new worker.

Workers import no Prefect. They are forked from a server process with the decoders already loaded (`warm_up`), so that
a dead worker is replaced in milliseconds.
"""

from __future__ import annotations

import functools
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as JobTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import resource_tracker, synchronize
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psutil
from pebble import ProcessExpired, ProcessPool

from flows.run.working.limits import OUT_OF_MEMORY, OUT_OF_THREADS, Limits, default_limits, limit_this_process, limited
from flows.run.working.worker_pool import Stopped, WorkerPool
from processors.errors import MORE_MEMORY, MORE_TIME, NO_MEMORY_LEFT
from processors.formats import may_have_sound

__all__ = ["Job", "Limits", "Stopped", "WorkerDeath", "Workers", "default_limits", "warm_up", "warm_up_for_first_run"]

_FORKED = multiprocessing.get_context("forkserver")


class _KeepsLocks(ForkServerContext):
    """Context of one pool that keeps references to the pool's locks.

    Pebble drops them before it ends the workers; a worker that is just starting would fail with a traceback.
    """

    def __init__(self) -> None:
        super().__init__()
        self._locks: list[synchronize.RLock] = []

    def RLock(self) -> synchronize.RLock:  # noqa: N802 - the name in `multiprocessing`
        self._locks.append(super().RLock())
        return self._locks[-1]


_STARTING = threading.Lock()
CREDENTIALS = ("AWS_", "AZURE_", "GOOGLE_")
"""Prefixes of the environment variables through which libraries find credentials and endpoints."""
LOADED_FOR_ALL = [
    "flows.cli.main",  # where a command was started, each worker imports what started it
    "flows.run.planning.inspection",
    "cv2",
    "processors.engine.derive",
    "processors.photo.photo_preview",
    "processors.video.frames.contact_sheet",
]
LOADED_FOR_SOUND = ["processors.audio.spectrogram.spectrogram", "h5netcdf", "scipy.fft", "scipy.ndimage"]
LOADED_LAST = "flows.run.working.preloaded"
JOBS_FOR_EACH_WORKER = 100
"""Number of jobs after which a worker is replaced: libraries leak memory."""


def warm_up(*, has_sound: bool) -> None:
    """Start loading the workers' libraries in the background unless loaded; takes 0.6 s, with audio 1 s.

    Libraries that only some recipes need (scipy.signal, matplotlib) are loaded by the worker that first needs them.
    """
    _FORKED.set_forkserver_preload([*LOADED_FOR_ALL, *(LOADED_FOR_SOUND if has_sound else ()), LOADED_LAST])
    _start_server()


def warm_up_for_first_run(raw: Path, store_folder: Path) -> bool:
    """Call `warm_up` if the store is new and there are files to process, so that workers are certainly needed.

    Call this before the imports for planning, which take as long. Return whether `warm_up` was called.
    """
    if (store_folder / "store.json").exists():
        return False
    names = (name for _, _, files in os.walk(raw) for name in files)
    if (first := next(names, None)) is None:
        return False
    warm_up(has_sound=any(may_have_sound(name) for name in chain([first], names)))
    return True


def _start_server() -> None:
    """Start the process that workers are forked from, with SIGINT blocked.

    Ctrl-C at a terminal reaches all processes; the workers inherit the block and leave the signal to the run, which
    stops them. They inherit no credentials, because they decode untrusted files.
    """
    with _STARTING:
        if _is_server_alive():
            return
        with _hidden_credentials():
            resource_tracker.ensure_running()  # the server needs it, and starting it would end the block
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                multiprocessing.forkserver.ensure_running()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_server_alive() -> bool:
    process = multiprocessing.forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    try:
        return process is not None and psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def _hidden_credentials() -> Iterator[None]:
    """Hide credentials for buckets from processes started meanwhile; other threads still find them in `os.environ`."""
    hidden = [name for name in os.environ if name.startswith(CREDENTIALS)]
    for name in hidden:
        os.unsetenv(name)
    try:
        yield
    finally:
        for name in hidden:
            if name in os.environ:
                os.putenv(name, os.environ[name])


class WorkerDeath(Exception):
    """A job ended without a result: it crashed, hung or reached a limit.

    Parameters
    ----------
    what : description of the failure.
    todo : how to fix it.
    from_outside : the machine is to blame, not the file.
    is_slow : a time limit was exceeded.
    """

    def __init__(self, what: str, todo: str, *, from_outside: bool = False, is_slow: bool = False) -> None:
        super().__init__(f"{what}: {todo}")
        self.from_outside = from_outside
        self.is_slow = is_slow


@dataclass(frozen=True, kw_only=True)
class Job:
    """Job that was started; `Workers.answer` returns its result."""

    future: Future[Any]
    pool: WorkerPool
    seconds: float
    """Wall-clock limit of the job."""
    size_bytes: int
    """Size of the file."""


class Workers:
    """Pool of worker processes; use it as a context."""

    def __init__(self, count: int, limits: Limits) -> None:
        self.count = count
        self.limits = limits
        self._notes = tempfile.TemporaryDirectory(prefix="marsmedia-", ignore_cleanup_errors=True)
        self._pool = WorkerPool(functools.partial(self._processes, count, JOBS_FOR_EACH_WORKER))
        self._unused = WorkerPool(functools.partial(self._processes, max(1, count // 4), 1))

    def _processes(self, count: int, jobs_for_each: int) -> ProcessPool:
        _start_server()
        return ProcessPool(
            max_workers=count,
            max_tasks=jobs_for_each,
            context=_KeepsLocks(),
            initializer=limit_this_process,
            initargs=[self.limits.memory_mb],
        )

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._pool.close()
            self._unused.close()
        else:
            self.stop()
        self._notes.cleanup()

    def progress_file(self, digest: str) -> Path:
        """Return the file in which the worker of a source records its progress; see `pass_progress`."""
        return Path(self._notes.name) / digest[:32]

    def start(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        *,
        size_bytes: int,
        extra_seconds: float = 0.0,
        patience: float = 1.0,
        unused: bool = False,
    ) -> Job:
        """Queue a job; get its result from `answer`.

        Parameters
        ----------
        size_bytes, extra_seconds : arguments of `Limits.wall_seconds_for`.
        patience : factor on the time limits.
        unused : run it in a worker that has not had a job yet.

        Raises
        ------
        Stopped : after `stop`.
        """
        seconds = self.limits.wall_seconds_for(size_bytes, extra_seconds) * patience
        job = functools.partial(limited, int(seconds * (os.cpu_count() or 1)) + 1, function)
        pool = self._unused if unused else self._pool
        try:
            future = pool.schedule(job, arguments, seconds)
        except (RuntimeError, OSError) as error:
            future = Future()
            future.set_exception(BrokenProcessPool(str(error)))
        return Job(future=future, pool=pool, seconds=seconds, size_bytes=size_bytes)

    def answer(self, job: Job) -> Any:
        """Return what the job returned.

        Raises
        ------
        WorkerDeath : it returned nothing.
        Stopped : the run was stopped before it returned.
        Exception : whatever the job raised.
        """
        job.pool.wait(job.future)
        try:
            return job.future.result()
        except JobTimeout as error:
            what = f"timed out after {job.seconds:.0f} s, the limit for a file of its size and duration"
            raise WorkerDeath(what, MORE_TIME, is_slow=True) from error
        except ProcessExpired as error:
            raise _death(error.exitcode or 0, self.limits, job.size_bytes) from error
        except BrokenProcessPool as error:
            raise _no_worker() from error
        except CancelledError as error:
            raise (Stopped() if job.pool.is_stopped else _no_worker()) from error

    def stop(self) -> None:
        """Kill the workers and cancel all queued jobs; callers that wait get `Stopped`."""
        self._pool.stop()
        self._unused.stop()


def _no_worker() -> WorkerDeath:
    return WorkerDeath(
        "no worker started it", "use fewer --workers, or close other programs, and run again", from_outside=True
    )


def _death(exit_code: int, limits: Limits, size_bytes: int) -> WorkerDeath:
    if exit_code == OUT_OF_MEMORY:
        what = f"the file of {size_bytes} bytes needs more than the {limits.memory_mb} MB of memory that it may use"
        return WorkerDeath(what, MORE_MEMORY)
    if exit_code == OUT_OF_THREADS:
        what, _, todo = NO_MEMORY_LEFT.partition(": ")
        return WorkerDeath(what, todo, from_outside=True)
    if exit_code == -signal.SIGXCPU:
        what = "exceeded the processor time limit for a file of its size and duration"
        return WorkerDeath(what, MORE_TIME, is_slow=True)
    if exit_code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        name = signal.Signals(-exit_code).name
        return WorkerDeath(
            f"its worker was killed from outside ({name}; out of memory?)", "run again", from_outside=True
        )
    name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return WorkerDeath(f"its worker crashed while decoding ({name})", "convert the file with another tool")
