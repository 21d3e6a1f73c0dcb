"""Makes items on a thread of its own while the next units are decoded: conversion and encoding leave Python's lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from processors.contract import Item

MOST_UNDER_WAY = 2
"""Each holds a picture; more would only cost memory, as there is one thread."""


class Beside:
    """Items under way; they come out in the order in which they were started."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._under_way: deque[Future[Item]] = deque()

    def start(self, make: Callable[[], Item]) -> Iterator[Item]:
        """Begin one; gives those that are done, and waits where too many are under way. Raises what `make` raised."""
        while self._under_way and (len(self._under_way) >= MOST_UNDER_WAY or self._under_way[0].done()):
            yield self._under_way.popleft().result()
        self._under_way.append(self._thread.submit(make))

    def rest(self) -> Iterator[Item]:
        """All that are still under way; call once, at the end."""
        while self._under_way:
            yield self._under_way.popleft().result()
        self._thread.shutdown()
