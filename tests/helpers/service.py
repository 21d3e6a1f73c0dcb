"""`marsmedia serve` in a process, with a server of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import PROJECT, quiet_environment
from tests.helpers.prefect_api import NOT_THERE, PrefectApi

ASK_OFTEN = {"PREFECT_RUNNER_POLL_FREQUENCY": "1"}
"""Prefect looks for due runs every 10 s by default."""


class Service:
    """`marsmedia serve` in a process, with a server of its own, and its Prefect API.

    One after another they work on one store and one Prefect home; only the first has to create a database.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.more: dict[str, str] = {}
        """More of its environment."""
        self._process: subprocess.Popen[bytes] | None = None
        self._words: tuple[object, ...] = ()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "nothing is served"
        return self._process

    def start(self, *words: str, ignores: Sequence[signal.Signals] = ()) -> None:
        """Serve with these words; goes on with the service that runs with them already.

        It handles signals as under a shell, whatever the tests run under, and ignores those named.
        """
        if self._process and self._words == (*words, *ignores):
            return
        if self._process:
            self.stop()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.ask = PrefectApi(f"{self.address}/api").ask
        environment = {**quiet_environment(self.folder / "home"), "PYTHONPATH": str(PROJECT), **ASK_OFTEN, **self.more}
        places = [str(self.folder / "raw"), "--store", str(self.store)]
        self._words = (*words, *ignores)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "serve", *places, "--port", str(port), *words],
            env=environment,
            cwd=self.folder,
            stdout=(self.folder / "journal.txt").open("ab"),
            stderr=subprocess.DEVNULL,
            preexec_fn=partial(_set_signals, frozenset(ignores)),
        )

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Interrupt it as a person or a service manager does, and see that it ends well."""
        self.process.send_signal(number)
        assert self.process.wait(timeout=60) == 0
        self._process = None

    def kill(self) -> None:
        """End it without a word; its server dies with it."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def runs(self, deployment: str | None = None) -> list[dict[str, Any]]:
        named = {"deployments": {"name": {"any_": [deployment]}}} if deployment else {}
        return self.ask("flow_runs/filter", sort="EXPECTED_START_TIME_ASC", **named)

    def wait_for(
        self,
        state: str,
        identity: str | None = None,
        *,
        deployment: str | None = None,
        count: int = 1,
        seconds: float = 240,
    ) -> dict[str, Any]:
        """Wait until so many runs are in that state; give the first.

        Of one run or one deployment, if it is named.
        """
        found: list[dict[str, Any]] = []
        for _ in range(int(seconds * 4)):
            assert self.process.poll() is None, "serve ended"
            with suppress(*NOT_THERE):
                found = [
                    run for run in self.runs(deployment) if run["state_type"] == state and identity in (None, run["id"])
                ]
            if len(found) >= count:
                return found[0]
            time.sleep(0.25)
        raise AssertionError(f"no run came to {state}: {[(r['name'], r['state']) for r in self.runs()]}")

    def start_run(self, name: str, **parameters: Any) -> str:
        deployment = self.ask(f"deployments/name/{name}")
        return self.ask(
            f"deployments/{deployment['id']}/create_flow_run", parameters=parameters, state={"type": "SCHEDULED"}
        )["id"]

    def started_run(self, **parameters: Any) -> str:
        """Start `nightly-ingest` as soon as something is served."""
        for _ in range(480):
            try:
                return self.start_run("ingest/nightly-ingest", **parameters)
            except NOT_THERE:
                time.sleep(0.5)
        raise AssertionError("nothing is served")

    def lines_of(self, deployment: str, count: int) -> list[str]:
        """Wait until so many lines on runs of a deployment were printed; give them."""
        found: list[str] = []
        for _ in range(120):
            printed = (self.folder / "journal.txt").read_text(encoding="utf-8").splitlines()
            found = [line for line in printed if f"  {deployment}: " in line]
            if len(found) >= count:
                break
            time.sleep(0.25)
        return found

    def process_of(self, identity: str) -> psutil.Process:
        """The process of a run."""
        found = self._process_of(identity)
        assert found is not None, "no process of that run"
        return found

    def wait_for_process_of(self, identity: str) -> None:
        """Wait until the process of a run has been started."""
        for _ in range(480):
            if self._process_of(identity) is not None:
                return
            time.sleep(0.05)
        raise AssertionError("the run's process did not start")

    def wait_for_end_of(self, identity: str) -> None:
        """Wait until the process of a run has ended."""
        for _ in range(480):
            if self._process_of(identity) is None:
                return
            time.sleep(0.25)
        raise AssertionError("the run's process did not end")

    def _process_of(self, identity: str) -> psutil.Process | None:
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if child.environ().get("PREFECT__FLOW_RUN_ID") == identity:
                    return child
        return None


def _set_signals(ignored: frozenset[signal.Signals]) -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
