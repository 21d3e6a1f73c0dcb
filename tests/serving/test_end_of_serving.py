"""The end of `marsmedia serve`: by a signal, by a second one, and by a kill, with a run at work."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from flows.serving.end_of_serving import SERVED_BY, mark_runs
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.service import Service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over photos that take a while, one release a test."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "raw").mkdir()
    service = Service(folder)
    yield service
    service.kill()


@pytest.mark.slow
@pytest.mark.prefect
def test_the_run_at_work_ends_with_a_report_before_serve_does(served: Service, tmp_path: Path) -> None:
    served.start()
    told = _at_work(served, tmp_path)
    served.stop(signal.SIGTERM)
    _ended_well(served, told)


@pytest.mark.slow
@pytest.mark.prefect
def test_sigterm_interrupts_the_run_where_a_shell_has_serve_ignore_ctrl_c(served: Service, tmp_path: Path) -> None:
    served.start(ignores=[signal.SIGINT, signal.SIGHUP])
    told = _at_work(served, tmp_path)
    below = psutil.Process(served.process.pid).children(recursive=True)
    served.process.send_signal(signal.SIGINT)
    served.process.send_signal(signal.SIGHUP)
    served.stop(signal.SIGTERM)
    _ended_well(served, told)
    assert [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_anything_is_served_ends_serve_and_its_server_at_once(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "raw").mkdir()
    starting = Service(tmp_path)
    starting.start()
    below: list[psutil.Process] = []
    while not below:
        assert starting.process.poll() is None
        below = psutil.Process(starting.process.pid).children()
    starting.stop(number)
    _gone(below)
    *before, last = (tmp_path / "journal.txt").read_text().splitlines()
    assert (before in ([], [f"a new store was begun in {tmp_path}/store"]), last) == (True, "stopped")


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.parametrize("has_begun", [False, True])
def test_a_run_whose_work_has_not_begun_is_cancelled_and_not_crashed(served: Service, has_begun: bool) -> None:
    served.start()
    run = served.started_run(raw="/no/such/folder", retries=10)
    if has_begun:
        served.wait_for("RUNNING", run)
    else:
        served.wait_for_process_of(run)
    served.stop(signal.SIGTERM)
    served.start()
    stopped = served.wait_for("CANCELLED", run)
    assert stopped["state"]["message"] == "interrupted: marsmedia serve was stopped"


@pytest.mark.slow
@pytest.mark.prefect
def test_a_second_sigterm_ends_serve_and_its_run_at_once(served: Service, tmp_path: Path) -> None:
    served.start(ignores=[signal.SIGINT])
    waiting = served.wait_for("RUNNING", served.started_run(raw="/no/such/folder", retries=10))
    served.process_of(waiting["id"]).suspend()  # it does not hear the first one
    below = psutil.Process(served.process.pid).children(recursive=True)
    served.process.terminate()
    time.sleep(5)  # an interrupted run has a minute
    assert served.process.poll() is None
    served.process.terminate()
    assert served.process.wait(timeout=20) == 128 + signal.SIGTERM
    _gone(below)
    served.kill()


@pytest.mark.slow
@pytest.mark.prefect
def test_the_run_of_a_killed_serve_is_interrupted_with_a_report_and_ends(served: Service, tmp_path: Path) -> None:
    served.start(ignores=[signal.SIGINT])
    _at_work(served, tmp_path)
    below = psutil.Process(served.process.pid).children(recursive=True)
    served.kill()
    _gone(below)
    assert _newest_report(served)["state"] == "interrupted"


@pytest.mark.parametrize(("is_run", "is_told"), [(False, True), (True, False)])
def test_a_killed_run_prints_nothing_about_what_it_leaves(
    monkeypatch: pytest.MonkeyPatch, is_run: bool, is_told: bool
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "ignore::ImportWarning")
    monkeypatch.setenv(SERVED_BY, "")
    if is_run:
        mark_runs()
        assert os.environ["PYTHONWARNINGS"] == "ignore::ImportWarning,ignore:resource_tracker:UserWarning"
    code = (
        "import multiprocessing, os, signal; left = multiprocessing.get_context('spawn').Semaphore();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (run.returncode, "leaked semaphore" in run.stderr) == (-signal.SIGKILL, is_told)


def _at_work(served: Service, folder: Path) -> int:
    """Wait until a run over new photos has made a result; give the number of lines that serve has printed."""
    (folder / "raw").mkdir()
    for side_px in range(300, 500):
        MediaMaker(folder / "raw").photo(f"{side_px}.jpg", size=(2 * side_px, side_px))
    began = time.time()
    served.started_run(raw=str(folder / "raw"))
    for _ in range(480):
        if any(path.stat().st_mtime > began for path in (served.store / "results").rglob("manifest.json")):
            break
        time.sleep(0.25)
    return len(_printed(served))


def _printed(served: Service) -> list[str]:
    return (served.folder / "journal.txt").read_text(encoding="utf-8").splitlines()


def _ended_well(served: Service, told: int) -> None:
    """The run that was at work when so many lines had been printed was interrupted, with a report."""
    *_, ended, last = _printed(served)[told:]
    assert last == "stopped"
    assert re.fullmatch(
        r"[\d-]+ [\d:]+  nightly-ingest: cancelled after \d+ s: interrupted: of \d+ results: "
        r"[1-9]\d* made, \d+ reused, 0 refused, 0 failed, [1-9]\d* not reached",
        ended,
    ), ended
    assert _newest_report(served)["state"] == "interrupted"


def _newest_report(served: Service) -> dict[str, object]:
    newest = Store(served.store).records("runs")[0]
    return json.loads(newest.read_text())


def _gone(processes: list[psutil.Process]) -> None:
    assert processes
    assert psutil.wait_procs(processes, timeout=90)[1] == []
