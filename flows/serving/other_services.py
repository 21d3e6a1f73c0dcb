"""Refusal of a Prefect server on which something else has the schedules: another `marsmedia serve`, or a worker.

Deployments have the same names everywhere, so a second service would replace the schedules of the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from flows.serving.sole_service import Service, service_on
from processors.errors import RequestError
from processors.sources.scan import printable
from processors.store.open_store import is_store
from processors.store.store import Store

SERVED = (
    "{name}: marsmedia serve is already at work with this Prefect server ({service}, store {store}); stop it first, or "
    "use another server for one of the two"
)
POLLED = (
    "{name}: {who} is at work with this schedule on this Prefect server, for the store {store}; stop it first, or use "
    "another server for one of the two"
)
RECENT = timedelta(minutes=2)
"""Time since the last look for due runs after which nothing looks for them any more."""
LOOK_SECONDS = 20
"""Time in which a service or a worker, which look every 10 s, has looked again."""


async def require_unserved(names: Iterable[str], *, owns_server: bool) -> None:
    """Make sure that nothing else starts the runs of these deployments.

    Parameters
    ----------
    names : `flow/deployment`.
    owns_server : the server started with this process, so that nothing on another machine uses it.

    Raises
    ------
    RequestError : a `serve` for another store does, or one on another machine, or a worker.
    """
    async with get_client() as client:
        for name in names:
            there = await _deployment(client, name)
            if there is None:
                continue
            other = str(there.parameters.get("store"))
            service = _service_on(other)
            if service and not service.is_this:
                raise RequestError(SERVED.format(name=name, service=service, store=printable(other)))
            if not owns_server and await _is_polled(client, name, there.last_polled):
                pool = there.work_pool_name
                who = f"a worker of the work pool {printable(pool)}" if pool else "marsmedia serve on another machine"
                raise RequestError(POLLED.format(name=name, who=who, store=printable(other)))


async def _deployment(client: PrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


def _service_on(store: str) -> Service | None:
    return service_on(Store(Path(store))) if is_store(Path(store)) else None


async def _is_polled(client: PrefectClient, name: str, last: datetime | None) -> bool:
    """Return whether something looks for due runs of a deployment; the server notes each look, some a moment later."""
    if last is None or abs(datetime.now(UTC) - last) > RECENT:
        return False
    for _ in range(2):
        for _ in range(LOOK_SECONDS):
            await asyncio.sleep(1)
            there = await _deployment(client, name)
            if there and there.last_polled != last:
                last = there.last_polled
                break
        else:
            return False
    return True
