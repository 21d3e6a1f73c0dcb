"""Scheduled runs for real: served, started by time, refused when they overlap, reported as crashed when killed."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from flows.serving.schedule import rescheduled, timetable, with_overrides
from processors.errors import RequestError
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import NOT_THERE
from tests.helpers.service import Service

EVERY_FEW_SECONDS = ("--schedule", "nightly-ingest=every 5 s")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One store with one photo to take, and what serves it."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "raw").mkdir()
    MediaMaker(folder / "raw").photo("photo.jpg")
    service = Service(folder)
    yield service
    service.kill()


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
def test_the_last_of_the_missed_nights_is_made_up_for_with_a_report(served: Service) -> None:
    served.start()
    served.wait_for("SCHEDULED", deployment="nightly-ingest", count=3)
    served.stop()
    _let_two_nights_pass(served.folder / "home/prefect.db")

    served.start()
    made_up = served.wait_for("COMPLETED")
    (missed,) = [run for run in served.runs() if run["state_type"] == "CANCELLED"]
    assert (missed["state"]["name"], missed["expected_start_time"] < made_up["expected_start_time"]) == ("Missed", True)
    told = made_up["state"]["message"]
    assert re.fullmatch(r"completed: of (\d+) results: \1 made, 0 reused, 0 refused, 0 failed", told), told
    begun, ended = served.lines_of("nightly-ingest", 2)
    assert begun.endswith("  nightly-ingest: begun")
    assert re.fullmatch(rf"[\d-]+ [\d:]+  nightly-ingest: completed after \d+ s: {told}", ended), ended
    artifacts = served.ask("artifacts/filter", sort="CREATED_DESC")
    assert any(a["key"] == "marsmedia-ingest" and a["flow_run_id"] == made_up["id"] for a in artifacts)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    ended = {run["state_type"] for run in served.runs() if run["expected_start_time"] < now}
    assert ended == {"COMPLETED", "CANCELLED"}
    schema = served.ask("deployments/name/ingest/nightly-ingest")["parameter_openapi_schema"]
    words = "Folder of releases, or a release with a release.toml; never written to."
    assert schema["properties"]["raw"]["description"] == words
    assert schema["properties"]["workers"]["title"] == "Workers"
    page = httpx.get(f"{served.address}/ui-settings").json()
    assert page["api_url"] == f"{served.address}/api", "the page asks its own server, on whatever port"


@pytest.mark.slow
@pytest.mark.prefect
def test_missed_nights_of_another_store_are_left_out_and_its_service_is_not_replaced(served: Service) -> None:
    served.start()
    served.wait_for("SCHEDULED", deployment="nightly-ingest", count=3)
    other = Service(served.folder)
    other.store = served.folder / "other"
    other.start()
    assert other.process.wait(timeout=120) == 2, "the same database"
    other.kill()
    served.stop()
    reports = sorted((served.folder / "store/runs").iterdir())
    _let_two_nights_pass(served.folder / "home/prefect.db")

    other.start()
    planned: set[str] = set()
    for _ in range(240):
        with suppress(*NOT_THERE):
            planned = {
                run["parameters"]["store"]
                for run in other.runs("nightly-ingest")
                if run["state_type"] in ("SCHEDULED", "RUNNING", "PENDING")
            }
        if planned == {str(other.store)}:
            break
        time.sleep(0.25)
    assert planned == {str(other.store)}
    left_out = f"of another store: marsmedia serve now works on {other.store}"
    missed = [run for run in other.runs() if run["state"]["message"] == left_out]
    assert {run["parameters"]["store"] for run in missed} == {str(served.store)}
    other.stop()
    assert sorted((served.folder / "store/runs").iterdir()) == reports


@pytest.mark.slow
@pytest.mark.prefect
def test_an_overlapping_run_is_refused_and_a_killed_one_is_reported_as_crashed(
    served: Service, left: list[psutil.Process]
) -> None:
    served.start()
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
    served.kill()
    served.start(*EVERY_FEW_SECONDS)  # as the next test wants it
    crashed = served.wait_for("CRASHED", waiting)
    assert crashed["state"]["message"] == "marsmedia serve ended during the run"


@pytest.mark.slow
@pytest.mark.prefect
def test_runs_that_fail_say_why_on_the_server_in_one_line_a_file(served: Service) -> None:
    whole = served.folder / "raw/photo.jpg"
    (served.folder / "raw/cut.jpg").write_bytes(whole.read_bytes()[:-3000])
    served.start(*EVERY_FEW_SECONDS)
    failed = served.wait_for("FAILED")
    assert failed["auto_scheduled"]
    counted, problem, report = failed["state"]["message"].splitlines()
    assert counted.startswith("failed: of ")
    assert problem.startswith("failed: cut.jpg: ")
    (kept,) = (path for path in (served.store / "runs").glob("*.json") if f"report: {path}" == report)
    assert json.loads(kept.read_text())["message"] == counted
    assert len([line for line in _log(served, failed["id"]) if line.startswith("failed: cut.jpg: ")]) == 1

    changed = next((served.folder / "store/results").rglob("preview_320.jpg"))
    changed.chmod(0o644)
    changed.write_bytes(b"other bytes")
    checked = served.wait_for("FAILED", served.start_run("verify/weekly-verify"))
    counted, fault, way_out, report = checked["state"]["message"].splitlines()
    assert re.match(r"\d+ results, .*: 1 fault", counted), counted
    assert fault.startswith("damaged: ")
    assert "marsmedia ingest" in way_out
    assert Path(report.removeprefix("report: ")).parent == served.store / "checkups"
    assert len([line for line in _log(served, checked["id"]) if line.startswith("damaged: ")]) == 1
    served.stop()
    printed = (served.folder / "journal.txt").read_text(encoding="utf-8").splitlines()
    (at,) = (number for number, line in enumerate(printed) if line.endswith(counted))
    assert printed[at + 1 : at + 4] == [f"  {fault}"[:302], f"  {way_out}", f"  {report}"]


def _log(served: Service, run: str) -> list[str]:
    """The lines of a run that has ended; none is of an error inside Prefect."""
    served.wait_for_end_of(run)  # and its log has been sent
    lines = [one["message"] for one in served.ask("logs/filter", logs={"flow_run_id": {"any_": [run]}})]
    assert not [line for line in lines if "Traceback" in line or "Error:" in line]
    return lines


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


def _waiting_run(served: Service) -> str:
    """A run that waits for its raw folder for ten minutes."""
    return served.wait_for("RUNNING", served.started_run(raw="/no/such/folder", retries=10))["id"]


def test_the_timetable_lists_every_scheduled_run() -> None:
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
    never = with_overrides(timetable(), ("nightly-ingest=never",))["nightly-ingest"]
    assert (never.cron, never.every, never.is_active) == (None, None, False)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nightly-ingest=soon", "nightly-ingest=soon: not a schedule; write five cron fields as '0 2 * * *'"),
        ("nightly-ingest=99 2 * * *", "nightly-ingest=99 2 * * *: not a schedule; write five cron fields"),
        ("nightly-ingest=every 0 s", "nightly-ingest=every 0 s: not a schedule: the shortest interval is 1 s"),
        ("nope=0 2 * * *", "nope=0 2 * * *: no scheduled run is called 'nope'; use one of nightly-ingest, weekly-ver"),
    ],
)
def test_an_invalid_schedule_is_refused_by_its_name(word: str, message: str) -> None:
    with pytest.raises(RequestError) as told:
        with_overrides(timetable(), (word,))
    assert str(told.value).startswith(message)


def test_serve_refuses_a_wrong_schedule_before_it_starts_anything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "flows.cli", "serve", "--schedule", "nightly-ingest=soon"]
    environment = {**quiet_environment(tmp_path), "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert run.stderr.startswith("marsmedia: nightly-ingest=soon: not a schedule; ")


@pytest.mark.parametrize("exists", [True, False])
def test_serve_warns_of_a_folder_that_does_not_exist_and_goes_on(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "raww").mkdir()
    command = [sys.executable, "-m", "flows.cli", "serve", "raww", "--store", "store"]
    away = {"PREFECT_API_URL": "http://127.0.0.1:1/api"}
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT), **away}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    warning = [f"{tmp_path}/raww: no such folder now; nightly-ingest fails until it is there"]
    *warned, ended = run.stderr.splitlines()
    assert (run.returncode, warned) == (2, [] if exists else warning)
    assert ended.startswith("marsmedia: Prefect's server http://127.0.0.1:1/api does not answer; ")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the signals that a process handles from /proc")
def test_sigterm_of_a_service_manager_ends_serve_as_ctrl_c_does(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "flows.cli", "serve", "raw", "--store", "store", "--port", port]
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT)}
    told = tmp_path / "told.txt"
    with told.open("wb") as out:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        status = Path(f"/proc/{process.pid}/status")
        while not int(re.findall(r"SigCgt:\s*(\w+)", status.read_text())[0], 16) >> (signal.SIGTERM - 1) & 1:
            assert process.poll() is None, told.read_text()
            time.sleep(0.2)
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
    assert told.read_text().splitlines()[-1] == "stopped"
