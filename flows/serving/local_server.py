"""Prefect server for the duration of one run, if the user has configured none.

It is the server that Prefect would embed, started in its own session: a Ctrl-C at the terminal reaches the run and
not its server, and the server dies with the run even if that is killed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import click

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - the server also reads them

# isort: on
from processors.errors import RequestError, StoreError

START_SECONDS = 180.0
"""Time limit of the start; the first one on a new machine creates a database, which takes 20 s and more."""


@contextmanager
def prefect_server(*, announce: bool, page_port: int | None = None) -> Iterator[None]:
    """Set `PREFECT_API_URL` to a server of this run, unless it is set already.

    Parameters
    ----------
    page_port : port of Prefect's page; None for no page, on any free port.

    Raises
    ------
    RequestError : the page's port is in use.
    StoreError : the server does not start.
    """
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    if announce:
        click.echo("Starting Prefect (about 10 s; longer the first time) ...", err=True)
    port = _free_port(page_port)
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *([] if page_port else ["--no-ui"]),
    ]
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    address = f"http://127.0.0.1:{port}/api"
    try:
        _wait_until_healthy(server, address)
        os.environ["PREFECT_API_URL"] = address
        yield
    finally:
        send_last_logs()
        os.environ.pop("PREFECT_API_URL", None)
        _end(server)


def _free_port(wanted: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise RequestError(f"port {wanted} is in use: choose another with --port") from error
        return probe.getsockname()[1]


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _wait_until_healthy(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise StoreError("Prefect's server does not start: run `prefect server start` to see the error")


def send_last_logs() -> None:
    """Send what Prefect has still to log while the server is there; what comes later is dropped without a word."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        for handler in logging.getLogger(name).handlers:
            handler.flush()
    logging.raiseExceptions = False


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
