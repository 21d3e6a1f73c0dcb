"""Runs of the command are recorded in Prefect where there is a server, and done without it where there is none."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.cli.plan_and_run import plan_and_run
from flows.run.options import Options
from flows.run.planning.prepare import Prepared, prepare
from flows.run.progress import RunProgress
from flows.serving.server_of_runs import configured_server, server_of_runs
from flows.serving.sole_service import sole_service
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.conftest import Run, quiet_environment
from tests.helpers.command import in_this_process
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi
from tests.helpers.relay import Relay
from tests.helpers.stopped_runs import RESULTS, much_work, start, stop, wait_for_end, wait_for_results

ADDRESS = "http://127.0.0.1:1/api"
"""Where nothing listens."""


@pytest.mark.prefect
def test_a_run_is_recorded_with_its_name_its_state_its_log_and_its_report(
    marsmedia: Run, raw: Path, maker: MediaMaker, tmp_path: Path, prefect_server: str
) -> None:
    whole = maker.photo("photo.jpg")
    whole.write_bytes(whole.read_bytes()[:-3000])
    run = marsmedia("ingest", raw, "--store", tmp_path / "store", PREFECT_API_URL=prefect_server)
    begun = f"a new store was begun in {tmp_path}/store"
    assert (run.returncode, run.stderr) == (1, f"marsmedia: {begun}\n")
    (line,) = [line for line in run.stdout.splitlines() if "june/photo.jpg" in line]
    ask = PrefectApi(prefect_server).ask
    (recorded,) = ask("flow_runs/filter", flow_runs={"name": {"any_": [f"ingest {raw}"]}})
    assert recorded["state"]["type"] == "FAILED"
    path = next(one for one in run.stdout.splitlines() if one.startswith("report: "))
    assert recorded["state"]["message"].splitlines() == [run.stdout.splitlines()[0], line.strip(), path]
    assert [one["message"] for one in _logs(ask, recorded["id"])] == [begun, line.strip()]
    tasks = ask("task_runs/filter", task_runs={"flow_run_id": {"any_": [recorded["id"]]}})
    assert [one["name"] for one in tasks] == ["2 results of june/photo.jpg"]
    (report,) = [one for one in ask("artifacts/filter", sort="CREATED_DESC") if one["flow_run_id"] == recorded["id"]]
    assert (report["key"], report["description"]) == ("marsmedia-ingest", run.stdout.splitlines()[0])


@pytest.mark.prefect
def test_a_check_that_finds_a_damaged_file_fails_in_words(
    marsmedia: Run, raw: Path, maker: MediaMaker, tmp_path: Path, prefect_server: str, python_path: str
) -> None:
    maker.photo("photo.jpg")
    store = tmp_path / "store"
    assert marsmedia("ingest", raw, "--store", store).returncode == 0
    (item,) = store.glob("results/*/*/metadata/*/metadata.json")
    item.chmod(0o644)
    item.write_bytes(item.read_bytes().replace(b"{", b"[", 1))
    script = tmp_path / "check.py"
    script.write_text(f"from flows.verify import verify\nverify(store={str(store)!r}, sample=0, return_state=True)\n")
    environment = {**quiet_environment(tmp_path), "PREFECT_API_URL": prefect_server, "PYTHONPATH": python_path}
    ran = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert not re.search("Traceback|TypeError|unexpected exception", ran.stderr)
    ask = PrefectApi(prefect_server).ask
    (recorded,) = ask("flow_runs/filter", flow_runs={"name": {"any_": [f"verify {store}"]}})
    assert recorded["state"]["type"] == "FAILED"
    assert ": 1 faults; " in recorded["state"]["message"]
    faults = [one["message"] for one in _logs(ask, recorded["id"]) if item.name in one["message"]]
    assert len(faults) == 1
    assert faults[0].startswith("damaged: ")


@pytest.mark.prefect
def test_a_run_that_fails_with_nothing_to_do_is_recorded(
    marsmedia: Run, raw: Path, maker: MediaMaker, tmp_path: Path, prefect_server: str
) -> None:
    maker.photo("photo.jpg")
    (raw / "june/empty.mp4").write_bytes(b"")
    words = ("ingest", raw, "--store", tmp_path / "store")
    assert marsmedia(*words).returncode == 0
    whole = "completed with warnings: of 2 results: 0 made, 2 reused, 0 refused, 0 failed"
    assert marsmedia(*words, PREFECT_API_URL=prefect_server).stdout.splitlines()[0] == whole
    assert marsmedia(*words, "--strict", PREFECT_API_URL=prefect_server).returncode == 1
    raw.rename(tmp_path / "away")
    raw.mkdir()
    assert marsmedia(*words, PREFECT_API_URL=prefect_server).returncode == 1
    found = PrefectApi(prefect_server).ask(
        "flow_runs/filter", flow_runs={"name": {"any_": [f"ingest {raw}"]}}, sort="START_TIME_ASC"
    )
    assert [(one["state"]["type"], one["state"]["message"].splitlines()[0]) for one in found] == [
        ("FAILED", "failed: of 2 results: 0 made, 2 reused, 0 refused, 0 failed"),
        ("FAILED", f"failed: 0 files in {raw}, where an earlier run found 2: is it mounted?"),
    ]


def _logs(ask: Callable[..., Any], run: str) -> list[dict[str, Any]]:
    """A run's log, which Prefect sends a moment after the run."""
    for _ in range(100):
        if found := ask("logs/filter", logs={"flow_run_id": {"any_": [run]}}):
            return found
        time.sleep(0.1)
    return []


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_recorded_run_at_once_and_loses_nothing(
    raw: Path, tmp_path: Path, python_path: str, prefect_server: str, kind: signal.Signals
) -> None:
    much_work(raw / "june")
    environment = {**quiet_environment(tmp_path / "home"), "PREFECT_API_URL": prefect_server}
    run = start(raw, tmp_path / "store", environment | {"PYTHONPATH": python_path})
    wait_for_results(run, tmp_path / "store", 1)
    report = stop(run, tmp_path / "store", kind)
    ask = PrefectApi(prefect_server).ask
    (recorded,) = ask("flow_runs/filter", flow_runs={"name": {"any_": [f"ingest {raw}"]}})
    assert (recorded["state"]["type"], recorded["state"]["message"]) == ("CANCELLED", report["message"])


