"""Alerts of `marsmedia serve`: what its terminal says of a run that failed, or found new problems, is posted too."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from processors.errors import RequestError

TIMEOUT_SECONDS = 10.0
MAX_WAITING = 20
"""Number of alerts that wait while the address does not answer; the oldest go first."""


class Alerts:
    """Posts texts as JSON, `{"text": "..."}`, which the webhooks of chat services take.

    Parameters
    ----------
    address : web address to post to, which may be a secret: only its host is ever printed; None for no alerts.
    tell : prints a line when a post fails.

    Raises
    ------
    RequestError : no web address.
    """

    def __init__(self, address: str | None, tell: Callable[[str], None]) -> None:
        self._address, self._tell = address, tell
        self.host = None if address is None else _host(address)
        self._waiting: deque[str] = deque(maxlen=MAX_WAITING)
        self._is_failing = False

    def add(self, text: str) -> None:
        """Have a text posted by the next `send`."""
        if self._address is not None:
            self._waiting.append(text)

    async def send(self) -> None:
        """Post what waits; after a failure, which is printed once, the rest waits for the next call."""
        if self._address is None or not self._waiting:
            return
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                while self._waiting:
                    (await client.post(self._address, json={"text": self._waiting[0]})).raise_for_status()
                    self._waiting.popleft()
                    self._is_failing = False
        except httpx.HTTPStatusError as error:
            self._failed(f"it answered {error.response.status_code}")
        except httpx.HTTPError as error:
            self._failed(str(error) or type(error).__name__)

    def _failed(self, why: str) -> None:
        if not self._is_failing:
            self._tell(f"alert: not posted to {self.host}: {why}; it is tried again every few seconds")
        self._is_failing = True


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, scheme = parts.hostname, parts.scheme
    except ValueError:
        host, scheme = None, ""
    if not host or scheme not in ("http", "https"):
        raise RequestError("--alert: not a web address; write one that begins with https:// or http://")
    return host
