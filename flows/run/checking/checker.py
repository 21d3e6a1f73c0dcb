"""Chooses what checks a store: this process with its decoders, or the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from flows.run.options import Options
from flows.run.working.workers import Workers, default_limits
from processors.errors import RequestError
from processors.store.parallel_map import in_this_process
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.dask.dask_checker import DaskChecker

T = TypeVar("T")
R = TypeVar("R")


class LocalChecker:
    """Hashes and decodes for a check, in this process and with decoders of this machine."""

    note: str | None = None
    """Address of a cluster, with its warnings; None for this process."""

    def __init__(self, options: Options, store: Store) -> None:
        self._options, self._store = options, store
        self.parallel_map = in_this_process(store)
        """Map for work that needs the store alone."""

    def decode(
        self,
        work: Callable[[Store, Workers, T], Iterable[R]],
        things: Iterable[T],
        lost: Callable[[T, str], Iterable[R]],
    ) -> Iterator[R]:
        """Yield all that `work(store, decoders, thing)` returns for each thing, in order.

        Parameters
        ----------
        lost : returns what to yield for a thing that killed its workers, given the reason.
        """
        options, count = self._options, self._options.worker_count
        with Workers(count, default_limits(count, options.memory_mb, options.time_limit_factor)) as workers:
            for thing in things:
                yield from work(self._store, workers, thing)


Checker: TypeAlias = "LocalChecker | DaskChecker"


@contextmanager
def checker_of(options: Options, store: Store) -> Iterator[Checker]:
    """Yield the checker that the options choose, and end it afterwards.

    Raises
    ------
    RequestError : the cluster is not fit for the work.
    """
    if options.runner == "local":
        yield LocalChecker(options, store)
        return
    try:
        from flows.run.dask.dask_checker import DaskChecker
    except ModuleNotFoundError as error:
        raise RequestError(f"--runner dask needs {error.name}; pip install 'marsmedia[dask]'") from error
    with DaskChecker(options, store) as on_cluster:
        yield on_cluster
