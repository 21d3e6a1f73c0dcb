"""The command as a user runs it, through a real Prefect server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from processors.store.store import Store
from tests.conftest import PROJECT, Run, quiet_environment
from tests.helpers.command import command_line
from tests.helpers.made_media import MediaMaker
from tests.helpers.prefect_api import PrefectApi

pytestmark = pytest.mark.prefect


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "june"
    folder.mkdir(parents=True)
    maker = MediaMaker(folder)
    maker.video("clip.mp4", list(range(60)), sound_hz=440)
    maker.photo("photo.jpg")
    return folder.parent


def last_object(run: subprocess.CompletedProcess[str]) -> dict:
    return json.loads(run.stdout.splitlines()[-1])


def test_ingest_then_look_around(marsmedia: Run, raw: Path, tmp_path: Path, prefect_server: str) -> None:
    store = tmp_path / "store"
    dry = marsmedia("ingest", raw, "--store", store, "--dry-run", "--json")
    assert last_object(dry)["results"] == {"due": 7, "reused": 0, "earlier": 0}
    assert not store.exists()

    run = marsmedia("ingest", raw, "--store", store, "--json")
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    report = last_object(run)
    assert (report["sources"], report["unsupported"]) == (2, 0)
    counts = {name: report["results"][name] for name in ("due", "made", "reused", "refused", "failed")}
    assert counts == {"due": 7, "made": 7, "reused": 0, "refused": 0, "failed": 0}
    assert json.loads(Path(report["report"]).read_text()) == report

    again = last_object(marsmedia("ingest", raw, "--store", store, "--json"))
    assert (again["results"]["due"], again["results"]["reused"]) == (0, 7)

    status = last_object(marsmedia("status", "--store", store, "--json"))
    assert status["sources"] == {"video": 1, "photo": 1}
    assert status["results"]["video.frames"] == {"made": 1}

    items = [
        json.loads(line)
        for line in marsmedia("items", "processor=video.frames", "--store", store, "--json").stdout.splitlines()
    ]
    assert {"source", "name", "processor", "key", "path", "facts"} <= items[0].keys()
    assert [item["name"] for item in items] == [
        "frame_000000.jpg",
        "frame_000001.jpg",
        "frame_000002.jpg",
        "frames.csv",
    ]
    assert items[1]["facts"]["time_seconds"] == 1.0
    assert all(Path(item["path"]).is_file() for item in items)

    shown = json.loads(marsmedia("show", raw / "june/clip.mp4", "--store", store, "--json").stdout)
    assert (shown["medium"], len(shown["results"])) == ("video", 5)
    assert json.loads(marsmedia("show", shown["digest"][:8], "--store", store, "--json").stdout)["name"] == "clip.mp4"
    assert marsmedia("show", "clip.mp4", "--store", store).stdout.startswith("clip.mp4: video, mov,mp4")

    reasons = json.loads(marsmedia("why", "clip.mp4", "video.frames", "--store", store, "--json").stdout)
    assert reasons[0]["why"].startswith("not due: made on ")

    rows = marsmedia(
        "query", "SELECT medium, count(*) AS n FROM sources GROUP BY ALL ORDER BY medium", "--store", store, "--json"
    )
    assert [json.loads(line) for line in rows.stdout.splitlines()] == [
        {"medium": "photo", "n": 1},
        {"medium": "video", "n": 1},
    ]
    outside = marsmedia("query", "SELECT * FROM read_text('/etc/hostname')", "--store", store)
    assert outside.returncode == 1
    assert "disabled" in outside.stderr

    assert marsmedia("verify", "--store", store).stdout.endswith(": no faults\n")
    assert "0 results" in marsmedia("prune", "--dry-run", "--store", store).stdout
    on_server = PrefectApi(prefect_server).ask("artifacts/filter", sort="CREATED_DESC")
    assert any(a["key"] == "marsmedia-ingest" and "7 made" in a["data"] for a in on_server)


def test_a_failure_is_never_green(marsmedia: Run, raw: Path, tmp_path: Path, prefect_server: str) -> None:
    whole = raw / "june/photo.jpg"
    whole.write_bytes(whole.read_bytes()[:-3000])
    run = marsmedia("ingest", raw, "--store", tmp_path / "store")
    assert run.returncode == 1
    (line,) = [line for line in run.stdout.splitlines() if "june/photo.jpg" in line]
    assert line.startswith("  failed: june/photo.jpg: ")
    assert line.endswith("[photo.preview]")
    assert run.stderr == ""
    ask = PrefectApi(prefect_server).ask
    (last,) = ask("flow_runs/filter", sort="START_TIME_DESC", limit=1)
    assert last["state"]["type"] == "FAILED"
    assert last["state"]["message"] == run.stdout.splitlines()[0]
    logs = _logs(ask, last["id"])
    assert [one["message"] for one in logs] == [line.strip()]
    known = marsmedia("ingest", raw, "--store", tmp_path / "store")
    assert known.returncode == 0
    assert f"known from earlier runs:\n{line}\n" in known.stdout
    assert marsmedia("ingest", raw, "--store", tmp_path / "store", "--strict").returncode == 1


def _logs(ask: Callable[..., Any], run: str) -> list[dict[str, Any]]:
    """A run's log, which Prefect sends a moment after the run."""
    for _ in range(100):
        if found := ask("logs/filter", logs={"flow_run_id": {"any_": [run]}}):
            return found
        time.sleep(0.1)
    return []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ingest", "nowhere"], "nowhere: no such folder; create it and put a release into it, or name another one"),
        (["ingest", "pyproject.toml"], "pyproject.toml: not a folder; name the folder that holds the release"),
        (["ingest", "tests", "--store", "tests/store"], "the store tests/store is inside tests"),
        (["ingest", "tests", "--store", "Makefile/store"], "Makefile/store: the store cannot be opened"),
        (["status", "--store", "nowhere"], "no store found at nowhere; run `marsmedia ingest` or pass --store"),
        (["ingest", "--workers", "0"], "0 is not in the range"),
        (["ingets"], "No such command 'ingets'"),
        (["query", "", "--store", "STORE"], "0 statements; give exactly one"),
        (["items", "processor=nope", "--store", "STORE"], "no source matches the selection"),
    ],
)
def test_what_cannot_start_says_so_in_one_line(
    marsmedia: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    run = marsmedia(*[str(Store(tmp_path / "store").root) if word == "STORE" else word for word in arguments])
    assert run.returncode in (1, 2)
    assert message in run.stderr
    assert "Traceback" not in run.stderr


def test_verify_and_prune_tell_and_remove(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    marsmedia("ingest", raw, "--store", store)
    frame = next(store.rglob("frame_000001.jpg"))
    frame.write_bytes(frame.read_bytes()[:-1])
    run = marsmedia("verify", "--store", store)
    assert run.returncode == 1
    assert f"damaged: {frame.relative_to(store)}: SHA-256" in run.stdout
    shutil.rmtree(frame.parent)
    assert "missing: " in marsmedia("verify", "--store", store).stdout
    assert last_object(marsmedia("ingest", raw, "--store", store, "--json"))["results"]["made"] == 1
    assert marsmedia("verify", "--store", store).returncode == 0
    shutil.rmtree(store / "catalogue")
    assert marsmedia("rebuild", "--store", store).returncode == 0
    assert last_object(marsmedia("status", "--store", store, "--json"))["results"]["video.frames"] == {"made": 1}


def start(raw: Path, store: Path, server: str, home: Path, python_path: str) -> subprocess.Popen[str]:
    environment = {**quiet_environment(home), "PREFECT_API_URL": server, "PYTHONPATH": python_path}
    return subprocess.Popen(
        command_line("ingest", raw, "--store", store, "--json"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def many(raw: Path) -> Path:
    maker = MediaMaker(raw / "june")
    for number in range(60):
        maker.photo(f"photo-{number}.jpg", size=(1600, 1200 + number))
    return raw


@pytest.mark.slow
@pytest.mark.parametrize("results_before_death", [0, 3, 40])
def test_killed_at_any_moment_and_started_again_completes(
    many: Path, tmp_path: Path, prefect_server: str, marsmedia: Run, python_path: str, results_before_death: int
) -> None:
    store = tmp_path / "store"
    run = start(many, store, prefect_server, tmp_path / "home", python_path)
    while run.poll() is None and len(list(store.glob("results/*/*/*/*/manifest.json"))) < results_before_death:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=60)
    for _ in range(100):  # workers die with their parent
        if not subprocess.run(["pgrep", "-f", str(store)], capture_output=True, check=False).stdout:
            break
        time.sleep(0.05)
    there = len(list(store.glob("results/*/*/*/*/manifest.json")))
    if there:
        known = last_object(marsmedia("status", "--store", store, "--json"))
        assert sum(sum(verdicts.values()) for verdicts in known["results"].values()) == there
        assert known["last_run"]["state"] == "ended without a report"
        assert f"(process {run.pid} on " in known["last_run"]["message"]
    report = last_object(marsmedia("ingest", many, "--store", store, "--json"))
    assert [note.partition(":")[0] for note in report["notes"]] == (
        ["an earlier run ended without a report"] if there else []
    )
    counts = report["results"]
    assert (counts["inputs"], counts["reused"], counts["made"]) == (127, there, 127 - there)
    assert marsmedia("verify", "--store", store).returncode == 0
    assert list((store / "scratch").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whose", "kind"),
    [
        ("a server of its own", signal.SIGINT),
        ("the user's server", signal.SIGINT),
        ("the user's server", signal.SIGTERM),
    ],
)
def test_a_signal_stops_the_run_at_once_and_loses_nothing(
    many: Path, tmp_path: Path, prefect_server: str, marsmedia: Run, python_path: str, whose: str, kind: signal.Signals
) -> None:
    server = prefect_server if whose == "the user's server" else ""
    store = tmp_path / "store"
    run = start(many, store, server, tmp_path / "home", python_path)
    while run.poll() is None and not list(store.glob("results/*/*/*/*/manifest.json")):
        time.sleep(0.005)
    if kind == signal.SIGINT:
        os.killpg(run.pid, kind)  # as a terminal does: to everything that runs in it
    else:
        run.send_signal(kind)  # as systemd and cron do
    out, err = run.communicate(timeout=60)
    assert run.returncode == (130 if kind == signal.SIGINT else 143), err
    assert not subprocess.run(["pgrep", "-f", str(store)], capture_output=True, check=False).stdout
    assert "Traceback" not in err
    report = json.loads(out.splitlines()[-1])
    assert report["state"] == "interrupted"
    assert report["results"]["not_reached"] > 0
    assert report["results"]["made"] == len(list(store.glob("results/*/*/*/*/manifest.json")))
    assert json.loads(Path(report["report"]).read_bytes()) == report
    assert list((store / "scratch").iterdir()) == []
    assert last_object(marsmedia("ingest", many, "--store", store, "--json"))["state"] == "completed"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_stops_the_run_and_loses_nothing(many: Path, tmp_path: Path, marsmedia: Run) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode:
        pytest.skip("this machine does not let tests mount a small file system")
    try:
        run = marsmedia("ingest", many, "--store", disk / "store")
        assert run.returncode == 1, run.stderr
        assert "the disk is full: free some space and run again" in run.stdout
        assert "Traceback" not in run.stderr
        there = len(list((disk / "store").glob("results/*/*/*/*/manifest.json")))
        subprocess.run(["mount", "-o", "remount,size=400m", disk], check=True)
        report = last_object(marsmedia("ingest", many, "--store", disk / "store", "--json"))
        assert report["state"] == "completed"
        assert report["results"]["reused"] == there
        assert there > 0, "the disk was full before anything was made: mount a larger one"
        assert marsmedia("verify", "--store", disk / "store").returncode == 0
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_the_embedded_server_of_a_new_machine_works_and_stays_silent(
    raw: Path, tmp_path: Path, python_path: str
) -> None:
    environment = {**quiet_environment(tmp_path / "new-home"), "PYTHONPATH": python_path}
    line = command_line("ingest", raw, "--store", tmp_path / "store", "--json")
    run = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert last_object(run)["results"]["made"] == 7


def test_help_answers_at_once_and_shows_examples(marsmedia: Run) -> None:
    for command in ("ingest", "show", "items", "why", "query"):
        run = marsmedia(command, "--help")
        assert run.returncode == 0
        assert f"marsmedia {command} " in run.stdout.partition("Options:")[0]


def test_a_mistake_in_the_recipes_is_one_line_that_names_the_file(raw: Path, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(PROJECT / "flows", copy / "flows")
    recipes = copy / "flows/recipes.py"
    recipes.write_text(recipes.read_text().replace("every_seconds=1.0", "every_seconds=0"))
    environment = {**os.environ, "PYTHONPATH": f"{copy}:{PROJECT}"}
    command = [sys.executable, "-m", "flows.cli", "ingest", str(raw), "--store", str(tmp_path / "store")]
    run = subprocess.run(command, env=environment, cwd=copy, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (2, "marsmedia: flows/recipes.py: every_seconds is 0: must be above 0\n")


@pytest.mark.slow
def test_a_killed_run_takes_its_server_with_it(many: Path, tmp_path: Path, python_path: str) -> None:
    home = tmp_path / "home"
    run = start(many, tmp_path / "store", "", home, python_path)
    while run.poll() is None and not list((tmp_path / "store").glob("results/*/*/*/*/manifest.json")):
        time.sleep(0.02)
    run.kill()
    run.communicate(timeout=30)
    mark = f"PREFECT_HOME={home}".encode()
    left: list[Path] = []
    for _ in range(200):
        left = [p for p in Path("/proc").glob("[0-9]*/environ") if mark in _bytes_of(p)]
        if not left:
            break
        time.sleep(0.05)
    assert left == []


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
