"""Runs of the command with enough work to be stopped in the middle of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from processors.store.open_store import StorePlace
from tests.helpers.command import command_line
from tests.helpers.made_media import MediaMaker

RESULTS = 55
"""Results of `much_work`."""


def much_work(release: Path) -> None:
    """Write a video and photos that take a few seconds."""
    maker = MediaMaker(release)
    maker.video("clip.mp4", list(range(60)), sound_hz=440)
    for number in range(25):
        maker.photo(f"photo-{number}.jpg", size=(1000, 800 + number))


def start(raw: Path, store: StorePlace, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start `marsmedia ingest` in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        command_line("ingest", raw, "--store", store, "--json"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stored(store: Path) -> int:
    """The number of results in the store."""
    return len(list(store.glob("results/*/*/*/*/manifest.json")))


def wait_for_results(run: subprocess.Popen[str], store: Path, count: int) -> None:
    """Wait until the run has stored so many results."""
    while run.poll() is None and stored(store) < count:
        time.sleep(0.005)


def processes_of(store: Path) -> bytes:
    """The identifiers of the processes that name the store in their command."""
    return subprocess.run(["pgrep", "-f", str(store)], capture_output=True, check=False).stdout


def stop(run: subprocess.Popen[str], store: Path, kind: signal.Signals) -> dict[str, Any]:
    """Stop the run with a signal; give its report, having seen that it ended at once and lost nothing."""
    if kind == signal.SIGINT:
        os.killpg(run.pid, kind)  # as a terminal does: to everything that runs in it
    else:
        run.send_signal(kind)  # as systemd and cron do
    out, err = run.communicate(timeout=60)
    assert run.returncode == 128 + kind, err
    assert not processes_of(store)
    assert "Traceback" not in err, err[:6000]
    report = json.loads(out.splitlines()[-1])
    assert report["state"] == "interrupted"
    assert report["results"]["not_reached"] > 0
    assert report["results"]["made"] == stored(store)
    assert json.loads(Path(report["report"]).read_bytes()) == report
    assert list((store / "scratch").iterdir()) == []
    return report
