"""Connection to a Dask cluster: its workers are checked, prepared and given work.

Dask repeats the work of a lost worker; a run waits for a lost connection or scheduler, and
repeats work without an answer, as the store remembers what was finished.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import dask.config
from distributed import Client, Future, LocalCluster
from distributed.client import ClosedClientError
from distributed.comm.core import CommClosedError

from flows.run.dask.dask_encryption import check_encryption, check_own_encryption
from flows.run.dask.dask_worker import Decoders, Needs, WorkerReply, check_worker, run_on_worker, stop_worker
from flows.run.dask.same_program import program
from flows.run.options import Options
from processors.errors import RequestError
from processors.store.bucket.bucket_traffic import RELEASES, Traffic
from processors.store.store import Store

T = TypeVar("T")
R = TypeVar("R")

CONNECT_SECONDS = 10.0
LOST_SECONDS = 300.0
"""Longest time to wait for a scheduler that has gone, in s; as long as Dask waits for a worker."""
LOST_CONNECTION = (CancelledError, CommClosedError, ClosedClientError, TimeoutError)
"""Errors on the driver for a task whose answer is lost, or that begins while another thread connects again; a batch
itself raises none of these."""
GONE = (OSError, RuntimeError, *LOST_CONNECTION)
"""Errors of a connection that is told to end and has ended already; `RuntimeError` for want of its event loop."""
NAMED = 5
"""Number of lost workers that a note names."""
NO_SCHEDULER = "no Dask scheduler responds; start `dask scheduler`, or name another"
PLAIN = "the connection is not encrypted; use tls:// where others share the network, as Dask runs what it is sent"
WITH_TRACEBACKS = ("distributed", "distributed.client", "distributed.core", "tornado.application")
"""Loggers that print tracebacks of a lost connection, which the run itself reports in a sentence."""
KILLED = "its worker was killed several times (out of memory?): run again, with more memory for each worker"


class ConnectionLost(RequestError):
    """Loss of a scheduler that had answered, or of a worker that was asked."""


class DaskCluster:
    """Workers of a Dask cluster, or of one that is started here and ends with the work; use it as a context."""

    def __init__(self, name: str, source: Path | None, options: Options, store: Store) -> None:
        """Connect, and compare every worker with what the work needs.

        Parameters
        ----------
        name : name of the work, for its decoders on the workers.
        source : a file that is going to be read; None if none is, or if it is fetched from a bucket.

        Raises
        ------
        RequestError : no scheduler, no worker, or a worker that is not fit, with the reason.
        """
        self._store = store
        self._cluster = None if options.scheduler else _local_cluster(options.worker_count)
        self._address = options.scheduler or str(self._cluster and self._cluster.scheduler_address)
        self._stopped = threading.Event()
        self._connecting = threading.Lock()
        self._lost_workers: list[str] = []
        self._reconnections = 0
        try:
            self._needs = Needs(
                run=name,
                store=store.root.absolute() if store.is_in_folder else store.address,
                store_identity=store.identity,
                source=source,
                software=program(),
                slots={},
                memory_mb=options.memory_mb,
                time_limit_factor=options.time_limit_factor,
            )
            self._client = _first_connected(self._address, self._equip)
        except BaseException:
            self._close()
            raise

    @property
    def note(self) -> str:
        """Return where the run works, and a warning if the connection is open to others."""
        slots = self._needs.slots
        where = f"working on {sum(slots.values())} threads of Dask on {len(slots)} host{'s' * (len(slots) != 1)}"
        return f"{where}, at {self._address}" + (f": {PLAIN}" if is_open(self._address) else "")

    @property
    def losses(self) -> list[str]:
        """Return notes on the workers and connections that were lost until now."""
        lost, notes = self._lost_workers, []
        if lost:
            more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
            count = f"{len(lost)} worker{'s' * (len(lost) != 1)} of Dask"
            notes.append(f"{count} lost during the work: {', '.join(lost[:NAMED])}{more}")
        if self._reconnections:
            times = f"{self._reconnections} time{'s' * (self._reconnections != 1)}"
            notes.append(f"the connection to the Dask scheduler was lost and made again {times}")
        return notes

    @property
    def slot_count(self) -> int:
        """Return the number of tasks that can run at once."""
        return sum(self._needs.slots.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with suppress(*GONE):
            self._client.unsubscribe_topic("all")  # or its scheduler tells it that it has left, and complains
            self._client.unregister_worker_plugin(self._needs.plugin)
        self._close()

    def ask(self, work: Callable[[Decoders, T], R], thing: T) -> R | None:
        """Return what `work` returns on some worker; repeat the request after a lost connection. None after `stop`.

        Raises
        ------
        KilledWorker : it has killed several workers.
        RequestError : the cluster can no longer be reached.
        """
        while not self._stopped.is_set():
            client = self._client
            try:
                future: Future = client.submit(run_on_worker, self._needs.plugin, work, thing, pure=False)
                answer: WorkerReply = future.result()
            except LOST_CONNECTION:
                self._connect_again(client)
                continue
            self._store.add_traffic(answer.traffic)
            if answer.release_traffic:
                RELEASES.add_all(answer.release_traffic)
            return answer.value
        return None

    def stop(self) -> None:
        """Cancel all work and kill the decoders; a worker that cannot any more hides no reason why the work ends."""
        self._stopped.set()
        with suppress(*GONE):
            self._client.cancel(list(self._client.futures), force=True)
            self._client.run(stop_worker, self._needs.plugin, on_error="ignore")

    def _connect_again(self, lost: Client) -> None:
        """Replace a client that has lost its scheduler; the first thread to notice does so for all."""
        with self._connecting:
            if self._client is not lost or self._stopped.is_set():
                return
            with suppress(*GONE):
                lost.close(timeout=1)
            if client := _connected_again(self._address, self._equip, self._stopped):
                self._client = client
                self._reconnections += 1

    def _equip(self, client: Client) -> None:
        """Give every worker its decoders.

        Raises
        ------
        RequestError : a worker is unsuitable for the run.
        """
        if not self._needs.slots:  # later, only some workers may be back
            self._needs = replace(self._needs, slots=_slots(client))
        _check_workers(client, self._needs, self._store.add_traffic)
        client.register_plugin(Decoders(self._needs), name=self._needs.plugin)
        client.subscribe_topic("all", self._note_loss)

    def _note_loss(self, event: tuple[float, Any]) -> None:
        """Note a worker that its scheduler has lost; one that was told to retire is not lost."""
        _, what = event
        if isinstance(what, dict) and what.get("action") == "remove-worker" and not what.get("expected"):
            self._lost_workers.append(str(what["worker"]))

    def _close(self) -> None:
        for one in (getattr(self, "_client", None), self._cluster):
            if one is not None:
                _end(one)


def _end(one: Client | LocalCluster) -> None:
    with suppress(*GONE):
        one.close(timeout=5)


def is_open(address: str) -> bool:
    """Return whether others could eavesdrop: plain TCP to a host that is not this machine."""
    parts = urlsplit(address)
    if parts.scheme != "tcp" or parts.hostname is None:
        return False
    try:
        return not ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname != "localhost"


def _local_cluster(workers: int) -> LocalCluster:
    check_own_encryption()
    # the profile is for a dashboard, which is not served; taking it costs a tenth of the run's processor time
    dask.config.set({"distributed.worker.daemon": False, "distributed.worker.profile.enabled": False})
    without: Any = None
    return LocalCluster(
        dashboard_address=without,
        n_workers=workers,
        threads_per_worker=1,
        memory_limit=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # without a dashboard, too, it serves on port 8787
        silence_logs=logging.ERROR,
    )


def check_cluster(address: str | None) -> None:
    """Check that a scheduler responds, and that its workers have this program and may start decoders.

    Parameters
    ----------
    address : of the scheduler; None for a cluster that is started here.

    Raises
    ------
    RequestError : no scheduler, no worker, or a worker that is not fit, with the reason.
    """
    if address is None:
        check_own_encryption()
        return
    needs = Needs(
        run="check",
        store=None,
        store_identity=b"",
        source=None,
        software=program(),
        slots={},
        memory_mb=None,
        time_limit_factor=1.0,
    )
    _end(_first_connected(address, lambda client: _check_workers(client, needs)))


def _first_connected(address: str, prepare: Callable[[Client], object]) -> Client:
    """Return a connection, at once or not at all; after a loss while it is prepared, as soon as possible."""
    try:
        return _connected(address, prepare)
    except ConnectionLost:
        client = _connected_again(address, prepare, threading.Event())
        assert client is not None
        return client


def _connected_again(address: str, prepare: Callable[[Client], object], stopped: threading.Event) -> Client | None:
    """Return a connection after a loss, once a scheduler is there again with workers; None if stopped first.

    Raises
    ------
    RequestError : it stays away, or is unsuitable, for `LOST_SECONDS`.
    """
    give_up = time.monotonic() + LOST_SECONDS
    while not stopped.wait(1.0):
        try:
            return _connected(address, prepare)
        except RequestError:
            if time.monotonic() > give_up:
                raise
    return None


def _connected(address: str, prepare: Callable[[Client], object]) -> Client:
    """Return a connection to a scheduler with workers, for which `prepare` was called.

    Raises
    ------
    ConnectionLost : it was lost again meanwhile.
    RequestError : there is none, or it has no workers; and as `prepare`.
    """
    client = _connect(address)
    try:
        if not client.scheduler_info()["workers"]:
            raise RequestError(
                f"{address}: the Dask scheduler has no workers; start `dask worker {address} --no-nanny`"
            )
        prepare(client)
    except BaseException as error:
        _end(client)
        if _is_lost(error):
            raise ConnectionLost(f"{address}: {NO_SCHEDULER}") from error
        raise
    return client


def _is_lost(error: BaseException) -> bool:
    """Return whether an error is of a connection; the system's own, as of a full disk, has a number."""
    return isinstance(error, LOST_CONNECTION) or (isinstance(error, OSError) and error.errno is None)


