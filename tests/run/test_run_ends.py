"""However a run ends, its report adds up with what is in the store, and the next run knows of it."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.cli.plan_and_run import plan_and_run
from flows.cli.printing.print_report import print_report
from flows.run.checking.check_store import hash_all
from flows.run.interrupt import Terminated, signal_of
from flows.run.options import Options
from flows.run.planning.prepare import Prepared, prepare
from flows.run.progress import RunProgress
from flows.run.reporting.report import Report
from flows.run.reporting.run_record import name_of_run
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.engine.wanted_results import Recipes
from processors.errors import StoreError
from processors.json_records import from_json
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.store.catalogue.catalogue import Catalogue
from processors.store.claims import claim_run, claim_source
from processors.store.store import Store
from tests.conftest import Run
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

PLANNING_SECONDS = 3.0
"""More than the rest of a run of one small photo takes."""


def committed(store: Path) -> int:
    return len(list(store.glob("results/*/*/*/*/manifest.json")))


def status(store: Path) -> str:
    return CliRunner().invoke(main, ["status", "--store", str(store)], catch_exceptions=False).output


@pytest.fixture
def photos(raw: Path, maker: MediaMaker) -> Path:
    """200 results to make."""
    for number in range(100):
        maker.photo(f"{number}.jpg", size=(320 + number, 240))
    return raw


def test_an_interrupted_run_counts_everything_that_its_workers_committed(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"

    def interrupted(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        for _ in in_threads([replace(batch, due=batch.due[:5]) for batch in batches]):
            raise KeyboardInterrupt  # and with it the answer is lost
        return ()

    report = run_ingest(photos, store, RECIPES, Options(), interrupted, name="interrupted")
    counts(report)
    assert (report.state, report.exit_code) == ("interrupted", 130)
    assert report.results.made == committed(store) > 0
    assert Catalogue(Store(store)).table("results").num_rows == committed(store)
    assert f"{report.results.made} made" in status(store).splitlines()[-1]
    failures = CliRunner().invoke(main, ["failures", "--store", str(store)]).output.splitlines()
    assert failures[-1] == (
        f"the last run did not finish: interrupted (SIGINT); results not reached: {report.results.not_reached}"
    )
    assert list((store / "scratch").iterdir()) == list((store / "claims").iterdir()) == []


def test_batches_are_plain_data_that_can_be_sent_elsewhere(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")

    def sent(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        return in_threads([pickle.loads(pickle.dumps(batch)) for batch in batches])

    report = run_ingest(raw, tmp_path / "store", RECIPES, Options(), sent, name="sent")
    assert counts(report) == (2, 2, 0, 0, 0)


def test_the_signal_that_prefect_raises_is_reported_by_its_name() -> None:
    from prefect.exceptions import TerminationSignal

    assert signal_of(TerminationSignal(signal=signal.SIGTERM)) == signal_of(Terminated(signal.SIGTERM)) == "SIGTERM"
    assert (signal_of(KeyboardInterrupt()), signal_of(ValueError())) == ("SIGINT", None)


def test_a_bug_in_the_run_itself_ends_in_a_report_with_the_traceback(photos: Path, tmp_path: Path) -> None:
    def broken(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        yield from in_threads(batches[:1])
        raise ZeroDivisionError("division by zero")

    report = run_ingest(photos, tmp_path / "store", RECIPES, Options(), broken, name="broken")
    assert report.message.startswith(
        "a fault in marsmedia: ZeroDivisionError: division by zero: please report it; failed"
    )
    assert (report.state, report.exit_code) == ("failed", 3)
    assert report.stop
    assert "in broken" in (report.stop.traceback or "")
    assert report.results.made == committed(tmp_path / "store") > 0
    assert report.report
    assert json.loads(Path(report.report).read_bytes())["stop"]["reason"] == report.stop.reason


@pytest.fixture
def answering() -> Iterator[str]:
    """The address of a server that answers, and is no more than that."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.mark.parametrize(
    ("flow", "code", "reason"),
    [
        (lambda: 1 / 0, 3, "a fault in marsmedia: ZeroDivisionError: division by zero: please report it"),
        (lambda: SimpleNamespace(message="the server is away"), 1, "the flow could not start: the server is away"),
    ],
)
def test_a_command_reports_whatever_comes_of_its_flow(
    raw: Path,
    maker: MediaMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answering: str,
    flow: Callable[[], Any],
    code: int,
    reason: str,
) -> None:
    maker.photo("photo.jpg")

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare(raw, store, RECIPES, progress, Options())

    monkeypatch.setenv("PREFECT_API_URL", answering)
    assert plan_and_run(look, tmp_path / "store", Options(), flow, asked=str(raw), as_json=True) == code
    out, err = capsys.readouterr()
    report = json.loads(out)
    print_report(from_json(Report, report))
    assert "browse: " not in capsys.readouterr().out  # there is nothing to browse yet
    assert report["message"] == f"{reason}; failed: of 2 results: 0 made, 0 reused, 0 refused, 0 failed, 2 not reached"
    assert json.loads(Path(report["report"]).read_bytes()) == report
    assert ("Traceback" in err) == (code == 3)


