"""A store whose disk is not mounted is not begun again without a word."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli.main import main
from tests.cli.test_watch import wait_for
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.service import Service

AWAY = "no store is there: is its disk mounted? `marsmedia ingest --new-store always` begins a new one"


def ingest(raw: Path, store: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["ingest", str(raw), "--store", str(store), "--recipe", "light", "--quiet", *words])


def unmount(disk: Path) -> None:
    """Move a disk away; an empty folder stays, as where one is mounted."""
    disk.rename(disk.with_name(f"{disk.name}-away"))
    disk.mkdir()


def mount(disk: Path) -> None:
    disk.rmdir()
    disk.with_name(f"{disk.name}-away").rename(disk)


def test_a_new_store_is_told_once_and_none_is_begun_where_one_must_be(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    maker.photo("a.jpg", size=(64, 48))
    disk, store = tmp_path / "disk", tmp_path / "disk/store"
    begun = f"a new store was begun in {store}"
    first = ingest(raw, store, "--json")
    assert (first.exit_code, first.stderr) == (0, f"marsmedia: {begun}\n")
    assert json.loads(first.stdout)["notes"] == [begun]
    again = ingest(raw, store, "--json", "--new-store", "never")
    assert (again.exit_code, again.stderr, json.loads(again.stdout)["notes"]) == (0, "", [])
    unmount(disk)
    for more in ((), ("--dry-run",)):
        refused = ingest(raw, store, "--new-store", "never", *more)
        assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", f"marsmedia: {store}: {AWAY}\n")
    assert list(disk.iterdir()) == []
    asked = ingest(raw, store, "--new-store", "always")
    assert (asked.exit_code, asked.stderr) == (0, f"marsmedia: {begun}\n")


def test_a_store_that_has_lost_its_mark_is_no_new_one(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg", size=(64, 48))
    store = tmp_path / "store"
    made = json.loads(ingest(raw, store, "--json").stdout)["results"]["made"]
    (store / "store.json").unlink()
    how = "restore store.json from a copy, or run `marsmedia ingest`, which writes it again"
    for command in ("status", "verify"):
        told = CliRunner().invoke(main, [command, "--store", str(store)])
        assert (told.exit_code, told.stderr) == (2, f"marsmedia: {store}: has results, but no store.json; {how}\n")
    again = ingest(raw, store, "--json", "--new-store", "never", "--hash-all")
    note = f"store.json was missing in {store}, which has results: written again"
    assert (again.exit_code, again.stderr) == (0, f"marsmedia: {note}\n")
    report = json.loads(again.stdout)
    assert (report["notes"], report["results"]["made"], report["results"]["reused"]) == ([note], 0, made)
    assert CliRunner().invoke(main, ["status", "--store", str(store)]).exit_code == 0


def test_a_run_of_cron_is_guarded_by_the_settings_of_its_folder(
    raw: Path, maker: MediaMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.photo("a.jpg", size=(64, 48))
    (tmp_path / "marsmedia.toml").write_text('store = "disk"\n[ingest]\nnew-store = "never"\n')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk").mkdir()
    refused = CliRunner().invoke(main, ["ingest", str(raw)])
    assert (refused.exit_code, refused.stderr) == (2, f"marsmedia: {tmp_path}/disk: {AWAY}\n")
    assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["completed: of 3 results", "browse: ", "release init"])
def test_watch_waits_for_a_store_that_is_gone(moment: str, raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    """It may go while the run's end is told, when watch reads the store once more."""
    maker.photo("a.jpg", size=(64, 48))
    disk, store, told = tmp_path / "disk", tmp_path / "disk/store", tmp_path / "told.txt"
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "flows.cli", "watch", str(raw), "--store", str(store), "--settle", "1"]
    with told.open("w") as output:
        watch = subprocess.Popen([*command, "--recipe", "light"], env=environment, stdout=output, stderr=output)
    try:
        wait_for(f"a new store was begun in {store}", told, watch)
        wait_for(moment, told, watch)
        unmount(disk)
        wait_for(f"{store}: no store now: is its disk mounted?", told, watch)
        (raw / "july").mkdir()
        MediaMaker(raw / "july").photo("b.jpg", size=(64, 40))
        with pytest.raises(subprocess.TimeoutExpired):
            watch.wait(timeout=4)
        assert list(disk.iterdir()) == []
        mount(disk)
        wait_for(f"{store}: is there again", told, watch)
        wait_for("july: settled", told, watch)
        wait_for(f"release init {raw}/july", told, watch)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
    finally:
        watch.kill()
    assert told.read_text().count("a new store was begun") == 1


@pytest.mark.slow
@pytest.mark.prefect
def test_no_run_of_a_service_begins_a_store_in_place_of_the_one_that_is_served(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    MediaMaker(tmp_path / "raw").photo("photo.jpg", size=(64, 48))
    served = Service(tmp_path)
    try:
        served.start("--schedule", "nightly-ingest=never", "--recipe", "light")
        served.wait_for("COMPLETED", served.started_run())
        unmount(served.store)
        for name, words in (
            ("ingest/nightly-ingest", {"retries": 0}),
            ("reprocess/reprocess", {}),
            ("verify/weekly-verify", {"retries": 0}),
        ):
            failed = served.wait_for("FAILED", served.start_run(name, **words))
            assert failed["state"]["message"] == f"{served.store}: {AWAY}", name
        assert list(served.store.iterdir()) == []
        mount(served.store)
        again = served.wait_for("COMPLETED", served.start_run("ingest/nightly-ingest"))
        assert ": 0 made, " in again["state"]["message"]
        served.stop()
    finally:
        served.kill()
