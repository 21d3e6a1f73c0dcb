"""The last run is the one that ended last, by the names and words of the records: the files of a copied store have the
times of the copy.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.run.options import Options
from flows.run.reporting.last_run import last_run
from flows.run.reporting.recorded_problems import recipe_files_of_last_runs, stop_of_last_run
from flows.run.reporting.report import Report
from flows.run.reporting.run_record import ENDED, OTHERS, name_of_run
from flows.run.run import in_threads, run_ingest
from flows.run.working.batches import Batch
from flows.run.working.shared_work import BatchOutcome
from processors.store.open_store import Location, open_store
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Path:
    """A store after a run that failed, one over whole files, and one with a description of a file that is not there."""
    store, words = tmp_path / "store", ("--store", tmp_path / "store")
    whole = maker.photo("a.png").read_bytes()
    (raw / "june/a.png").write_bytes(whole[: len(whole) // 2])
    assert in_this_process("ingest", raw, *words, "--recipe", "light").returncode == 1
    (raw / "june/a.png").write_bytes(whole)
    assert in_this_process("ingest", raw, *words, "--recipe", "light").returncode == 0
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "gone.jpg"\n')
    assert in_this_process("ingest", raw, *words, "--recipe", "light").returncode == 0
    return store


def copied(store: Path, to: Path) -> Path:
    """Copy a store as `cp -r` does, the records of the last run first, so that they are the oldest."""
    shutil.copytree(store, to, symlinks=True)
    for number, path in enumerate(sorted((to / "runs").glob("*.json"), reverse=True)):
        os.utime(path, (2e9 + number, 2e9 + number))
    return to


@pytest.mark.parametrize("command", [("status",), ("failures",), ("failures", "--new"), ("prune", "--dry-run")])
def test_a_copy_of_a_store_knows_its_last_run(store: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    copy = copied(store, tmp_path / "copy")
    told, again = (in_this_process(*command, "--store", one) for one in (store, copy))
    assert (again.returncode, again.stdout) == (told.returncode, told.stdout.replace(str(store), str(copy)))
    if command == ("status",):
        (line,) = (line for line in told.stdout.splitlines() if line.startswith("last run: "))
        assert line.startswith("last run: completed with warnings: "), line
    if command[0] == "failures":
        assert "gone.jpg" in told.stdout


def test_a_copy_of_a_store_tells_nothing_as_new_that_its_runs_have_told(raw: Path, store: Path, tmp_path: Path) -> None:
    report = ingest(raw, copied(store, tmp_path / "copy"), hash_all=True)
    assert [(one.file, one.is_new) for one in report.problems] == [("june/release.toml", False)]


def test_runs_of_one_second_are_in_the_order_in_which_they_started(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    """The number of a process is no order: 1000 comes before 999 in names, and numbers begin again."""
    maker.photo("a.png")
    names = [name_of_run(who) for who in ("999", "1000", "2", "1")]
    assert sorted(names) == names
    reports = [ingest(raw, tmp_path / "store") for _ in range(3)]
    records = Store(tmp_path / "store").records("runs")
    assert [path.stem for path in records] == [one.run for one in reversed(reports)]


def test_the_recipe_file_of_the_last_run_counts_in_a_copy_too(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.png")
    store, recipe = tmp_path / "store", tmp_path / "recipes.toml"
    recipe.write_text('also = ["photo.quality"]\n')
    for more in ((), ("--recipes", recipe)):
        assert in_this_process("ingest", raw, "--store", store, *more).returncode == 0
    copy = Store(copied(store, tmp_path / "copy"))
    assert recipe_files_of_last_runs(copy) == {str(raw): str(recipe)}
    last = last_run(copy)
    assert last is not None
    assert last["run"] == max(path.stem for path in (store / "runs").glob("*.json"))


@pytest.fixture
def nightly(raw: Path, maker: MediaMaker) -> Path:
    """A release with a photo that is cut off, and a description of a file that is not there."""
    whole = maker.photo("cut.png").read_bytes()
    (raw / "june/cut.png").write_bytes(whole[: len(whole) // 2])
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "gone.jpg"\n')
    return raw


@pytest.fixture
def editors(tmp_path: Path) -> Path:
    """Another folder of releases, over which nothing fails."""
    (tmp_path / "editors/july").mkdir(parents=True)
    MediaMaker(tmp_path / "editors/july").photo("b.png", size=(320, 240))
    return tmp_path / "editors"


def ingest_around(raw: Path, store: Location, meanwhile: Callable[[], object]) -> Report:
    """Run over a folder; once the run has its plan, and before it derives anything, do something else."""

    def dispatch(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        other = threading.Thread(target=meanwhile)
        other.start()
        other.join()
        return in_threads(batches)

    return run_ingest(raw, store, RECIPES, Options(), dispatch, name=name_of_run("nightly"))


@contextmanager
def begun(store: Path, who: str) -> Iterator[str]:
    """A run in a process of its own, which is killed at the end of the context; its name."""
    code = (
        "import os, sys; from pathlib import Path; from processors.store.store import Store;"
        "from flows.run.reporting.run_record import RunRecord, name_of_run;"
        "record = RunRecord(Store(Path(sys.argv[1])), name_of_run(sys.argv[2]), 'raw');"
        "print(record.who.run, flush=True); sys.stdin.read(); os._exit(9)"
    )
    words = [sys.executable, "-c", code, str(store), who]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()
    assert process.returncode == 9


def told(store: Path) -> tuple[str, list[str], list[str]]:
    """The last run that `status` prints, and the last line of `failures`, and of those that are new."""
    status = in_this_process("status", "--store", store).stdout.splitlines()
    (last,) = (line.removeprefix("last run: ") for line in status if line.startswith("last run: "))
    every, new = (in_this_process("failures", *more, "--store", store).stdout for more in ((), ("--new",)))
    return last.partition(":")[0], every.splitlines()[-1:], new.splitlines()[-1:]


def as_of_an_earlier_version(store: Path) -> Path:
    """Leave out of the records what earlier versions did not write."""
    for path in (store / "runs").glob("*.json"):
        record = json.loads(path.read_bytes())
        path.write_text(json.dumps({name: value for name, value in record.items() if name not in (ENDED, OTHERS)}))
    return store


BOTH_NEW = ("failed", ["2 files with problems"], ["2 new files with problems"])


def test_a_long_run_that_failed_is_not_hidden_by_a_short_one_within_it(
    nightly: Path, editors: Path, tmp_path: Path
) -> None:
    store, within = tmp_path / "store", list[Report]()
    long = ingest_around(nightly, store, lambda: within.append(ingest(editors, store)))
    (short,) = within
    assert (long.state, short.state, long.run < short.run) == ("failed", "completed", True)
    records = [json.loads((store / f"runs/{one.run}.json").read_bytes()) for one in (long, short)]
    assert [one[OTHERS] for one in records] == [[], [long.run]]
    assert records[1][ENDED] < records[0][ENDED]
    assert told(store) == BOTH_NEW
    assert told(copied(store, tmp_path / "copy")) == BOTH_NEW
    assert told(as_of_an_earlier_version(store)) == BOTH_NEW
    assert ingest(editors, store).state == "completed"
    assert told(store)[0] == "completed", "it started after both"


def test_the_last_of_many_runs_within_a_long_one_hides_it_as_little(
    nightly: Path, editors: Path, tmp_path: Path
) -> None:
    """Records that cannot matter are not read: that of a folder would be an error."""
    store = tmp_path / "store"
    (store / "runs").mkdir(parents=True)
    for number in range(1000):
        (store / f"runs/20250101T{number:012}-1.json").mkdir()
    long = ingest_around(nightly, store, lambda: [ingest(editors, store) for _ in range(3)])
    assert last_run(Store(store)) == json.loads((store / f"runs/{long.run}.json").read_bytes())
    assert told(store) == BOTH_NEW


def test_what_a_run_that_ended_last_could_not_read_is_known_to_the_next(
    nightly: Path, editors: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    (nightly / "june/link.png").symlink_to("nowhere.png")
    long = ingest_around(nightly, store, lambda: ingest(editors, store))
    assert [one.is_new for one in long.problems if one.file == "june/link.png"] == [True]
    again = ingest(nightly, store, hash_all=True)
    assert [one.is_new for one in again.problems if one.file == "june/link.png"] == [False]


def test_a_run_killed_within_a_longer_one_does_not_hide_its_end(nightly: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"

    def killed() -> None:
        with begun(store, "killed"):
            pass

    long = ingest_around(nightly, store, killed)
    assert long.state == "failed"
    assert told(store) == BOTH_NEW
    assert stop_of_last_run(Store(store)) is None


def test_a_run_killed_after_the_one_within_it_is_the_last(editors: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with begun(store, "killed") as name:
        within = ingest(editors, store)
        assert told(store)[0] == "completed"
    last = last_run(Store(store))
    assert last is not None
    assert (last["run"], last["state"]) == (name, "ended without a report")
    assert (stop_of_last_run(Store(store)) or "").startswith("it ended without a report: ")
    assert name < within.run
    after = ingest(editors, store, hash_all=True)
    last = last_run(Store(store))
    assert last is not None
    assert last["run"] == after.run


def test_the_recipe_file_of_the_run_that_ended_last_counts(editors: Path, tmp_path: Path) -> None:
    store, recipe = tmp_path / "store", tmp_path / "recipes.toml"
    recipe.write_text('also = ["photo.quality"]\n')

    def short() -> None:
        assert in_this_process("ingest", editors, "--store", store, "--recipes", recipe).returncode == 0

    ingest_around(editors, store, short)
    assert recipe_files_of_last_runs(Store(store)) == {}
    short()
    assert recipe_files_of_last_runs(Store(store)) == {str(editors): str(recipe)}


def test_a_long_run_on_a_bucket_is_not_hidden_by_a_short_one(
    bucket: str, nightly: Path, editors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the short one has nothing to do, so that it is never announced there."""
    address = f"s3://{bucket}/mars"
    ingest(editors, address)
    long = ingest_around(nightly, address, lambda: ingest(editors, address))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    last = last_run(open_store(address))
    assert last is not None
    assert (last["run"], last["state"]) == (long.run, "failed")
