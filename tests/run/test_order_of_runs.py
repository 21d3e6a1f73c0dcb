"""Which run was the last is in the names of the records: the files of a copied store have the times of the copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from flows.run.reporting.recorded_problems import recipe_files_of_last_runs
from flows.run.reporting.run_record import last_run, name_of_run
from processors.store.store import Store
from tests.helpers.command import in_this_process
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