GONE_SECONDS = 90
"""More than a run needs for its work, the time in which its server may come back, and its end."""


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.parametrize("kind", [None, signal.SIGINT, signal.SIGTERM])
def test_a_run_whose_server_goes_ends_at_once_with_its_report_and_one_sentence(
    raw: Path, tmp_path: Path, python_path: str, prefect_server: str, kind: signal.Signals | None
) -> None:
    much_work(raw / "june")
    relay = Relay(prefect_server)
    environment = {**quiet_environment(tmp_path / "home"), "PREFECT_API_URL": relay.address}
    run = start(raw, tmp_path / "store", environment | {"PYTHONPATH": python_path})
    wait_for_results(run, tmp_path / "store", 3)
    relay.close()
    if kind:
        run.send_signal(kind)
    out, err = run.communicate(timeout=GONE_SECONDS)
    report = json.loads(out)
    assert (run.returncode, report["state"]) == ((128 + kind, "interrupted") if kind else (0, "completed"))
    gone = f"marsmedia: Prefect's server {relay.address} has gone: the end of this run is not recorded there"
    begun = f"marsmedia: a new store was begun in {tmp_path}/store"
    assert err.splitlines() == [begun, gone]
    wait_for_end(run.pid)


@pytest.mark.prefect
def test_a_run_whose_server_goes_before_it_is_recorded_does_its_work(
    raw: Path,
    maker: MediaMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prefect_server: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    maker.photo("photo.jpg")
    relay = Relay(prefect_server)
    store = open_store(tmp_path / "store")

    def flow() -> Any:
        from prefect.client.orchestration import get_client

        relay.close()
        return get_client(sync_client=True).read_flow_runs()

    monkeypatch.setenv("PREFECT_API_URL", relay.address)

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare(raw, store, RECIPES, progress, Options(quiet=True))

    code = plan_and_run(look, store.root, Options(quiet=True), flow, asked=str(raw), as_json=True)
    assert code == 0
    (report,) = store.records("runs")
    assert json.loads(report.read_bytes())["results"]["made"] == 2
    gone = f"marsmedia: Prefect's server {relay.address} has gone: this run is not recorded there"
    assert capsys.readouterr().err.splitlines()[-1] == gone
    assert in_this_process("status", "--store", str(store.root)).returncode == 0, "this process goes on"


@pytest.mark.slow
@pytest.mark.prefect
def test_a_server_that_comes_back_in_time_records_the_end(
    raw: Path, maker: MediaMaker, tmp_path: Path, python_path: str, prefect_server: str
) -> None:
    much_work(raw / "june")
    relay = Relay(prefect_server)
    environment = {**quiet_environment(tmp_path / "home"), "PREFECT_API_URL": relay.address}
    run = start(raw, tmp_path / "store", environment | {"PYTHONPATH": python_path})
    wait_for_results(run, tmp_path / "store", 3)
    relay.close()
    wait_for_results(run, tmp_path / "store", RESULTS)
    again = Relay(prefect_server, relay.port)
    out, err = run.communicate(timeout=GONE_SECONDS)
    again.close()
    assert (run.returncode, err.splitlines()) == (0, [f"marsmedia: a new store was begun in {tmp_path}/store"])
    (recorded,) = PrefectApi(prefect_server).ask("flow_runs/filter", flow_runs={"name": {"any_": [f"ingest {raw}"]}})
    assert (recorded["state"]["type"], recorded["state"]["message"]) == ("COMPLETED", json.loads(out)["message"])


def test_a_silent_server_is_reported_and_the_work_is_done(
    marsmedia: Run, raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("photo.jpg")
    run = marsmedia("ingest", raw, "--store", tmp_path / "store", "--json", PREFECT_API_URL=ADDRESS)
    begun = f"a new store was begun in {tmp_path}/store"
    note = f"Prefect's server {ADDRESS} does not answer: this run is not recorded there"
    assert (run.returncode, run.stderr) == (0, f"marsmedia: {begun}\nmarsmedia: {note}\n")
    report = json.loads(run.stdout)
    assert (report["state"], report["results"]["made"], report["notes"]) == ("completed", 2, [begun, note])


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No server in the environment, and no settings of Prefect on this machine."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.parametrize(
    ("file", "text", "address"),
    [
        ("home/profiles.toml", 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "{}"\n[profiles.b]\n', ADDRESS),
        ("home/profiles.toml", 'active = "b"\n[profiles.a]\nPREFECT_API_URL = "{}"\n[profiles.b]\n', None),
        (".env", "PREFECT_API_URL={}\n", ADDRESS),
        ("prefect.toml", '[api]\nurl = "{}"\n', ADDRESS),
        ("pyproject.toml", '[tool.prefect.api]\nurl = "{}"\n', ADDRESS),
        ("pyproject.toml", '[project]\ndependencies = ["prefect>=3.8"]\n', None),
    ],
)
def test_the_server_is_the_one_of_prefects_own_settings(
    marsmedia: Run, unset: pytest.MonkeyPatch, tmp_path: Path, file: str, text: str, address: str | None
) -> None:
    import subprocess
    import sys

    (tmp_path / "home").mkdir()
    (tmp_path / file).write_text(text.format(ADDRESS))
    code = "from flows.serving.server_of_runs import configured_server; print(configured_server())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.strip() == str(address)


def test_runs_of_a_served_store_are_recorded_until_it_is_no_longer_served(
    unset: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, other = Store(tmp_path / "store"), Store(tmp_path / "other")
    assert server_of_runs(store) is None
    with sole_service(store, ADDRESS) as service:
        assert server_of_runs(store) is None, "the server is starting"
    with sole_service(store, ADDRESS) as service, service.announced():
        assert (server_of_runs(store), server_of_runs(other)) == (ADDRESS, None)
        unset.setattr("platform.node", lambda: "another-machine")
        assert server_of_runs(store) is None
        unset.setenv("PREFECT_API_URL", "http://127.0.0.1:3/api")
        assert server_of_runs(store) == configured_server() == "http://127.0.0.1:3/api"
    unset.undo()
    assert not (store.claims_folder / "serve").exists()
