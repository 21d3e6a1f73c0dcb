"""Work on threads beside the pass, in order: what decodes, encodes and transforms leaves Python's lock meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class OrderedExecutor(Generic[T]):
    """Jobs under way; what they give comes out in the order in which they were started, and so does what they raise."""

    def __init__(self, *, threads: int = 1, most_under_way: int = 2) -> None:
        """`most_under_way`: each holds what it works on; with more, whoever starts one waits for the first."""
        self._threads = ThreadPoolExecutor(threads)
        self._most_under_way = most_under_way
        self._under_way: deque[Future[T]] = deque()

    def start(self, job: Callable[[], T]) -> list[T]:
        """Begin a job; gives what those before it gave that had to end first: always the same, whatever they took."""
        done = self._ended(self._most_under_way - 1)
        self._under_way.append(self._threads.submit(job))
        return done

    def rest(self) -> list[T]:
        """What all that are still under way give; call once, at the end."""
        done = self._ended(0)
        self._threads.shutdown()
        return done

    def _ended(self, most_left: int) -> list[T]:
        done = []
        while len(self._under_way) > most_left:
            done.append(self._under_way.popleft().result())
        return done
