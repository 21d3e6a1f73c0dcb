"""A problem is known once a report told it: what a killed or stopped run met first is new to the run after it."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from flows.run.interrupt import Terminated
from flows.run.options import Options
from flows.run.reporting.report import Report, message_with_problems
from flows.run.reporting.run_record import ENDED_BEFORE, name_of_run
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

How = str
"""How a run ends: one of `ENDS`, or `AFTER`."""
ENDS = ("killed", "stopped")
AFTER = "killed after a run elsewhere"


def killed_when_done(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Work, and be killed."""
    list(in_threads(batches))
    os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def killed_after_a_run_elsewhere(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Let a run over another folder begin and end, work, and be killed."""
    (store,) = {batch.store for batch in batches}
    other = threading.Thread(target=ingest, args=(store.parent / "other", store))
    other.start()
    other.join()
    yield from killed_when_done(batches)


def stopped_when_done(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Work, and be stopped by SIGTERM before the run hears of it."""
    list(in_threads(batches))
    yield Terminated(signal.SIGTERM)


def _run(raw: Path, store: Path, how: How) -> None:
    dispatch = {"killed": killed_when_done, "stopped": stopped_when_done, AFTER: killed_after_a_run_elsewhere}[how]
    run_ingest(raw, store, RECIPES, Options(quiet=True), dispatch, name=name_of_run(f"{how}-{os.getpid()}"))


def silently(raw: Path, store: Path, how: How) -> None:
    """Run in a process of its own, which ends without telling anybody."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(raw, store, how))
    process.start()
    process.join(60)
    assert process.exitcode == (-signal.SIGKILL if how != "stopped" else 0)


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


@pytest.mark.parametrize("is_met_by_silent_run", [True, False])
@pytest.mark.parametrize("act", ["rename", "copy"])
def test_what_a_report_has_told_is_known_at_another_path_too_after_a_killed_run(
    raw: Path, maker: MediaMaker, tmp_path: Path, act: str, is_met_by_silent_run: bool
) -> None:
    store, bad = tmp_path / "store", raw / "june/none.jpg"
    whole, cut = maker.photo("whole.jpg"), maker.tone("cut.wav")

    def spoil() -> None:
        bad.write_bytes(whole.read_bytes()[:200])
        cut.write_bytes(cut.read_bytes()[:-5000])

    if is_met_by_silent_run:
        spoil()
        silently(raw, store, "killed")
    else:
        silently(raw, store, "killed")
        assert ingest(raw, store).state == "completed"
        spoil()
    told = {("june/none.jpg", "failed"), ("june/cut.wav", "damaged")}
    assert news(ingest(raw, store)) == told
    if act == "rename":
        (raw / "june").rename(raw / "july")
    else:
        shutil.copytree(raw / "june", raw / "july")
    report = ingest(raw, store)
    assert (report.state, news(report)) == ("completed with warnings", set())
    named = {(one.file, one.verdict) for one in report.problems}
    assert named == {("july/none.jpg", "failed"), ("july/cut.wav", "damaged")}, "a copy's too: it comes first"


def test_a_problem_that_a_killed_run_met_after_another_run_had_ended_is_new(
    release: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    store, other = tmp_path / "store", release.parent / "other"
    (other / "may").mkdir(parents=True)
    MediaMaker(other / "may").photo("may.jpg", size=(200, 100))
    silently(release, store, AFTER)
    assert ingest(other, store).state == "completed", "it finds the killed run, and has nothing to tell of it"
    assert {file for file, _ in news(ingest(release, store))} >= {"june/none.jpg", "june/cut.wav"}


def test_what_was_met_long_after_a_killed_run_is_known_whatever_a_report_called_it(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    whole = maker.photo("whole.jpg").read_bytes()
    silently(raw, store, "killed")
    time.sleep(1.1)  # records have whole seconds, by which the start of the next run is later
    assert ingest(raw, store).state == "completed"
    (raw / "june/none.jpg").write_bytes(whole[:200])
    assert news(ingest(raw, store)) == {("june/none.jpg", "failed")}
    for is_of_earlier_version in (False, True):
        for path in Store(store).records("runs"):
            record = json.loads(path.read_bytes())
            for one in record.get("problems", ()):
                one["reason"] = "words of an earlier version"
            if is_of_earlier_version:  # which kept no end of a killed run
                record.pop(ENDED_BEFORE, None)
            path.write_text(json.dumps(record))
        maker.photo(f"later-{is_of_earlier_version}.jpg", size=(300, 200 + is_of_earlier_version))
        report = ingest(raw, store)
        assert (report.state, news(report)) == ("completed with warnings", set())
