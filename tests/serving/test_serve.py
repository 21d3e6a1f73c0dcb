"""Scheduled runs for real: served, started by time, refused when they overlap, told crashed when killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.serving.schedule import rescheduled, timetable, with_words
from processors.errors import RequestError
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import NOT_THERE, PrefectApi


class Served:
    """`marsmedia serve` in a process, with a server of its own, and its Prefect API."""

    def __init__(self, folder: Path, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.ask = PrefectApi(f"http://127.0.0.1:{self.port}/api").ask
        environment = {**quiet_environment(folder / "home"), "PYTHONPATH": str(PROJECT)}
        command = [sys.executable, "-m", "flows.cli", "serve", str(folder / "raw"), "--store", str(folder / "store")]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *words],
            env=environment,
            cwd=folder,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def runs(self) -> list[dict[str, Any]]:
        return self.ask("flow_runs/filter", sort="EXPECTED_START_TIME_ASC")

    def wait_for(
        self, state: str, identity: str | None = None, *, after: str = "", seconds: float = 240
    ) -> dict[str, Any]:
        """The first run in that state, planned for later than `after`; of one run, when it comes to it."""
        for _ in range(int(seconds * 2)):
            assert self.process.poll() is None, "serve ended"
            try:
                found = [
                    r
                    for r in self.runs()
                    if r["state_type"] == state and identity in (None, r["id"]) and r["expected_start_time"] > after
                ]
            except NOT_THERE:
                found = []
            if found:
                return found[0]
            time.sleep(0.5)
        raise AssertionError(f"no run came to {state}: {[(r['name'], r['state']) for r in self.runs()]}")

    def start_run(self, name: str, **parameters: Any) -> str:
        deployment = self.ask(f"deployments/name/{name}")
        return self.ask(
            f"deployments/{deployment['id']}/create_flow_run", parameters=parameters, state={"type": "SCHEDULED"}
        )["id"]

    def process_of(self, identity: str) -> psutil.Process:
        """The process of a run."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if child.environ().get("PREFECT__FLOW_RUN_ID") == identity:
                    return child
            except psutil.Error:
                continue
        raise AssertionError("no process of that run")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    MediaMaker(tmp_path / "raw").photo("photo.jpg")
    return tmp_path


@pytest.fixture
def left() -> Iterator[list[psutil.Process]]:
    """Processes to end after the test."""
    processes: list[psutil.Process] = []
    yield processes
    for process in processes:
        if process.is_running():
            process.kill()


@pytest.mark.slow
@pytest.mark.prefect
def test_a_served_run_starts_alone_and_ends_on_the_server(folder: Path, left: list[psutil.Process]) -> None:
    served = Served(folder, "--schedule", "nightly-ingest=every 5 s")
    left.append(psutil.Process(served.process.pid))
    first = served.wait_for("COMPLETED")
    assert first["auto_scheduled"]
    told = first["state"]["message"]
    assert re.fullmatch(r"completed: of (\d+) results: \1 made, 0 reused, 0 refused, 0 failed", told), told
    artifacts = served.ask("artifacts/filter", sort="CREATED_DESC")
    assert any(a["key"] == "marsmedia-ingest" and a["flow_run_id"] == first["id"] for a in artifacts)
    schema = served.ask("deployments/name/ingest/nightly-ingest")["parameter_openapi_schema"]
    assert schema["properties"]["raw"]["description"] == "Folder of releases; never written to."
    assert schema["properties"]["workers"]["title"] == "workers"

    whole = folder / "raw/photo.jpg"
    (folder / "raw/cut.jpg").write_bytes(whole.read_bytes()[:-3000])
    failed = served.wait_for("FAILED")
    assert failed["state"]["message"].startswith("failed: of ")
    served.wait_for("COMPLETED", after=failed["expected_start_time"])  # and the log of the one before has been sent
    logs = [one["message"] for one in served.ask("logs/filter", logs={"flow_run_id": {"any_": [failed["id"]]}})]
    assert len([line for line in logs if line.startswith("failed: cut.jpg: ")]) == 1
    assert not [line for line in logs if "Traceback" in line or "Error:" in line]


@pytest.mark.slow
@pytest.mark.prefect
def test_an_overlapping_run_is_refused_and_a_killed_one_is_told_crashed(
    folder: Path, left: list[psutil.Process]
) -> None:
    served = Served(folder)
    left.append(psutil.Process(served.process.pid))
    waiting = _waiting_run(served)
    second = served.start_run("ingest/nightly-ingest")
    refused = served.wait_for("CANCELLED", second)
    assert refused["state"]["message"] == "Deployment concurrency limit reached."
    assert served.ask(f"flow_runs/{waiting}")["state_type"] == "RUNNING"

    served.process_of(waiting).kill()
    crashed = served.wait_for("CRASHED", waiting)
    assert "status code: -9" in crashed["state"]["message"]

    waiting = _waiting_run(served)
    left.append(served.process_of(waiting))
    served.process.kill()  # its server dies with it
    served.process.wait()
    again = Served(folder)
    left.append(psutil.Process(again.process.pid))
    crashed = again.wait_for("CRASHED", waiting)
    assert crashed["state"]["message"] == "marsmedia serve ended during the run"
    os.kill(again.process.pid, signal.SIGINT)
    assert again.process.wait(timeout=60) == 0


