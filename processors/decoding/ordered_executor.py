"""Background threads that return results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class OrderedExecutor(Generic[T]):
    """Executor that returns results, and raises errors, in submission order."""

    def __init__(self, *, threads: int = 1, most_under_way: int = 2) -> None:
        """Limit pending jobs, each of which holds its data, to `most_under_way`; `start` then waits for the first."""
        self._threads = ThreadPoolExecutor(threads)
        self._most_under_way = most_under_way
        self._under_way: deque[Future[T]] = deque()

    def start(self, job: Callable[[], T]) -> list[T]:
        """Submit a job; return results of the jobs that had to end first, independent of timing."""
        done = self._ended(self._most_under_way - 1)
        self._under_way.append(self._threads.submit(job))
        return done

    def rest(self) -> list[T]:
        """Wait for all pending jobs and return their results; call once, at the end."""
        done = self._ended(0)
        self._threads.shutdown()
        return done

    def _ended(self, most_left: int) -> list[T]:
        done = []
        while len(self._under_way) > most_left:
            done.append(self._under_way.popleft().result())
        return done
