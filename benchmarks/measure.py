"""How benchmarks measure: whole processes, several rounds in turn, medians and ratios round by round."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Used:
    """What one process used."""

    wall_seconds: float
    cpu_seconds: float
    """Processor time of the process and, on Linux, of all that it started, workers that outlived it included."""
    peak_mb: float
    """Largest resident memory of the process itself, in 10⁶ bytes; on Linux not below its parent's."""
    exit_code: int


def process(command: Sequence[str | Path], *, environment: dict[str, str] | None = None) -> Used:
    """Run a command to its end; its output is discarded. Python keeps its compiled files, as it does for users."""
    if sys.platform == "linux":
        pr_set_child_subreaper = 36
        ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)
    before = _children_seconds()
    started = time.perf_counter()
    child = subprocess.Popen(
        [str(word) for word in command],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall_seconds = time.perf_counter() - started
    if sys.platform == "linux":
        _wait_for_orphans()
    return Used(wall_seconds, _children_seconds() - before, usage.ru_maxrss * 1024 / 1e6, child.returncode)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_orphans() -> None:
    """Wait for processes that were handed to this one when their own parent ended."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def python(code: str, *arguments: str | Path) -> Used:
    """Run Python code in a process of its own, with `sys.argv[1:]`."""
    used = process([sys.executable, "-c", code, *arguments])
    assert used.exit_code == 0, f"benchmark code failed: {code[:200]}"
    return used


def in_turn(rounds: int, *jobs: Callable[[], float]) -> list[list[float]]:
    """Run every job once a round, in turn; returns the seconds that each reports, by job."""
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(rounds):
        for times, job in zip(taken, jobs, strict=True):
            times.append(job())
    return taken


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the ratios round by round, which holds when the machine's speed drifts."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
