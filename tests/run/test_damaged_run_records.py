"""A record of a run that a power cut has left empty is told as such, and hides no other run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flows.run.reporting.run_record import RunRecord
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


@pytest.fixture(scope="module")
def after_a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after a run over a damaged photo, and a description of a file that is not there."""
    folder = tmp_path_factory.mktemp("power")
    (folder / "raw/june").mkdir(parents=True)
    whole = MediaMaker(folder / "raw/june").photo("a.png").read_bytes()
    (folder / "raw/june/a.png").write_bytes(whole[: len(whole) // 2])
    (folder / "raw/june/release.toml").write_text('title = "June"\n[[file]]\npath = "gone.jpg"\n')
    ingest(folder / "raw", folder / "store")
    return folder / "store"


@pytest.fixture
def store(after_a_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(after_a_run, tmp_path / "store", symlinks=True))


@pytest.mark.parametrize(
    "left",
    [b"", b"\0" * 100, b'{"run": "cut", "st', b"[]", b'"\xff"'],
    ids=["empty", "zeros", "cut off", "a list", "no text"],
)
def test_status_failures_and_prune_work_on_beside_a_damaged_record(store: Path, left: bytes) -> None:
    failures = in_this_process("failures", "--store", store, "--json")
    assert "gone.jpg" in failures.stdout
    (store / "runs/cut.json").write_bytes(left)
    told = in_this_process("status", "--store", store)
    assert told.returncode == 0, told.stderr
    lost = "ended without a report: runs/cut.json cannot be read, as after a power cut; what it had finished is kept"
    assert f"last run: {lost}\n" in told.stdout
    last = json.loads(in_this_process("status", "--store", store, "--json").stdout)["last_run"]
    assert last == {
        "run": "cut",
        "state": "ended without a report",
        "message": lost,
        "started_utc": None,
        "report": None,
    }
    again = json.loads(in_this_process("failures", "--store", store, "--json").stdout)
    assert again == {**json.loads(failures.stdout), "stopped": f"it {lost}; run it again"}
    pruned = in_this_process("prune", "--dry-run", "--store", store)
    assert (pruned.returncode, pruned.stderr) == (0, "")


def test_the_next_run_takes_no_notice_of_a_damaged_record(after_a_run: Path, store: Path) -> None:
    (store / "runs/cut.json").write_bytes(b"")
    report = ingest(after_a_run.parent / "raw", store, hash_all=True)
    assert (report.state, report.notes) == ("completed with warnings", ())


def test_a_record_that_goes_meanwhile_is_of_no_other_run(tmp_path: Path) -> None:
    """Each link leads nowhere: to whoever looks at its file, this has just been removed."""
    store = Store(tmp_path / "store")
    record = RunRecord(store, "own", "raw")
    (store.runs_folder / "gone.json").symlink_to("removed")
    assert record.is_alone()
    assert store.records("runs") == [record.path]
    (store.runs_folder / "later.json").write_text("{}")
    assert not record.is_alone()
    record.close()
