"""Part of a run on a Dask worker, which keeps decoder processes and processes the batches sent to it.

A worker needs neither Prefect nor any part of the driver, but marsmedia and its libraries in the same versions, and
the store and the releases under the same paths.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from flows.run.dask.same_program import difference, program
from flows.run.progress import RunProgress
from flows.run.working.batches import SourceOutcome, run_batch
from flows.run.working.workers import Workers, default_limits, warm_up
from processors.engine.plan import Due
from processors.errors import RequestError, StoreError
from processors.store.bucket.bucket_traffic import RELEASES, Traffic
from processors.store.open_store import Location, is_address, is_store, open_store
from processors.store.store import Store

T = TypeVar("T")
R = TypeVar("R")

DAEMON = "DASK_DISTRIBUTED__WORKER__DAEMON"
"""Environment variable that lets workers have processes of their own, in Dask's naming of its setting."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    run: str
    """Name of the run."""
    store: Location | None
    """Folder or address, None before it is opened; a worker opens a bucket with credentials of its own environment."""
    store_identity: bytes
    """Identifier of the store, as returned by `Store.identity`."""
    source: Path | None
    """A file that the run is going to read; None if it fetches them from a bucket."""
    software: Mapping[str, str]
    """The driver's own, as `program` returns it."""
    slots: Mapping[str, int]
    """Threads of Dask on each host, by address: they share its memory."""
    memory_mb: int | None
    time_limit_factor: float

    @property
    def plugin(self) -> str:
        return f"marsmedia-{self.run}"


@dataclass(frozen=True, kw_only=True)
class WorkerReply:
    value: Any
    traffic: Traffic | None = None
    """Traffic with the store's bucket since the worker's last answer; None for a store in a folder."""
    release_traffic: Traffic | None = None
    """Traffic with releases in buckets since then."""


def check_worker(needs: Needs) -> WorkerReply:
    """Return why this process cannot work for the run, as `unmet`."""
    store: list[Store] = []
    reason = unmet(needs, store.append)
    return WorkerReply(value=reason, traffic=store[0].traffic if store else None)


def unmet(needs: Needs, opened: Callable[[Store], None] = lambda store: None) -> str | None:
    """Return why this process cannot work for the run, and what to do; None if it can.

    Parameters
    ----------
    opened : gets the store, if it could be opened.
    """
    if reason := difference(program(), needs.software):
        return reason
    if multiprocessing.current_process().daemon:
        return (
            "is a daemonic process, which may not start decoders: start it with `dask worker --no-nanny`, "
            f"or with {DAEMON}=False in its environment"
        )
    if needs.store is not None and (reason := _not_the_store(needs.store, needs.store_identity, opened)):
        return reason
    if needs.source is not None and not os.access(needs.source, os.R_OK):
        return f"cannot read {needs.source}: mount the releases there under the same path"
    return None


def _not_the_store(location: Location, identity: bytes, opened: Callable[[Store], None]) -> str | None:
    """Return why this process cannot write to the run's store; None if it can."""
    try:
        is_same = False
        if is_store(location):
            store = open_store(location)
            opened(store)
            is_same = store.identity == identity
    except (RequestError, StoreError) as error:
        if is_address(location):
            return f"cannot use the store: {error}"
        is_same = False
    if is_address(location):
        return (
            None
            if is_same
            else f"finds a different store at {location}: set AWS_ENDPOINT_URL there to the same value as here"
        )
    if is_same and os.access(location, os.W_OK):
        return None
    return f"cannot write to the store {location}: mount it there under the same path"


class Decoders(WorkerPlugin):
    """Decoder processes of one run on a Dask worker, limited as on one machine; Dask sends it to late workers too."""

    idempotent = True  # after a lost connection the same workers keep theirs

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self.name = needs.plugin

    def setup(self, worker: Worker) -> None:
        """Begin to load the decoders.

        Raises
        ------
        RequestError : this worker is unsuitable for the run.
        """
        needs = self._needs
        found: list[Store] = []
        if reason := unmet(needs, found.append):
            raise RequestError(f"worker {worker.address} {reason}")
        count = worker.state.nthreads
        slots = max(count, needs.slots.get(worker.ip, 0))
        warm_up(has_sound=True)
        self._stop = threading.Event()
        (self.store,) = found
        self._told, self._told_of_releases, self._telling = Traffic(), replace(RELEASES), threading.Lock()
        self.workers = Workers(count, default_limits(slots, needs.memory_mb, needs.time_limit_factor))

    def teardown(self, worker: Worker) -> None:
        """End the decoders when the run or the worker ends."""
        self.stop()
        self.workers.__exit__(None)

    def stop(self) -> None:
        """Kill the decoders."""
        self._stop.set()
        self.workers.stop()

    def derive(self, batch: Sequence[Due]) -> list[SourceOutcome]:
        """Derive every source of a batch; raises as `run_batch`."""
        with RunProgress(quiet=True) as progress:
            return run_batch(batch, self.store, self.workers, progress, self._stop)

    def unreported_traffic(self) -> Traffic | None:
        """Return the traffic since the last answer; None for a store in a folder."""
        with self._telling:
            now = self.store.traffic
            if now is None:
                return None
            told, self._told = self._told, now
        return now.since(told)

    def unreported_release_traffic(self) -> Traffic:
        """Return the traffic with releases in buckets since the last answer."""
        with self._telling:
            now = replace(RELEASES)
            told, self._told_of_releases = self._told_of_releases, now
        return now.since(told)


def dask_setup(worker: Worker) -> None:
    """Begin to load the decoders when a worker starts, not when its first run does.

    Dask calls this in a worker that is started with `--preload flows.run.dask.dask_worker`.
    """
    program()
    warm_up(has_sound=True)


def run_on_worker(plugin: str, work: Callable[[Decoders, T], R], thing: T) -> WorkerReply:
    """Call a function of a module with the decoders of this worker; raises as that function."""
    decoders = _decoders(get_worker(), plugin)
    value = work(decoders, thing)
    return WorkerReply(
        value=value, traffic=decoders.unreported_traffic(), release_traffic=decoders.unreported_release_traffic()
    )


def hash_on_worker(decoders: Decoders, asked: tuple[Callable[[Store, T], R], Sequence[T]]) -> list[R]:
    """Call a function for each of several things, with the store alone."""
    work, things = asked
    return [work(decoders.store, one) for one in things]


def decode_on_worker(decoders: Decoders, asked: tuple[Callable[[Store, Workers, T], Iterable[R]], T]) -> list[R]:
    """Call a function for one thing, with store and decoders."""
    work, thing = asked
    return list(work(decoders.store, decoders.workers, thing))


def stop_worker(plugin: str, dask_worker: Worker) -> None:
    """End the work of a run on the worker that runs this."""
    if plugin in dask_worker.plugins:
        _decoders(dask_worker, plugin).stop()


def _decoders(worker: Worker, plugin: str) -> Decoders:
    found = worker.plugins[plugin]
    assert isinstance(found, Decoders)
    return found
