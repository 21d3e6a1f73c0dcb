"""A run that is killed, interrupted, or out of space on its disk keeps what it had made, and the next one goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.stopped_runs import (
    RESULTS,
    kill_a_worker,
    much_work,
    start,
    stop,
    stored,
    wait_for_end,
    wait_for_results,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def much(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("much")
    (raw / "june").mkdir()
    much_work(raw / "june")
    return raw


@pytest.fixture
def environment(tmp_path: Path, python_path: str) -> dict[str, str]:
    return {**quiet_environment(tmp_path / "home"), "PYTHONPATH": python_path}


@pytest.mark.parametrize("results_before_death", [0, 3, 20])
def test_killed_at_any_moment_and_started_again_completes(
    much: Path, tmp_path: Path, marsmedia: Run, environment: dict[str, str], results_before_death: int
) -> None:
    store = tmp_path / "store"
    run = start(much, store, environment)
    wait_for_results(run, store, results_before_death)
    run.kill()
    run.communicate(timeout=60)
    wait_for_end(run.pid)
    there = stored(store)
    if there:
        known = json.loads(marsmedia("status", "--store", store, "--json").stdout)
        assert sum(sum(verdicts.values()) for verdicts in known["results"].values()) == there
        assert known["last_run"]["state"] == "ended without a report"
        assert f"(process {run.pid} on " in known["last_run"]["message"]
    report = json.loads(marsmedia("ingest", much, "--store", store, "--json").stdout)
    told = [note.partition(":")[0] for note in report["notes"] if not note.startswith("a new store was begun in ")]
    assert told == (["an earlier run ended without a report"] if there else [])
    counts = report["results"]
    assert (counts["inputs"], counts["reused"], counts["made"]) == (RESULTS, there, RESULTS - there)
    assert marsmedia("verify", "--store", store).returncode == 0
    assert list((store / "scratch").iterdir()) == []


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_at_once_and_loses_nothing(
    much: Path, tmp_path: Path, marsmedia: Run, environment: dict[str, str], kind: signal.Signals
) -> None:
    store = tmp_path / "store"
    run = start(much, store, environment)
    wait_for_results(run, store, 1)
    stop(run, store, kind)
    assert json.loads(marsmedia("ingest", much, "--store", store, "--json").stdout)["state"] == "completed"


def test_a_crash_of_one_of_three_workers_costs_no_result(tmp_path: Path, environment: dict[str, str]) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "june").mkdir(parents=True)
    for number in range(3):
        MediaMaker(raw / "june").video(f"{number}.mp4", list(range(600)), sound_hz=440.0 + number)
    run = start(raw, store, environment, "--workers", "3")
    kill_a_worker(run, signal.SIGSEGV, of=3)
    out, err = run.communicate(timeout=120)
    wait_for_end(run.pid)
    report = json.loads(out.splitlines()[-1])
    assert (run.returncode, report["state"], report["problems"]) == (0, "completed", []), err
    assert report["results"]["made"] == report["results"]["inputs"] == stored(store)
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_stops_the_run_and_loses_nothing(much: Path, tmp_path: Path, marsmedia: Run) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine does not let tests mount a small file system")
    try:
        run = marsmedia("ingest", much, "--store", disk / "store")
        assert run.returncode == 1, run.stderr
        assert "the disk is full: free some space and run again" in run.stdout
        assert "Traceback" not in run.stderr
        there = stored(disk / "store")
        subprocess.run(["mount", "-o", "remount,size=400m", disk], check=True)
        report = json.loads(marsmedia("ingest", much, "--store", disk / "store", "--json").stdout)
        assert report["state"] == "completed"
        assert report["results"]["reused"] == there
        assert there > 0, "the disk was full before anything was made: mount a larger one"
        assert marsmedia("verify", "--store", disk / "store").returncode == 0
    finally:
        subprocess.run(["umount", disk], check=True)
