"""Checks on a Dask cluster: several tasks run at once, and their results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from distributed import KilledWorker

from flows.run.dask.dask_cluster import KILLED, DaskCluster
from flows.run.dask.dask_worker import decode_on_worker, hash_on_worker
from flows.run.options import Options
from flows.run.working.workers import Workers
from processors.errors import RequestError
from processors.store.store import Store

T = TypeVar("T")
R = TypeVar("R")

THINGS_AT_ONCE = 8
"""Number of things to hash in one task of the cluster."""


class DaskChecker(DaskCluster):
    """Workers that hash and decode, the answers in order; use it as a context."""

    def __init__(self, options: Options, store: Store) -> None:
        """Connect; raises as `DaskCluster`."""
        super().__init__(f"check-{datetime.now(UTC):%Y%m%dT%H%M%S%f}", None, options, store)

    def parallel_map(self, work: Callable[[Store, T], R], things: Iterable[T]) -> Iterator[R]:
        def ask(some: tuple[T, ...]) -> list[R]:
            try:
                return self.ask(hash_on_worker, (work, some)) or []
            except KilledWorker as error:
                raise RequestError(KILLED) from error

        for answer in self._in_order(ask, _some_at_once(things)):
            yield from answer

    def decode(
        self,
        work: Callable[[Store, Workers, T], Iterable[R]],
        things: Iterable[T],
        lost: Callable[[T, str], Iterable[R]],
    ) -> Iterator[R]:
        def ask(thing: T) -> list[R]:
            try:
                return self.ask(decode_on_worker, (work, thing)) or []
            except KilledWorker:
                return list(lost(thing, KILLED))

        for answer in self._in_order(ask, things):
            yield from answer

    def _in_order(self, ask: Callable[[T], R], things: Iterable[T]) -> Iterator[R]:
        """Yield the answers in order, with enough requested at once to keep all workers busy."""
        waiting: deque[Future[R]] = deque()
        several = iter(things)
        pool = ThreadPoolExecutor(2 * self.slot_count)
        try:
            while True:
                waiting.extend(pool.submit(ask, one) for one in islice(several, 2 * self.slot_count - len(waiting)))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BaseException:
            self.stop()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _some_at_once(things: Iterable[T]) -> Iterator[tuple[T, ...]]:
    several = iter(things)
    while some := tuple(islice(several, THINGS_AT_ONCE)):
        yield some
