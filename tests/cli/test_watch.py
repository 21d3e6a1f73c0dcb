"""A release is ingested when it has stopped growing, and not before."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.cli.watch import Look, Releases, look
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker


def at(size: int) -> Look:
    return frozenset({("/raw/june/a.mp4", size, 1)})


def test_a_release_is_given_out_once_when_it_has_come_to_rest() -> None:
    releases = Releases(10.0)
    assert releases.at_rest({"june": at(1)}, 0.0) == set()
    assert releases.at_rest({"june": at(2)}, 9.0) == set()  # it grew
    assert releases.at_rest({"june": at(2)}, 18.9) == set()
    assert releases.at_rest({"june": at(2), "july": at(5)}, 19.0) == {"june"}
    assert releases.at_rest({"june": at(2), "july": at(5)}, 25.0) == set()
    assert releases.at_rest({"june": at(2), "july": at(6)}, 29.0) == set()
    assert releases.at_rest({"june": at(3), "july": at(6)}, 39.0) == {"july"}
    assert releases.at_rest({"june": at(3), "july": at(6)}, 49.0) == {"june"}  # it grew again after it was ingested


def test_files_are_grouped_by_release(tmp_path: Path) -> None:
    for name in ("june/a.txt", "june/b.txt", "july/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert {release: len(files) for release, files in look(tmp_path).items()} == {"june": 2, "july": 1}


@pytest.mark.slow
def test_a_file_that_grows_is_ingested_once_and_whole_and_an_interrupt_ends_the_watch(tmp_path: Path) -> None:
    raw, store, told = tmp_path / "raw", tmp_path / "store", tmp_path / "told.txt"
    (raw / "june").mkdir(parents=True)
    data = MediaMaker(tmp_path).photo("photo.jpg").read_bytes()
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "flows.cli", "watch", str(raw), "--store", str(store), "--settle", "3"]
    with told.open("w") as output:
        watch = subprocess.Popen(command, env=environment, stdout=output, preexec_fn=_deaf_to_interrupts)
    try:
        wait_for("watching ", told, watch)
        _grow(raw / "june/photo.jpg", data)
        wait_for("release init", told, watch)  # the last line before it looks again
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
    finally:
        watch.kill()
    _, settled, message, *_, last = told.read_text().splitlines()
    made = re.fullmatch(r"completed: of (\d+) results: \1 made, 0 reused, 0 refused, 0 failed", message)
    assert made, message
    assert (settled, last) == ("june: settled", "stopped")
    assert len(list(store.glob("results/*/*/*/*/manifest.json"))) == int(made[1])
    assert len(list(store.glob("results/*/*"))) == 1  # one source: it was not taken while it grew


def _deaf_to_interrupts() -> None:
    """As a shell starts what it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _grow(path: Path, data: bytes) -> None:
    """Write it in many small steps: a pause as long as `--settle` would be the end of it."""
    steps = 60
    with path.open("wb", buffering=0) as file:
        for step in range(steps):
            file.write(data[len(data) * step // steps : len(data) * (step + 1) // steps])
            time.sleep(0.05)


def wait_for(word: str, told: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if word in told.read_text():
            return
        assert process.poll() is None, "the watch ended"
        time.sleep(0.2)
    raise AssertionError(f"it never said {word!r}: {told.read_text()}")


def test_a_release_that_is_gone_is_given_out_with_those_at_rest_and_again_with_every_later_one() -> None:
    releases = Releases(10.0, {"june", "july"})
    assert releases.at_rest({"june": at(1)}, 0.0) == set()
    assert releases.at_rest({"june": at(1)}, 10.0) == {"june", "july"}
    assert releases.at_rest({"june": at(1)}, 20.0) == set()
    assert releases.at_rest({"june": at(1), "may": at(3)}, 30.0) == set()
    assert releases.at_rest({"june": at(1), "may": at(3)}, 40.0) == {"may", "july"}
    assert releases.at_rest({"june": at(1)}, 50.0) == set()
    assert releases.at_rest({"june": at(1)}, 60.0) == {"june", "july", "may"}
    assert releases.at_rest({"june": at(1), "july": at(2)}, 70.0) == set()
    assert releases.at_rest({"june": at(1), "july": at(2)}, 80.0) == {"july", "may"}  # it is back


def test_a_release_that_was_moved_is_forgotten_and_one_that_is_gone_is_not() -> None:
    releases = Releases(10.0, {"june", "july"})
    assert releases.at_rest({"may": at(1)}, 0.0) == set()
    assert releases.at_rest({"may": at(1)}, 10.0) == {"may", "june", "july"}
    releases.forget_gone({"may", "july"})
    assert releases.at_rest({"may": at(2)}, 20.0) == set()
    assert releases.at_rest({"may": at(2)}, 30.0) == {"may", "july"}


def test_nothing_at_all_is_given_out_as_gone_but_waits_for_what_is_still_changing() -> None:
    releases = Releases(10.0, {"june"})
    assert releases.at_rest({"july": at(1)}, 0.0) == set()
    assert releases.at_rest({"july": at(2)}, 10.0) == set()  # a run over june alone would find no file
    assert releases.at_rest({"july": at(2)}, 20.0) == {"june", "july"}
    empty = Releases(10.0, {"june"})
    assert (empty.at_rest({}, 0.0), empty.at_rest({}, 10.0)) == (set(), {"june"})


@pytest.mark.slow
def test_a_missing_release_warns_an_empty_folder_fails_and_a_missing_one_is_waited_for(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    away, store, told = tmp_path / "away", tmp_path / "store", tmp_path / "told.txt"
    for folder in (raw / "july", away):
        folder.mkdir()
    maker.photo("a.jpg", size=(64, 48))
    MediaMaker(raw / "july").photo("b.jpg", size=(64, 40))
    asked = ["ingest", str(raw), "--store", str(store), "--recipe", "light", "--quiet"]
    assert CliRunner().invoke(main, asked).exit_code == 0
    (raw / "july").rename(away / "july")
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "flows.cli", "watch", *asked[1:-1], "--settle", "1"]
    with told.open("w") as output:
        watch = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_for("july: gone", told, watch)
        wait_for("the folder of july is gone", told, watch)
        wait_for("completed with warnings", told, watch)
        (raw / "june").rename(away / "june")
        wait_for(f"0 files in {raw}, where an earlier run found 1: is it mounted?", told, watch)
        raw.rename(away / "raw")
        wait_for(f"{raw}: no such folder now: is its disk mounted?", told, watch)
        for release in ("june", "july"):
            (away / release).rename(away / "raw" / release)
        (away / "raw").rename(raw)
        wait_for(f"{raw}: is there again", told, watch)
        wait_for("july, june: settled", told, watch)
        wait_for("restored", told, watch)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=60) == 0
    finally:
        watch.kill()
    assert "release init" not in told.read_text(), "july is gone, and nothing was due"


def test_releases_in_a_bucket_cannot_be_watched() -> None:
    result = CliRunner().invoke(main, ["watch", "s3://mars/releases"])
    assert (result.exit_code, result.output) == (
        2,
        "marsmedia: s3://mars/releases: cannot be watched, as a bucket reports no changes; "
        "run `marsmedia ingest s3://mars/releases`\n",
    )
