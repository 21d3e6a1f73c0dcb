"""A release is ingested when it has stopped growing, and not before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.commands.watch import Look, Releases, look
from tests.conftest import PROJECT, quiet_environment
from tests.made_media import MediaMaker


def at(size: int) -> Look:
    return frozenset({("/raw/june/a.mp4", size, 1)})


def test_a_release_is_given_out_once_when_it_has_come_to_rest() -> None:
    releases = Releases(10.0)
    assert releases.settled({"june": at(1)}, 0.0) == []
    assert releases.settled({"june": at(2)}, 9.0) == []  # it grew
    assert releases.settled({"june": at(2)}, 18.9) == []
    assert releases.settled({"june": at(2), "july": at(5)}, 19.0) == ["june"]
    assert releases.settled({"june": at(2), "july": at(5)}, 25.0) == []
    assert releases.settled({"june": at(2), "july": at(6)}, 29.0) == []
    assert releases.settled({"june": at(3), "july": at(6)}, 39.0) == ["july"]
    assert releases.settled({"june": at(3)}, 49.0) == ["june"]  # it grew again after it was ingested


def test_files_are_grouped_by_release(tmp_path: Path) -> None:
    for name in ("june/a.txt", "june/b.txt", "july/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert {release: len(files) for release, files in look(tmp_path).items()} == {"june": 2, "july": 1}


@pytest.mark.slow
@pytest.mark.prefect
def test_a_file_that_grows_is_ingested_whole_when_it_is_whole(tmp_path: Path, prefect_server: str) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "june").mkdir(parents=True)
    data = MediaMaker(tmp_path).photo("photo.jpg").read_bytes()
    growing = raw / "june/photo.jpg"
    environment = {
        **quiet_environment(tmp_path / "home"),
        "PREFECT_API_URL": prefect_server,
        "PYTHONPATH": str(PROJECT),
    }
    command = [sys.executable, "-m", "flows.cli", "watch", str(raw), "--store", str(store), "--settle", "6"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        with growing.open("wb") as file:
            for part in range(10):
                file.write(data[len(data) * part // 10 : len(data) * (part + 1) // 10])
                file.flush()
                os.fsync(file.fileno())
                time.sleep(1)
        assert not list(store.glob("runs/*.json"))
        for _ in range(240):
            if list(store.glob("runs/*.json")):
                break
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "june: settled\ncompleted: of 2 results: 2 made, 0 reused, 0 refused, 0 failed\n" in told
    assert told.endswith("ended\n")