def test_a_run_counts_the_seconds_that_it_planned(
    raw: Path, maker: MediaMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker.photo("photo.jpg")

    def look(store: Store, progress: RunProgress) -> Prepared:
        time.sleep(PLANNING_SECONDS)
        return prepare(raw, store, RECIPES, progress, Options())

    assert plan_and_run(look, tmp_path / "store", Options(), lambda: None, asked=str(raw), as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] >= PLANNING_SECONDS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine does not let tests mount a small file system")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_on_a_full_disk_the_report_is_saved_and_adds_up_with_the_store(photos: Path, small_disk: Path) -> None:
    store = small_disk / "store"
    report = ingest(photos, store)
    assert report.message.startswith(
        f"{store}: the disk is full: free some space and run again; failed: of 200 results"
    )
    assert report.results.made == committed(store) > 0
    assert counts(report)[1] + report.results.not_reached == 200
    assert report.report
    assert json.loads(Path(report.report).read_bytes())["message"] == report.message
    assert f"last run: {report.message}" in status(store)


def test_a_disk_without_space_for_a_report_is_reported_and_no_path_is_named(photos: Path, small_disk: Path) -> None:
    store = small_disk / "store"
    ingest(photos, store, {"photo": ()})  # it knows the files: there is nothing to write before the first result
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
    (small_disk / "filler").write_bytes(bytes(free))
    report = ingest(photos, store)
    assert (report.state, report.report) == ("failed", None)
    assert report.message.endswith("; no report could be written")
    assert counts(report)[:2] == (200, 0)


def test_a_disk_that_is_full_from_the_start_is_reported_in_one_line(photos: Path, small_disk: Path) -> None:
    Store(small_disk / "store")
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
    (small_disk / "filler").write_bytes(bytes(free))
    with pytest.raises(StoreError, match=f"^{small_disk}/store: the disk is full: free some space and run again$"):
        ingest(photos, small_disk / "store")


@pytest.mark.parametrize("free_bytes", [16_000, 160_000, 190_000])
def test_a_disk_with_room_for_some_small_files_loses_nothing_and_heals(
    tmp_path: Path, small_disk: Path, capfd: pytest.CaptureFixture[str], free_bytes: int
) -> None:
    """Results of one kilobyte, the run's record and the catalogue: the disk is full at one or another of them."""
    (tmp_path / "raw/june").mkdir(parents=True)
    for number in range(12):
        Image.new("RGB", (16, 16), (number, 0, 0)).save(tmp_path / f"raw/june/{number}.png")
    store = small_disk / "store"
    recipes: Recipes = {"photo": (Metadata(),)}
    Store(store)
    room = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes(room.f_bavail * room.f_frsize - free_bytes))
    full = "the disk is full: free some space and run again"
    if free_bytes < 64_000:  # not even the plan can be kept
        with pytest.raises(StoreError, match=f"^{store}: {full}$"):
            ingest(tmp_path / "raw", store, recipes, workers=1)
    else:
        report = ingest(tmp_path / "raw", store, recipes, workers=1)
        assert (report.state, report.exit_code) == ("failed", 1)
        assert report.message.startswith(f"{store}: {full}; failed: of 12 results: {committed(store)} made, ")
        assert counts(report)[1] + report.results.not_reached == 12
        if report.report:
            assert json.loads(Path(report.report).read_bytes())["message"] == report.message
    there = committed(store)
    assert list((store / "scratch").iterdir()) == []
    (small_disk / "filler").unlink()
    again = ingest(tmp_path / "raw", store, recipes, workers=1)
    assert (again.state, counts(again)) == ("completed", (12 - there, 12 - there, there, 0, 0))
    hashed = hash_all(Store(store))
    assert (hashed.faults, hashed.results) == ([], 12)
    assert "panicked" not in capfd.readouterr().err


