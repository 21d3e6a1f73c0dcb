"""A release is ingested when it has stopped growing, and not before."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.cli.watch import Look, Releases, look
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker


def at(size: int) -> Look:
    return frozenset({("/raw/june/a.mp4", size, 1)})


def test_a_release_is_given_out_once_when_it_has_come_to_rest() -> None:
    releases = Releases(10.0)
    assert releases.at_rest({"june": at(1)}, 0.0) == []
    assert releases.at_rest({"june": at(2)}, 9.0) == []  # it grew
    assert releases.at_rest({"june": at(2)}, 18.9) == []
    assert releases.at_rest({"june": at(2), "july": at(5)}, 19.0) == ["june"]
    assert releases.at_rest({"june": at(2), "july": at(5)}, 25.0) == []
    assert releases.at_rest({"june": at(2), "july": at(6)}, 29.0) == []
    assert releases.at_rest({"june": at(3), "july": at(6)}, 39.0) == ["july"]
    assert releases.at_rest({"june": at(3)}, 49.0) == ["june"]  # it grew again after it was ingested


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
        _wait_for("watching ", told, watch)
        _grow(raw / "june/photo.jpg", data)
        _wait_for("release init", told, watch)  # the last line before it looks again
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


def _wait_for(word: str, told: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if word in told.read_text():
            return
        assert process.poll() is None, "the watch ended"
        time.sleep(0.2)
    raise AssertionError(f"it never said {word!r}: {told.read_text()}")
