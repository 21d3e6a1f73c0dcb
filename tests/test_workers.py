"""A job that hangs, crashes or takes too much ends alone, in words, and the next job finds a worker."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from flows.workers import Limits, Stopped, WorkerDeath, Workers, _with_cpu_limit

LIMITS = Limits(memory_mb=1500, wall_seconds=2.0, wall_seconds_per_mb=0.0)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1, LIMITS, afresh=True) as pool:
        yield pool


def hang() -> None:
    time.sleep(60)


def die() -> None:
    os.abort()


def spin_for_one_second_of_processor_time() -> None:
    _with_cpu_limit(1, spin)


def spin() -> None:
    while True:
        pass


def eat() -> int:
    return int(np.ones(400_000_000).sum())  # 3.2 GB


def loaded() -> list[str]:
    return list(sys.modules)


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (hang, "still at work after 2 s (the wall-clock limit for its size)"),
        (die, "crashed the decoder (SIGABRT)"),
        (spin_for_one_second_of_processor_time, "ran into the limit on processor time for its size"),
        (eat, "needs more than the 1500 MB that one file may use"),
    ],
)
def test_a_job_that_goes_wrong_says_how(workers: Workers, job: Callable[[], object], reason: str) -> None:
    with pytest.raises(WorkerDeath) as death:
        workers.answer(workers.start(job, [], size_bytes=1), size_bytes=1)
    assert str(death.value) == reason
    assert not death.value.from_outside
    assert workers.answer(workers.start(max, [1, 2], size_bytes=1), size_bytes=1) == 2


def test_workers_load_no_prefect(workers: Workers) -> None:
    assert "prefect" not in workers.answer(workers.start(loaded, [], size_bytes=1), size_bytes=1)


def test_larger_files_have_more_time() -> None:
    assert Limits(memory_mb=1).wall_seconds_for(1_000_000_000) == 120 + 20 * 1000


def test_stopping_frees_everyone_who_waits() -> None:
    with Workers(1, LIMITS, afresh=True) as pool:
        jobs = [pool.start(hang, [], size_bytes=1) for _ in range(3)]
        pool.stop()
        for job in jobs:
            with pytest.raises(Stopped):
                pool.answer(job, size_bytes=1)
        with pytest.raises(Stopped):
            pool.start(hang, [], size_bytes=1)


def test_a_job_that_is_started_while_the_pool_stops_is_answered() -> None:
    def start_until_stopped(pool: Workers) -> int:
        jobs = []
        with suppress(Stopped):
            while True:
                jobs.append(pool.start(max, [1, 2], size_bytes=1))
        return sum(_is_stopped(pool, job) for job in jobs)

    with Workers(1, LIMITS, afresh=True) as pool, ThreadPoolExecutor(4) as threads:
        counts = [threads.submit(start_until_stopped, pool) for _ in range(4)]
        time.sleep(0.5)
        pool.stop()
        assert sum(count.result(timeout=30) for count in counts) > 0


def _is_stopped(pool: Workers, job: Future[int]) -> bool:
    try:
        return pool.answer(job, size_bytes=1) != 2
    except Stopped:
        return True
