"""Limits on the resources of one file, and their enforcement in a worker process."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import psutil

from flows.run.working.no_network import leave_network
from processors.errors import NO_THREAD

OUT_OF_MEMORY, OUT_OF_THREADS, RUN_ENDED = 86, 87, 88
"""Exit codes of a worker that ended itself; the decoders use neither."""
LOOK_SECONDS = 0.05
"""Time between two checks of the memory, in s: a process can fill about 0.2 GB meanwhile."""
RESERVED_MB = 3000
"""Address space, in MB, that thread stacks and malloc pools reserve but never fill."""
MALLOC_ARENAS = 2
"""Number of malloc arenas (glibc: 8 per core); saves a sixth of the memory of a 60 s clip and costs no time."""
M_ARENA_MAX = -8


@dataclass(frozen=True, kw_only=True)
class Limits:
    memory_mb: int
    """Private memory that a worker process may fill, in MB; pages of libraries and files do not count."""
    wall_seconds: float = 120.0
    """Limit for any file; its size and content add to it."""
    wall_seconds_per_mb: float = 20.0
    time_factor: float = 1.0
    """Multiplies the limits on wall-clock and processor time."""

    def wall_seconds_for(self, size_bytes: int, extra_seconds: float = 0.0) -> float:
        """Return the wall-clock limit, in s; `extra_seconds` is added for content that the size does not reveal."""
        return (self.wall_seconds + self.wall_seconds_per_mb * size_bytes / 1e6 + extra_seconds) * self.time_factor


def default_limits(workers: int, memory_mb: int | None = None, time_factor: float = 1.0) -> Limits:
    """Return limits of up to 4 GB per worker, and in total at most four fifths of the machine's memory."""
    share = int(min(4000, _machine_bytes() * 0.8 / workers / 1e6))
    return Limits(memory_mb=share if memory_mb is None else memory_mb, time_factor=time_factor)


def _machine_bytes() -> int:
    """Return the memory of the machine, or of the container that this runs in, in bytes."""
    total = psutil.virtual_memory().total
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return total


class _Watch:
    """Watch that ends this process when a job fills more memory than allowed, or when the run has ended."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._process = psutil.Process()
        self._at_work = False
        self._changing = threading.Lock()
        threading.Thread(target=self._look, name="memory watch", daemon=True).start()

    @contextmanager
    def job(self) -> Iterator[None]:
        with self._changing:
            self._at_work = True
        try:
            yield
        finally:
            with self._changing:
                self._at_work = False

    def _look(self) -> None:
        run = parent_process()
        assert run is not None
        while not wait([run.sentinel], LOOK_SECONDS):
            used = self._process.memory_info()
            with self._changing:  # a worker that ended while taking a job would hold the pool's lock for ever
                if self._at_work and used.rss - getattr(used, "shared", 0) > self._limit_bytes:
                    os._exit(OUT_OF_MEMORY)
        os._exit(RUN_ENDED)  # the run was killed: the server that forks workers lives as long as they do


_watch: _Watch | None = None


def limit_this_process(memory_mb: int) -> None:
    """Make this process a worker: limited in memory, without network; it ends with its parent and leaves it Ctrl-C."""
    global _watch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = memory_mb * 1_000_000
    # second line of defence, for a single request larger than any machine
    _limit(resource.RLIMIT_DATA, limit * 3 // 2 + RESERVED_MB * 1_000_000)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)  # none outlives the server that it is forked from
        _glibc("mallopt", M_ARENA_MAX, MALLOC_ARENAS)
    leave_network()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # decoders also return as errors what they write to stderr
    os.close(null)
    _watch = _Watch(limit)


def limited(cpu_seconds: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a job in a worker; end the worker if memory or threads run out, so that no later job is affected."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + cpu_seconds)
    assert _watch is not None
    with _watch.job():
        try:
            return function(*arguments)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ENOMEM):
                raise
            os._exit(OUT_OF_THREADS)
        except RuntimeError as error:
            if str(error) != NO_THREAD:
                raise
            os._exit(OUT_OF_THREADS)
        finally:
            _glibc("malloc_trim", 0)  # returns freed memory to the machine: 50 to 100 MB after a clip


def _limit(kind: int, value: int) -> None:
    """Limit a resource of this process, but never above what the system allows it (`ulimit -H`, or a scheduler)."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _glibc(name: str, *arguments: int) -> None:
    """Call a function that only glibc has."""
    function = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if function:
        function(*arguments)
