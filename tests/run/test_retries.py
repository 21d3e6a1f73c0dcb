"""What is the machine's fault is tried again; what is not fails at once; what takes too long is ended."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from flows.deployments import build_pack, nightly_ingest, weekly_verify
from flows.serving.tasks import patiently
from processors.errors import RequestError, StoreError
from tests.conftest import PROJECT, quiet_environment


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
    assert (patiently(work, 2, wait_seconds=0), work.calls) == ("done", 3)


def test_a_lasting_fault_is_reported_when_the_retries_are_used_up() -> None:
    work = Failing(*(OSError(errno.EIO, f"attempt {number}") for number in range(5)))
    with pytest.raises(OSError, match="attempt 2"):
        patiently(work, 2, wait_seconds=0)
    assert work.calls == 3


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a bug"),
        RequestError("a wrong word"),
        StoreError("disk full"),
        OSError("no errno"),
        TimeoutError(errno.ETIMEDOUT, "too long"),
    ],
)
def test_a_fault_that_no_retry_can_cure_fails_at_once(error: Exception) -> None:
    work = Failing(error)
    with pytest.raises(type(error)):
        patiently(work, 5, wait_seconds=0)
    assert work.calls == 1


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
