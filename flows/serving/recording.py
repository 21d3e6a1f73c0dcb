"""Recording of a command's runs at a Prefect server. If that goes, the run goes on, and its end does not wait for it.

Prefect itself tries each request for a minute and each event for seven seconds, and all events before the process ends.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from flows.serving.server_of_runs import ADDRESS, answers

RESTART_SECONDS = 10.0
"""Time in which a server that does not answer may come back, as one that is started again."""
LOOK_SECONDS = 0.5
WITHOUT_SERVER = {"PREFECT_CLIENT_MAX_RETRIES": "0", "PREFECT_LOGGING_TO_API_ENABLED": "false"}
"""Settings with which Prefect makes each request once, and sends no log."""


class ServerRecording:
    """Recording of the runs of this process at a server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_lost = False
        """True if the server did not answer when it was last needed; Prefect does not wait for it any more."""

    def look(self) -> bool:
        """Return whether the server is gone; one that does not answer is waited for a little."""
        if self.is_lost or answers(self.address):
            return self.is_lost
        self.is_lost = True  # at once, as a signal may end the wait
        _set(WITHOUT_SERVER)
        deadline = time.monotonic() + RESTART_SECONDS
        while self.is_lost and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            self.is_lost = not answers(self.address)
        if not self.is_lost:
            _set(self._before)
        return self.is_lost

    def begin(self) -> None:
        self._before = {name: os.environ.get(name) for name in (ADDRESS, *WITHOUT_SERVER)}
        _set({ADDRESS: self.address})

    def end(self) -> None:
        _set(self._before)


_recordings: list[ServerRecording] = []
"""Every recording of this process, the current one last."""


@contextmanager
def recorded_at(address: str) -> Iterator[ServerRecording]:
    """Have the flows of this process recorded by the server at this address of its API."""
    recording = ServerRecording(address)
    recording.begin()
    _recordings.append(recording)
    try:
        yield recording
    finally:
        recording.end()


def has_lost_server() -> bool:
    """Return whether the server that records this process is gone; False in one that Prefect itself has started."""
    return bool(_recordings) and _recordings[-1].look()


def was_server_lost() -> bool:
    """Return whether a server was lost: Prefect would wait for it with each event that is left."""
    return any(one.is_lost for one in _recordings)


def _set(settings: Mapping[str, str | None]) -> None:
    """Set the environment, and let Prefect read it again, if it has been imported."""
    for name, value in settings.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if "prefect" in sys.modules:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