@pytest.mark.slow
@pytest.mark.prefect
def test_of_the_nights_that_were_missed_the_last_is_made_up_for(folder: Path, left: list[psutil.Process]) -> None:
    served = Served(folder)
    left.append(psutil.Process(served.process.pid))
    served.wait_for("SCHEDULED")
    os.kill(served.process.pid, signal.SIGINT)
    assert served.process.wait(timeout=60) == 0
    _let_two_nights_pass(folder / "home/prefect.db")

    again = Served(folder)
    left.append(psutil.Process(again.process.pid))
    made_up = again.wait_for("COMPLETED")
    (missed,) = [run for run in again.runs() if run["state_type"] == "CANCELLED"]
    assert (missed["state"]["name"], missed["expected_start_time"] < made_up["expected_start_time"]) == ("Missed", True)
    assert made_up["state"]["message"].startswith("completed: of ")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    assert {run["state_type"] for run in again.runs() if run["expected_start_time"] < now} == {"COMPLETED", "CANCELLED"}


def _let_two_nights_pass(database: Path) -> None:
    """Plan the runs of `nightly-ingest` two days earlier, as if the machine had been off since."""
    earlier = "strftime('%Y-%m-%d %H:%M:%f000', {}, '-2 days')"
    theirs = "state_type = 'SCHEDULED' AND deployment_id = (SELECT id FROM deployment WHERE name = 'nightly-ingest')"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            f"UPDATE flow_run SET expected_start_time = {earlier.format('expected_start_time')},"
            f" next_scheduled_start_time = {earlier.format('next_scheduled_start_time')} WHERE {theirs}"
        )
        connection.execute(
            "UPDATE flow_run_state SET state_details = json_set(state_details, '$.scheduled_time',"
            " strftime('%Y-%m-%dT%H:%M:%SZ', json_extract(state_details, '$.scheduled_time'), '-2 days'))"
            f" WHERE id IN (SELECT state_id FROM flow_run WHERE {theirs})"
        )


def _waiting_run(served: Served) -> str:
    """A run that waits for its raw folder for ten minutes."""
    for _ in range(480):
        try:
            identity = served.start_run("ingest/nightly-ingest", raw="/no/such/folder", retries=10)
            break
        except NOT_THERE:
            time.sleep(0.5)
    else:
        raise AssertionError("nothing is served")
    return served.wait_for("RUNNING", identity)["id"]


def test_the_timetable_says_what_runs_when() -> None:
    planned = timetable()
    assert {one.name: (one.cron, one.is_active) for one in planned.values()} == {
        "nightly-ingest": ("0 2 * * *", True),
        "weekly-verify": ("0 4 * * 0", True),
        "reprocess": (None, True),
        "pack": ("0 6 * * 1", False),
    }
    assert planned["nightly-ingest"].entrypoint == "flows.deployments.nightly_ingest"


def test_a_schedule_is_cron_fields_an_interval_or_never() -> None:
    one = timetable()["nightly-ingest"]
    assert rescheduled(one, "*/5 1 * * mon").cron == "*/5 1 * * mon"
    every = rescheduled(one, "every 6 h")
    assert (every.cron, every.every and every.every.total_seconds()) == (None, 6 * 3600)
    never = with_words(timetable(), ("nightly-ingest=never",))["nightly-ingest"]
    assert (never.cron, never.every, never.is_active) == (None, None, False)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nightly-ingest=soon", "nightly-ingest=soon: not a schedule: write five cron fields as '0 2 * * *'"),
        ("nightly-ingest=99 2 * * *", "nightly-ingest=99 2 * * *: not a schedule: write five cron fields"),
        ("nightly-ingest=every 0 s", "nightly-ingest=every 0 s: not a schedule: the shortest interval is 1 s"),
        ("nope=0 2 * * *", "nope=0 2 * * *: no scheduled run is called 'nope': use one of nightly-ingest, weekly-ver"),
    ],
)
def test_a_schedule_that_is_none_is_refused_by_its_name(word: str, message: str) -> None:
    with pytest.raises(RequestError) as told:
        with_words(timetable(), (word,))
    assert str(told.value).startswith(message)


def test_serve_refuses_a_wrong_schedule_before_it_starts_anything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.cli", "serve", "--schedule", "nightly-ingest=soon"]
    environment = {**quiet_environment(tmp_path), "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert run.stderr.startswith("marsmedia: nightly-ingest=soon: not a schedule: ")
