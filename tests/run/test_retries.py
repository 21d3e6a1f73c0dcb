"""What is the machine's fault is tried again; what is not fails at once; what takes too long is ended."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from flows.deployments import build_pack, nightly_ingest, weekly_verify
from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.run import Dispatch, in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from flows.serving.retries import patiently
from processors.errors import RequestError, StoreError
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi
from tests.helpers.runs import counts, ingest


def told(line: str) -> None:
    """Say nothing."""


class Failing:
    """Fails with each of these in turn, then answers."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_the_machines_fault_is_tried_again() -> None:
    work = Failing(OSError(errno.EIO, "input/output error"), OSError(errno.ESTALE, "stale file handle"))
    assert (patiently(work, 2, told, wait_seconds=0), work.calls) == ("done", 3)


def test_a_lasting_fault_is_reported_when_the_retries_are_used_up() -> None:
    work = Failing(*(OSError(errno.EIO, f"attempt {number}") for number in range(5)))
    with pytest.raises(OSError, match="attempt 2"):
        patiently(work, 2, told, wait_seconds=0)
    assert work.calls == 3


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        RequestError("a wrong word"),
        StoreError("disk full"),
        OSError("no errno"),
        OSError(errno.ENOSPC, "no space left on device"),
        TimeoutError(errno.ETIMEDOUT, "too long"),
    ],
)
def test_a_fault_that_no_retry_can_cure_fails_at_once(error: Exception) -> None:
    work = Failing(error)
    with pytest.raises(type(error)):
        patiently(work, 5, told, wait_seconds=0)
    assert work.calls == 1


class Tries:
    """Ingests, each time dispatched by the next of these, as the flow does; then in threads."""

    def __init__(self, raw: Path, store: Path, *dispatch: Dispatch, strict: bool = False) -> None:
        self.raw, self.store, self.dispatch, self.strict = raw, store, list(dispatch), strict
        self.reports: list[Report] = []
        self.lines: list[str] = []

    def __call__(self) -> Report:
        dispatch = self.dispatch.pop(0) if self.dispatch else in_threads
        name, options = f"try-{len(self.reports)}", Options(strict=self.strict)
        self.reports.append(
            run_ingest(self.raw, self.store, RECIPES, options, dispatch, name=name, earlier=self.reports)
        )
        return self.reports[-1]

    def patiently(self, retries: int) -> Report:
        return patiently(self, retries, self.lines.append, wait_seconds=0)


