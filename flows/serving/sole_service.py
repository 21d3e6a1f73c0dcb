"""Claims of `marsmedia serve`: one process serves a store, and one has its schedules in a Prefect database.

A second one would replace the schedules of the first, as both have the same names.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.claims import Claim, claim_file, file_claimed
from processors.store.store import Store

SERVICE = "serve"
"""Name of the claim in a store, and suffix of that of a database."""
ON_STORE = "marsmedia serve is already at work on this store ({service}); stop it first"
IN_DATABASE = (
    "marsmedia serve is already at work with this Prefect database ({service}, store {store}); stop it first, or set "
    "PREFECT_HOME to another folder for one of the two"
)
NAMED_AFTER_SECONDS = 2.0
"""Time for the holder of a claim to have written who it is."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A `marsmedia serve` at work."""

    process: int
    host: str
    store: str
    server: str
    """Address of the API of its Prefect server."""
    is_ready: bool = False
    """Whether the server answers, so that runs of other commands are recorded there."""

    def __str__(self) -> str:
        place = "" if self.is_here else f" on {printable(self.host)}"
        return f"process {self.process}{place}, Prefect at {printable(self.server.removesuffix('/api'))}"

    @property
    def is_here(self) -> bool:
        """Return whether it runs on this machine."""
        return self.host == platform.node()

    @property
    def is_this(self) -> bool:
        """Return whether it is this process."""
        return self.is_here and self.process == os.getpid()

    @property
    def words(self) -> bytes:
        """Return it for a claim, from which `service_on` reads it."""
        return json.dumps(asdict(self)).encode()


class SoleService:
    """The claims of the `serve` of this process."""

    def __init__(self, service: Service, claims: list[Claim]) -> None:
        self._service, self._claims = service, claims

    @contextmanager
    def announced(self) -> Iterator[None]:
        """Announce to commands on the store that the server records their runs."""
        self._rewrite(replace(self._service, is_ready=True))
        try:
            yield
        finally:
            self._rewrite(self._service)

    def _rewrite(self, service: Service) -> None:
        for claim in self._claims:
            claim.rewrite(service.words)


@contextmanager
def sole_service(store: Store, server: str, database: Path | None = None) -> Iterator[SoleService]:
    """Claim a store, and a Prefect database, for this process.

    Parameters
    ----------
    server : address of the API of the server in use, which need not answer yet.
    database : file of the server that this process is going to start; None without one.

    Raises
    ------
    RequestError : another `serve` is at work there; the message names it.
    """
    here = Service(process=os.getpid(), host=platform.node(), store=str(store.root.absolute()), server=server)
    with ExitStack() as stack:
        claims = [_claimed(_claim_of(store), here, ON_STORE, store.root)]
        stack.callback(claims[0].release)
        if database is not None:
            claims.append(_claimed(database.with_name(f"{database.name}.{SERVICE}"), here, IN_DATABASE, database))
            stack.callback(claims[1].release)
        yield SoleService(here, claims)


def service_on(store: Store) -> Service | None:
    """Return the `serve` at work on a store; None if there is none, or if it has not written who it is."""
    return _read(_claim_of(store))


def _claim_of(store: Store) -> Path:
    return store.claims_folder / SERVICE


def _claimed(file: Path, here: Service, refusal: str, place: Path) -> Claim:
    """Return the claim of a file; `refusal` of a `place` is the error if another process holds it."""
    claim = claim_file(file, here.words)
    if claim is None:
        other = _named(file)
        store = printable(other.store) if other else "unknown"
        words = refusal.format(service=other or "process unknown", store=store)
        raise RequestError(f"{printable(str(place))}: {words}")
    return claim


def _named(file: Path) -> Service | None:
    """Return the holder of a claim; wait a moment for it to write who it is."""
    deadline = time.monotonic() + NAMED_AFTER_SECONDS
    while (other := _read(file)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return other


def _read(file: Path) -> Service | None:
    try:
        return Service(**json.loads(file_claimed(file) or b""))
    except (ValueError, TypeError):
        return None
