"""Asks a Prefect server with Prefect's own client, which asks again where the server says that it is busy (503)."""

from __future__ import annotations

from typing import Any, cast

import httpx
from prefect.client.orchestration import SyncPrefectClient

NOT_THERE = (httpx.HTTPError, OSError)
"""What is raised while a server starts."""


class PrefectApi:
    """The API of one server, which need not have started yet."""

    def __init__(self, address: str) -> None:
        self._client = SyncPrefectClient(address)

    def ask(self, path: str, **body: Any) -> Any:
        """POST with a body, GET without; gives the answer's JSON."""
        route = cast(Any, f"/{path}")  # the client's own routes are a closed list of templates
        answer = self._client.request("POST", route, json=body) if body else self._client.request("GET", route)
        return answer.json()
