"""A second `marsmedia serve` is refused, wherever it meets the first one, which goes on as it was."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flows.serving.schedule import timetable
from flows.serving.sole_service import service_on, sole_service
from processors.errors import RequestError
from processors.store.store import Store
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.prefect_api import NOT_THERE, PrefectApi
from tests.helpers.service import Service

SERVER = "http://127.0.0.1:4741/api"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "raw").mkdir()
    service = Service(tmp_path)
    yield service
    service.kill()


@pytest.mark.slow
@pytest.mark.prefect
def test_a_second_service_is_refused_and_the_schedules_of_the_first_stay(served: Service, tmp_path: Path) -> None:
    served.start("--recipe", "light", "--schedule", "nightly-ingest=every 7 h")
    served.wait_for("SCHEDULED", deployment="nightly-ingest")
    before = timetable_of(served)
    who = f"process {served.process.pid}, Prefect at {served.address}"
    port = served.address.rpartition(":")[2]
    same, other = str(served.store), str(tmp_path / "other")
    on_store = f"{same}: marsmedia serve is already at work on this store ({who}); stop it first"
    in_database = (
        f"{tmp_path}/home/prefect.db: marsmedia serve is already at work with this Prefect database ({who}, store "
        f"{same}); stop it first, or set PREFECT_HOME to another folder for one of the two"
    )
    on_server = (
        f"ingest/nightly-ingest: marsmedia serve is already at work with this Prefect server ({who}, store {same}); "
        "stop it first, or use another server for one of the two"
    )
    its_server = {"PREFECT_API_URL": f"{served.address}/api"}
    its_home, new_home = tmp_path / "home", tmp_path / "new"
    for store, home, words, more, told in (
        (same, its_home, ["--port", port], {}, on_store),
        (same, new_home, [], {}, on_store),
        (same, new_home, [], its_server, on_store),
        (other, its_home, [], {}, in_database),
        (other, new_home, [], its_server, on_server),
    ):
        begun = "" if Path(store).exists() else f"a new store was begun in {store}\n"
        assert refusal(tmp_path, store, home, words, more) == f"{begun}marsmedia: {told}\n"
    assert not (new_home / "prefect.db").exists(), "no server was started"
    assert timetable_of(served) == before
    assert {run["state_type"] for run in served.runs()} == {"SCHEDULED"}
    served.stop()
    assert service_on(Store(served.store)) is None


@pytest.mark.slow
@pytest.mark.prefect
def test_a_killed_service_is_replaced_at_once_with_a_server_of_the_users_own(
    served: Service, prefect_server: str
) -> None:
    served.more = {"PREFECT_API_URL": prefect_server}
    journal = served.folder / "journal.txt"
    for count in (1, 2):
        served.start()
        for _ in range(480):
            if journal.read_text().count("press Ctrl-C to stop\n") == count:
                break
            assert served.process.poll() is None, "serve ended"
            time.sleep(0.25)
        assert journal.read_text().count("press Ctrl-C to stop\n") == count
        polled: set[str] = set()
        for _ in range(480):  # until it has looked for due runs twice
            with suppress(*NOT_THERE):
                polled.add(PrefectApi(prefect_server).ask("deployments/name/ingest/nightly-ingest")["last_polled"])
            if len(polled - {None}) > 2:
                break
            time.sleep(0.25)
        served.kill()


@pytest.mark.slow
@pytest.mark.prefect
def test_a_run_that_another_service_does_is_not_cancelled_at_the_end(
    served: Service, prefect_server: str, tmp_path: Path
) -> None:
    served.more = {"PREFECT_API_URL": prefect_server}
    served.start()
    ask = served.ask = PrefectApi(prefect_server).ask
    ours = served.wait_for("RUNNING", served.started_run(raw="/no/such/folder", retries=10))["id"]
    weekly = ask("deployments/name/verify/weekly-verify")["id"]
    theirs = ask(f"deployments/{weekly}/create_flow_run", state={"type": "RUNNING"})["id"]
    served.stop()
    ended = {run: ask(f"flow_runs/{run}")["state_type"] for run in (ours, theirs)}
    assert ended == {ours: "CANCELLED", theirs: "RUNNING"}


def test_the_claims_of_a_service_name_it_and_end_with_it(tmp_path: Path) -> None:
    store, database = Store(tmp_path / "store"), tmp_path / "home/prefect.db"
    with sole_service(store, SERVER, database) as service:
        here = service_on(store)
        assert here is not None
        assert (str(here), here.is_ready) == (f"process {os.getpid()}, Prefect at http://127.0.0.1:4741", False)
        with service.announced():
            assert (service_on(store) or here).is_ready
        assert not (service_on(store) or here).is_ready
        with pytest.raises(RequestError, match=re.escape(f"{store.root}: marsmedia serve is already at work on this")):
            sole_service(store, SERVER).__enter__()
        with pytest.raises(RequestError, match=re.escape(f"{database}: marsmedia serve is already at work with this")):
            sole_service(Store(tmp_path / "other"), SERVER, database).__enter__()
        assert service_on(Store(tmp_path / "other")) is None
    assert service_on(store) is None
    assert list(database.parent.iterdir()) == []


def refusal(folder: Path, store: str, home: Path, words: list[str], more: Mapping[str, str]) -> str:
    """What `serve` says before it ends with exit code 2."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "flows.cli", "serve", "raw", "--store", store, "--port", free, *words]
    environment = {**quiet_environment(home), "PYTHONPATH": str(PROJECT), **more}
    run = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=180)
    assert run.returncode == 2, run.stderr
    return run.stdout + run.stderr


def timetable_of(served: Service) -> list[tuple[Any, ...]]:
    """Parameters and schedules of all that is served, once it is on the server."""
    found: list[dict[str, Any]] = []
    for _ in range(480):
        found = served.ask("deployments/filter", sort="NAME_ASC")
        if len(found) == len(timetable()):
            break
        time.sleep(0.25)
    return [(one["name"], one["parameters"], [each["schedule"] for each in one["schedules"]]) for one in found]
