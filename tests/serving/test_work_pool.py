"""The timetable on a work pool, as docs/running-every-night.md has it: deployed, run, and failures reported."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi


class Pool:
    """A work pool with the timetable deployed on it, and a worker."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server, self._api = server, PrefectApi(server)
        self._environment = {
            **quiet_environment(folder / "home"),
            "PREFECT_API_URL": server,
            "PREFECT_WORKER_QUERY_SECONDS": "1",  # a worker looks for due runs every 10 s by default
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PWD": str(PROJECT),  # as a shell sets it; prefect.yaml takes the working directory of a run from it
        }
        self._prefect("work-pool", "create", "marsmedia", "--type", "process", "--overwrite")
        self._prefect("--no-prompt", "deploy", "--all")
        self.log = folder / "worker.txt"
        with self.log.open("wb") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "prefect", "worker", "start", "--pool", "marsmedia"],
                env=self._environment,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _prefect(self, *words: str) -> None:
        command = [sys.executable, "-m", "prefect", *words]
        subprocess.run(command, env=self._environment, cwd=PROJECT, check=True, capture_output=True, timeout=120)

    def python(self, code: str) -> str:
        """Run what a person types; give what it prints."""
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, env=self._environment, check=True, timeout=120, capture_output=True, text=True)
        return run.stdout

    def refusal_of_serve(self, folder: Path) -> str:
        """What `marsmedia serve` says, which would replace the timetable, with the server of the pool."""
        command = [sys.executable, "-m", "flows.cli", "serve", "raw", "--store", "other"]
        environment = {**self._environment, "PYTHONPATH": str(PROJECT)}
        run = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=180
        )
        assert run.returncode == 2, run.stdout
        return run.stderr

    def ended(self, name: str, **parameters: Any) -> dict[str, Any]:
        """The state in which a run of that deployment ends."""
        deployment = self._api.ask(f"deployments/name/{name}")["id"]
        run = self._api.ask(
            f"deployments/{deployment}/create_flow_run", parameters=parameters, state={"type": "SCHEDULED"}
        )
        for _ in range(480):
            if (state := self._api.ask(f"flow_runs/{run['id']}")["state"])["type"] in (
                "COMPLETED",
                "FAILED",
                "CRASHED",
                "CANCELLED",
            ):
                return state
            assert self.worker.poll() is None, "the worker ended"
            time.sleep(0.5)
        raise AssertionError(f"{run['name']} did not end")


@pytest.fixture
def pool(prefect_server: str, tmp_path: Path) -> Iterator[Pool]:
    made = Pool(prefect_server, tmp_path)
    yield made
    made.worker.kill()
    made.worker.wait()


@pytest.fixture
def told() -> Iterator[tuple[str, list[bytes]]]:
    """An address on this machine, and what was sent to it."""
    sent: list[bytes] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", sent
        server.shutdown()


@pytest.mark.slow
@pytest.mark.prefect
def test_a_deployed_run_ends_on_a_worker_and_a_failed_one_is_reported(
    pool: Pool, tmp_path: Path, told: tuple[str, list[bytes]]
) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").photo("photo.jpg")
    store = str(tmp_path / "store")
    state = pool.ended("ingest/nightly-ingest", raw=str(tmp_path / "raw"), store=store)
    made = r"completed: of (\d+) results: \1 made, 0 reused, 0 refused, 0 failed"
    assert (state["type"], bool(re.fullmatch(made, state["message"]))) == ("COMPLETED", True), pool.log.read_text()

    assert pool.refusal_of_serve(tmp_path) == (
        "marsmedia: ingest/nightly-ingest: a worker of the work pool marsmedia is at work with this schedule on this "
        "Prefect server, for the store processed; stop it first, or use another server for one of the two\n"
    )

    address, sent = told
    printed = pool.python(example_of_the_docs().replace("https://example.org/hook", address))
    assert printed == f"failed runs are posted by {pool.server}\n"
    state = pool.ended("pack/pack", recipe=str(tmp_path / "none.toml"), output=str(tmp_path / "out"), store=store)
    assert state["type"] == "FAILED"
    for _ in range(120):
        if sent:
            break
        time.sleep(0.5)
    (message,) = sent
    assert json.loads(message)["text"].endswith(f": {state['message']}")


def example_of_the_docs() -> str:
    """The Python that the page on nightly runs gives for it."""
    page = (PROJECT / "docs/running-every-night.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import os\n.*?)```", page, re.S)
    return example


def test_the_example_of_the_docs_starts_no_server_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", example_of_the_docs()]
    run = subprocess.run(command, env=quiet_environment(tmp_path), capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.endswith("KeyError: 'PREFECT_API_URL'\n")
    assert not (tmp_path / "prefect.db").exists()


def test_the_settings_of_the_docs_switch_the_telemetry_of_prefect_off(tmp_path: Path) -> None:
    page = (PROJECT / "docs/running-every-night.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^export (DO_NOT_TRACK=.*?) +#", page, re.M)
    code = (
        "import prefect._internal.analytics.enabled as client; client.is_ci_environment = lambda: False\n"
        "from prefect.settings import get_current_settings as get\n"
        "print(client.is_telemetry_enabled(), get().server.analytics_enabled)"
    )
    bare = {name: value for name, value in quiet_environment(tmp_path).items() if "ANALYTICS" not in name}
    bare.pop("DO_NOT_TRACK", None)
    said = []
    for more in ({}, dict(word.split("=", 1) for word in line.split())):
        run = subprocess.run([sys.executable, "-c", code], env=bare | more, capture_output=True, text=True, check=True)
        said.append(run.stdout)
    assert said == ["True True\n", "False False\n"]