def _connect(address: str) -> Client:
    for name in WITH_TRACEBACKS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    check_encryption(address, CONNECT_SECONDS)
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RequestError(f"{address}: {NO_SCHEDULER}") from error


def _check_workers(client: Client, needs: Needs, told: Callable[[Traffic | None], object] = lambda _: None) -> None:
    """Compare every worker with what the work needs.

    Parameters
    ----------
    told : gets the traffic with the store's bucket that this took.

    Raises
    ------
    ConnectionLost : a worker has ended meanwhile.
    RequestError : a worker is unsuitable for the run.
    """
    answers: Any = client.run(check_worker, needs, on_error="return")
    for address, answer in sorted(answers.items()):
        if isinstance(answer, ModuleNotFoundError):
            raise RequestError(f"worker {address} has no marsmedia ({answer}); install it there")
        if isinstance(answer, Exception):
            error = ConnectionLost if isinstance(answer, CommClosedError) else RequestError
            raise error(f"worker {address} does not respond: {type(answer).__name__}: {answer}")
        told(answer.traffic)
        if answer.value is not None:
            raise RequestError(f"worker {address} {answer.value}")


def _slots(client: Client) -> dict[str, int]:
    slots: Counter[str] = Counter()
    for worker in client.scheduler_info(n_workers=-1)["workers"].values():
        slots[worker["host"]] += worker["nthreads"]
    return dict(slots)
