"""Prefect server for the duration of `marsmedia serve`, if Prefect's settings name none.

It runs in a session of its own: a Ctrl-C at the terminal reaches the runs and not their server, and the server dies
with this process even if that is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.serving.server_of_runs import answers
from processors.errors import RequestError, StoreError

START_SECONDS = 180.0
"""Time limit of the start; the first one on a new machine creates a database, which takes 20 s and more."""


def address_at(port: int) -> str:
    """Return the address of the API of a server that `prefect_server` starts."""
    return f"http://127.0.0.1:{port}/api"


def database_file() -> Path | None:
    """Return the file of the database of such a server; None if Prefect's settings name a database server."""
    from prefect.settings import get_current_settings
    from sqlalchemy import make_url

    connection = get_current_settings().server.database.connection_url
    url = make_url(connection.get_secret_value()) if connection else None
    return Path(url.database) if url and url.database and url.get_backend_name() == "sqlite" else None


@contextmanager
def prefect_server(port: int) -> Iterator[None]:
    """Start a server.

    Raises
    ------
    RequestError : the port is in use.
    StoreError : the server does not start.
    """
    _check_free(port)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    # the page asks the server of these settings, whatever the command says
    place = {"PREFECT_SERVER_API_HOST": "127.0.0.1", "PREFECT_SERVER_API_PORT": str(port)}
    order = {"PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "flows.serving.event_order"}
    server = subprocess.Popen(
        command,
        env={**order, **os.environ, **place},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        _wait_until_healthy(server, address_at(port))
        yield
    finally:
        _end(server)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RequestError(f"port {port} is in use; choose another with --port") from error


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if answers(address):
            return
        time.sleep(0.1)
    raise StoreError("Prefect's server does not start; run `prefect server start` to see the error")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