def grows(*paths: Path) -> Dispatch:
    """Copying these goes on when the run has planned."""

    def dispatch(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        for path in paths:
            path.write_bytes(path.read_bytes() + b"more")
        return in_threads(batches)

    return dispatch


def test_a_file_that_is_still_being_copied_is_tried_again_and_the_run_is_green(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    slow = maker.photo("slow.jpg")
    tries = Tries(raw, tmp_path / "store", grows(slow), grows(slow))
    report = tries.patiently(2)
    assert [one.state for one in tries.reports] == ["failed", "failed", "completed"]
    assert (report, counts(report)) == (tries.reports[2], (2, 2, 0, 0, 0))
    failed = "failed: of 2 results: 0 made, 0 reused, 0 refused, 2 failed"
    assert tries.lines == [f"{failed}; retry {number} of 2 in 0 s" for number in (1, 2)]


def test_a_file_that_never_stops_growing_fails_the_run_when_the_retries_are_used_up(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    slow = maker.photo("slow.jpg")
    tries = Tries(raw, tmp_path / "store", *[grows(slow)] * 4)
    report = tries.patiently(2)
    assert (len(tries.reports), report.state) == (3, "failed")
    assert {(one.file, one.is_new, one.reason) for one in report.problems} == {
        ("june/slow.jpg", True, "changed during the run: run again when it no longer changes")
    }


def test_a_damaged_file_alone_is_not_tried_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    (raw / "june/cut.png").write_bytes(maker.photo("whole.png").read_bytes()[:60])
    tries = Tries(raw, tmp_path / "store")
    assert (tries.patiently(2).state, len(tries.reports)) == ("failed", 1)


def test_a_damaged_file_beside_one_that_is_being_copied_is_new_and_fails_the_run_after_the_retry(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    slow = maker.photo("slow.jpg")
    (raw / "june/cut.png").write_bytes(maker.photo("whole.png", size=(64, 64)).read_bytes()[:60])
    (raw / "june/empty.mp4").write_bytes(b"")
    tries = Tries(raw, tmp_path / "store", grows(slow))
    report = tries.patiently(2)
    assert (len(tries.reports), report.state) == (2, "failed")
    assert {(one.file, one.verdict, one.is_new) for one in report.problems} == {
        ("june/cut.png", "failed", True),
        ("june/empty.mp4", "unsupported", True),
    }
    assert report.message == "failed: of 6 results: 2 made, 3 reused, 0 refused, 1 failed"
    again = ingest(raw, tmp_path / "store")
    assert (again.state, any(one.is_new for one in again.problems)) == ("completed with warnings", False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_stays_unreadable_is_still_new_after_the_last_retry(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("closed.jpg").chmod(0)
    tries = Tries(raw, tmp_path / "store")
    report = tries.patiently(1)
    assert [(one.state, [problem.is_new for problem in one.problems]) for one in tries.reports] == [
        ("failed", [True])
    ] * 2
    assert report is tries.reports[1]


@pytest.mark.parametrize("folder", ["", "june"])
def test_an_empty_folder_where_an_earlier_run_found_files_is_tried_again(
    raw: Path, maker: MediaMaker, tmp_path: Path, folder: str
) -> None:
    maker.photo("a.jpg")
    (raw / "july").mkdir()
    MediaMaker(raw / "july").photo("b.jpg", size=(64, 64))
    assert ingest(raw, tmp_path / "store").state == "completed"
    (raw / folder).rename(tmp_path / "away")
    (raw / folder).mkdir()
    tries = Tries(raw, tmp_path / "store")

    def mounts_before_the_last(line: str) -> None:
        if len(tries.reports) == 2:
            (raw / folder).rmdir()
            (tmp_path / "away").rename(raw / folder)

    report = patiently(tries, 3, mounts_before_the_last, wait_seconds=0)
    assert [one.state for one in tries.reports] == ["failed", "failed", "completed"]
    assert report.message == "completed: of 4 results: 0 made, 4 reused, 0 refused, 0 failed"


@pytest.mark.slow
@pytest.mark.prefect
def test_the_nightly_run_over_an_empty_mount_point_waits_for_the_mount_and_is_never_failed(
    prefect_server: str, raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    maker.photo("a.jpg")
    assert ingest(raw, store).state == "completed"
    raw.rename(tmp_path / "away")
    raw.mkdir()
    code = (
        "from flows.deployments import nightly_ingest as flow\n"
        f"state = flow(raw={str(raw)!r}, store={str(store)!r}, recipe='light', retries=3, return_state=True)\n"
        "print(state.state_details.flow_run_id, state.name)"
    )
    environment = {**quiet_environment(tmp_path), "PREFECT_API_URL": prefect_server, "PYTHONPATH": str(PROJECT)}
    run = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        while run.poll() is None and not _has_failed_run(store):
            time.sleep(0.2)
        raw.rmdir()
        (tmp_path / "away").rename(raw)
        output, _ = run.communicate(timeout=400)
    finally:
        run.kill()
    flow_run, ended = output.split()
    assert ended == "Completed"
    states = PrefectApi(prefect_server).ask(f"flow_run_states/?flow_run_id={flow_run}")
    assert [one["type"] for one in states][-2:] == ["RUNNING", "COMPLETED"]


def _has_failed_run(store: Path) -> bool:
    return any('"state": "failed"' in path.read_text(encoding="utf-8") for path in store.glob("runs/*.json"))


def test_every_scheduled_run_has_a_time_out_below_its_period() -> None:
    hours = {flow.name: (flow.timeout_seconds or 0) / 3600 for flow in (nightly_ingest, weekly_verify, build_pack)}
    assert hours == {"ingest": 20, "verify": 6 * 24, "pack": 12}


@pytest.mark.slow
@pytest.mark.prefect
def test_a_run_that_takes_too_long_is_ended_and_reported(prefect_server: str, tmp_path: Path) -> None:
    code = (
        "from flows.deployments import nightly_ingest as flow\n"
        "state = flow.with_options(timeout_seconds=2)(raw='/no/such', retries=10, return_state=True)\n"
        "print(state.name, '|', state.message)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**quiet_environment(tmp_path), "PREFECT_API_URL": prefect_server, "PYTHONPATH": str(PROJECT)},
    )
    assert run.stdout == "TimedOut | Flow run exceeded timeout of 2.0 second(s)\n", run.stderr
