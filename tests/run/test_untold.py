"""A problem is known once a report told it: what a killed or stopped run met first is new to the run after it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from flows.run.interrupt import Terminated
from flows.run.options import Options
from flows.run.reporting.report import Report, message_with_problems
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

How = str
"""How a run ends: `killed` or `stopped`."""
ENDS = ("killed", "stopped")


def killed_when_done(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Work, and be killed."""
    list(in_threads(batches))
    os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def stopped_when_done(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Work, and be stopped by SIGTERM before the run hears of it."""
    list(in_threads(batches))
    yield Terminated(signal.SIGTERM)


def _run(raw: Path, store: Path, how: How) -> None:
    dispatch = {"killed": killed_when_done, "stopped": stopped_when_done}[how]
    run_ingest(raw, store, RECIPES, Options(quiet=True), dispatch, name=f"{how}-{os.getpid()}")


def silently(raw: Path, store: Path, how: How) -> None:
    """Run in a process of its own, which ends without telling anybody."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(raw, store, how))
    process.start()
    process.join(60)
    assert process.exitcode == (-signal.SIGKILL if how == "killed" else 0)


def news(report: Report) -> set[tuple[str, str]]:
    return {(one.file, one.verdict) for one in report.problems if one.is_new}


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    """A whole photo, one that is not even a header, a cut sound, and a file that no reader knows."""
    whole = maker.photo("whole.jpg").read_bytes()
    cut = maker.tone("cut.wav")
    cut.write_bytes(cut.read_bytes()[:-5000])
    (raw / "june/none.jpg").write_bytes(whole[:200])
    (raw / "june/unknown.bin").write_bytes(b"\1\2\3\4" * 100)
    return raw


@pytest.mark.parametrize("how", ENDS)
def test_what_a_silent_run_met_first_fails_the_next_one_and_is_known_after_it(
    release: Path, tmp_path: Path, how: How
) -> None:
    store = tmp_path / "store"
    told = ingest(release, tmp_path / "told")
    silently(release, store, how)
    report = ingest(release, store)
    assert report.results.due == 0, "nothing is made again"
    assert report.state == "failed"
    assert (
        news(report)
        == news(told)
        == {("june/cut.wav", "damaged"), ("june/none.jpg", "failed"), ("june/unknown.bin", "unsupported")}
    )
    assert "failed: june/none.jpg: " in message_with_problems(report)
    again = ingest(release, store)
    assert (again.state, news(again)) == ("completed with warnings", set())
    assert len(again.problems) == len(report.problems)


@pytest.mark.parametrize("how", ENDS)
def test_what_was_told_before_a_silent_run_stays_known(
    release: Path, maker: MediaMaker, tmp_path: Path, how: How
) -> None:
    store = tmp_path / "store"
    assert ingest(release, store).state == "failed"
    maker.photo("later.jpg", size=(300, 200))
    silently(release, store, how)
    report = ingest(release, store)
    assert (report.state, news(report)) == ("completed with warnings", set())


def test_what_two_silent_runs_met_is_told_by_the_first_that_ends_even_after_a_run_elsewhere(
    release: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    store, other = tmp_path / "store", tmp_path / "other"
    (other / "may").mkdir(parents=True)
    MediaMaker(other / "may").photo("may.jpg", size=(200, 100))
    silently(release, store, "killed")
    (release / "june/none-2.jpg").write_bytes((release / "june/none.jpg").read_bytes()[:150])
    silently(release, store, "stopped")
    assert ingest(other, store).state == "completed", "a run over another folder has nothing to tell of them"
    assert {file for file, _ in news(ingest(release, store))} >= {"june/none.jpg", "june/none-2.jpg"}
    assert news(ingest(other, store)) == set()
    assert news(ingest(release, store)) == set()


def test_a_damaged_record_of_a_run_makes_nothing_new(release: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest(release, store)
    for record in Store(store).records("runs"):
        record.write_text("{")
    assert ingest(release, store).state == "completed with warnings"


def test_a_withdrawal_that_a_silent_run_met_is_new_to_the_next(
    release: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    ingest(release, store)
    (release / "june/whole.jpg").unlink()
    maker.photo("later.jpg", size=(300, 200))
    silently(release, store, "killed")
    assert news(ingest(release, store)) == {("june/whole.jpg", "withdrawn")}
    (last, *_) = Store(store).records("runs")
    assert [one["file"] for one in json.loads(last.read_bytes())["problems"] if one["is_new"]] == ["june/whole.jpg"]
