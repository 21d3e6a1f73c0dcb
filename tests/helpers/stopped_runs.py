"""Runs of the command with enough work to be stopped in the middle of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from processors.store.open_store import Location
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


def start(raw: Path, store: Location, environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    """Start `marsmedia ingest` in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        command_line("ingest", raw, "--store", store, "--json", *options),
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


def kill_a_worker(run: subprocess.Popen[str], kind: signal.Signals, *, of: int) -> None:
    """Send a signal to one worker of a run as soon as so many are at work."""
    while run.poll() is None:
        at_work = [one for one in psutil.Process(run.pid).children(recursive=True) if _is_at_work(one)]
        if len(at_work) == of:
            at_work[-1].send_signal(kind)
            return
        time.sleep(0.02)
    raise AssertionError(f"the run ended before {of} workers were at work")


def _is_at_work(process: psutil.Process) -> bool:
    """Return whether a process is a worker, which the server of workers has forked, and has done something."""
    try:
        parent = process.parent()
        is_worker = parent is not None and "forkserver" in " ".join(parent.cmdline())
        return is_worker and process.cpu_times().user > 0.2
    except psutil.NoSuchProcess:
        return False


def processes_of(session: int) -> str:
    """The identifiers of the processes of a session: a run that leads it, and its workers."""
    found = subprocess.run(["pgrep", "--session", str(session)], capture_output=True, text=True, check=False)
    assert found.returncode in (0, 1), found.stderr
    return found.stdout


def wait_for_end(session: int) -> None:
    """Wait until neither the run that leads a session nor a worker of it is left."""
    for _ in range(100):
        if not processes_of(session):
            return
        time.sleep(0.05)
    raise AssertionError(f"processes outlive the run: {processes_of(session)}")


def stop(run: subprocess.Popen[str], store: Path, kind: signal.Signals) -> dict[str, Any]:
    """Stop the run with a signal; give its report, having seen that it ended at once and lost nothing."""
    if kind == signal.SIGINT:
        os.killpg(run.pid, kind)  # as a terminal does: to everything that runs in it
    else:
        run.send_signal(kind)  # as systemd and cron do
    out, err = run.communicate(timeout=60)
    assert run.returncode == 128 + kind, err
    wait_for_end(run.pid)
    assert "Traceback" not in err, err[:6000]
    report = json.loads(out.splitlines()[-1])
    assert report["state"] == "interrupted"
    assert report["results"]["not_reached"] > 0
    assert report["results"]["made"] == stored(store)
    assert json.loads(Path(report["report"]).read_bytes()) == report
    assert list((store / "scratch").iterdir()) == []
    return report
