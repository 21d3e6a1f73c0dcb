"""Parallel map over a store: a function called for each of many things, here or wherever the caller chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from processors.store.store import Store

T = TypeVar("T")
R = TypeVar("R")


class ParallelMap(Protocol):
    """Calls of one function for many things."""

    def __call__(self, work: Callable[[Store, T], R], things: Iterable[T], /) -> Iterator[R]:
        """Yield `work(store, thing)` for each thing, in order. `work` is a function of a module, as it may be sent."""
        ...


def in_this_process(store: Store) -> ParallelMap:
    """Return the map that does everything in this process, one thing after the other."""

    def calls(work: Callable[[Store, T], R], things: Iterable[T]) -> Iterator[R]:
        return (work(store, one) for one in things)

    return calls