def test_a_killed_run_is_known_to_have_ended_without_a_report(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first, name = ingest(photos, store), name_of_run("killed")
    code = (
        "import os\nfrom pathlib import Path\nfrom flows.run.reporting.run_record import recorded\n"
        "from processors.store.store import Store\n"
        f"with recorded(Store(Path({str(store)!r})), {name!r}, 'raw'):\n    print(os.getpid(), flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == -9, run.stderr
    told = f"last run: ended without a report: `-c` (process {run.stdout.strip()} on {os.uname().nodename}, since "
    failures = CliRunner().invoke(main, ["failures", "--store", str(store)]).output.splitlines()
    assert failures[-1].startswith(f"the last run did not finish: it {told.removeprefix('last run: ')}")
    assert failures[-1].endswith("; run it again")
    assert told in status(store)
    after = ingest(photos, store)
    assert len(after.notes) == 1
    assert after.notes[0].startswith("an earlier run ended without a report: `-c` (process ")
    assert ingest(photos, store).notes == ()  # told once
    assert json.loads((store / f"runs/{name}.json").read_bytes())["state"] == "ended without a report"
    assert "last run: completed" in status(store)
    assert first.notes == (f"a new store was begun in {store}",)


def test_two_runs_at_once_make_everything_once_and_know_of_each_other(photos: Path, tmp_path: Path) -> None:
    store, introduced, reports = tmp_path / "store", threading.Event(), {}

    def second(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        introduced.set()
        return in_threads(batches)

    def first(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        if not other.ident:  # it is asked once more for what the other one was working on
            other.start()
        assert introduced.wait(60)
        return in_threads(batches)

    def run_second() -> None:
        reports["second"] = run_ingest(photos, store, RECIPES, Options(), second, name="second")

    other = threading.Thread(target=run_second)
    reports["first"] = run_ingest(photos, store, RECIPES, Options(), first, name="first")
    other.join(120)
    for report in reports.values():
        assert (report.state, counts(report)[0]) == ("completed", 200), report.message
    made: dict[str, int] = {name: report.results.made for name, report in reports.items()}
    assert sum(made.values()) == 200, made
    (note,) = reports["second"].notes
    assert note.startswith("another run is at work on this store: `")
    assert f"(process {os.getpid()} on " in note
    assert list((store / "claims").iterdir()) == []


def test_a_run_waits_for_what_another_one_works_on_and_takes_over_when_that_ends(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store", {"photo": ()})
    store = Store(tmp_path / "store")
    (digest,) = {row.digest for row in Catalogue(store).sources().values()}
    claim = claim_source(store, digest)
    assert claim
    assert claim_source(store, digest) is None
    threading.Timer(1.0, claim.release).start()
    assert counts(ingest(raw, tmp_path / "store")) == (2, 2, 0, 0, 0)


def test_copies_of_a_file_that_another_run_had_when_it_was_killed_are_made_in_their_order(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    names = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    for name in names:
        shutil.copy(maker.photo("original.jpg"), raw / "june" / name)
    (raw / "june/original.jpg").unlink()
    entries = "".join(f'[[file]]\npath = "{name}"\ntitle = "{name}"\n' for name in names)
    (raw / "june/release.toml").write_text(entries)
    maker.photo("another.jpg", size=(64, 64))
    recipes: Recipes = {"photo": (Metadata(), Evidence())}
    digest, store = hashlib.sha256((raw / "june/a.jpg").read_bytes()).hexdigest(), Store(tmp_path / "store")
    claim = claim_source(store, digest)  # of the run that is going to be killed
    assert claim

    def killed_after_the_first_round(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        yield from in_threads(batches)
        claim.release()

    report = run_ingest(raw, store.root, recipes, Options(), killed_after_the_first_round, name="left")
    assert report.message == "completed: of 7 results: 7 made, 0 reused, 0 refused, 0 failed"
    assert committed(store.root) == 7  # metadata of two photos, evidence of five paths


def test_the_claim_of_a_process_that_is_gone_is_void(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (store.root / "claims").mkdir()
    (store.root / "claims/left").write_bytes(b"")
    claim = claim_source(store, "left")
    assert claim
    claim.release()
    assert list((store.root / "claims").iterdir()) == []
    running = claim_run(store, "running", b"{}")
    assert claim_source(store, "run-running") is None
    running.release()


def printed(report: Report) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print_report(report)
    return out.getvalue()


def test_an_empty_folder_other_than_that_of_the_store_is_a_warning_each_time(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("a.jpg")
    assert ingest(raw, tmp_path / "store").exit_code == 0
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    question = f"0 files in {wrong}, while the files of this store are in {raw}: is it the folder you meant?"
    for _ in range(2):
        report = ingest(wrong, tmp_path / "store")
        assert (report.exit_code, report.message) == (0, f"completed with warnings: {question}")
    assert ingest(wrong, tmp_path / "store", strict=True).message == f"failed: {question}"


def test_a_folder_that_is_empty_and_was_not_fails_the_run(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    report = ingest(tmp_path / "raw", tmp_path / "store")
    assert (report.exit_code, report.message) == (
        0,
        f"completed: 0 files in {raw}: put a release, a folder of files, into it",
    )
    maker.photo("a.jpg")
    maker.photo("b.jpg")
    (raw / "july").mkdir()
    MediaMaker(raw / "july").photo("c.jpg", size=(64, 64))
    assert ingest(raw, tmp_path / "store").exit_code == 0
    (raw / "june").rename(tmp_path / "away")
    (raw / "june").mkdir()
    (raw / "june/.DS_Store").write_bytes(b"x")
    part = ingest(raw, tmp_path / "store")
    assert (part.state, part.exit_code) == ("failed", 1)
    meant = "if its files were moved or removed on purpose, remove the folder too"
    assert part.message.startswith(
        f"0 files in {raw}/june, where an earlier run found 2: is it mounted?; {meant}; failed: of 2"
    )
    shutil.rmtree(raw / "june")
    done = ingest(raw, tmp_path / "store")
    assert (done.state, [change.kind for change in done.changes]) == (
        "completed with warnings",
        ["withdrawn", "withdrawn"],
    )
    assert done.message.startswith(
        "the folder of june is gone, and its 2 files withdrawn; completed with warnings: of "
    )
    assert "june/a.jpg" not in printed(done)
    again = ingest(raw, tmp_path / "store")
    assert (again.state, again.withdrawn_releases) == ("completed with warnings", {})
    assert [one.file for one in again.problems] == ["june"]  # until somebody confirms it
    raw.rename(tmp_path / "all")
    raw.mkdir()
    for empty in ((), ("lost+found",)):
        for name in empty:
            (raw / name).mkdir()
        gone = ingest(raw, tmp_path / "store")
        assert (gone.exit_code, gone.message) == (
            1,
            f"failed: 0 files in {raw}, where an earlier run found 1: is it mounted?",
        )


def test_a_missing_folder_whose_files_are_known_is_asked_for_as_a_disk(
    raw: Path, maker: MediaMaker, tmp_path: Path, marsmedia: Run
) -> None:
    maker.photo("a.jpg")
    maker.photo("b.jpg", size=(64, 64))
    store = tmp_path / "store"
    assert ingest(raw, store).exit_code == 0
    raw.rename(tmp_path / "away")
    run = marsmedia("ingest", str(raw), "--store", str(store))
    assert (run.returncode, run.stderr.splitlines()[-1]) == (
        2,
        f"Error: {raw}: no such folder; the store knows 2 files from it: is its disk mounted?",
    )
