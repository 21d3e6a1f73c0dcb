"""A release is ingested, looked at, checked and repaired by the command, as a user does it, without Prefect."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker


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


def test_ingest_reports_what_it_made_and_makes_nothing_again(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    dry = marsmedia("ingest", raw, "--store", store, "--dry-run", "--json")
    assert last_object(dry)["results"] == {"due": 7, "reused": 0, "earlier": 0}
    assert not store.exists()

    run = marsmedia("ingest", raw, "--store", store, "--json")
    assert run.returncode == 0, run.stderr
    assert run.stderr == f"marsmedia: a new store was begun in {tmp_path}/store\n"
    report = last_object(run)
    assert (report["sources"], report["unsupported"]) == (2, 0)
    counts = {name: report["results"][name] for name in ("due", "made", "reused", "refused", "failed")}
    assert counts == {"due": 7, "made": 7, "reused": 0, "refused": 0, "failed": 0}
    assert json.loads(Path(report["report"]).read_text()) == report

    again = last_object(marsmedia("ingest", raw, "--store", store, "--json"))
    assert (again["results"]["due"], again["results"]["reused"]) == (0, 7)


def test_commands_look_around_in_what_was_ingested(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert marsmedia("ingest", raw, "--store", store, "--quiet").returncode == 0
    status = last_object(in_this_process("status", "--store", store, "--json"))
    assert status["sources"] == {"video": 1, "photo": 1}
    assert status["results"]["video.frames"] == {"made": 1}

    items = [
        json.loads(line)
        for line in in_this_process("items", "processor=video.frames", "--store", store, "--json").stdout.splitlines()
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

    shown = json.loads(in_this_process("show", raw / "june/clip.mp4", "--store", store, "--json").stdout)
    assert (shown["medium"], len(shown["results"])) == ("video", 5)
    assert (
        json.loads(in_this_process("show", shown["digest"][:8], "--store", store, "--json").stdout)["name"]
        == "clip.mp4"
    )
    assert in_this_process("show", "clip.mp4", "--store", store).stdout.startswith("clip.mp4: video\n")

    reason = json.loads(marsmedia("why", "clip.mp4", "video.frames", "--store", store, "--json").stdout)
    assert reason["why"].startswith("not due: made on ")

    rows = in_this_process(
        "query", "SELECT medium, count(*) AS n FROM sources GROUP BY ALL ORDER BY medium", "--store", store, "--json"
    )
    assert [json.loads(line) for line in rows.stdout.splitlines()] == [
        {"medium": "photo", "n": 1},
        {"medium": "video", "n": 1},
    ]
    outside = in_this_process("query", "SELECT * FROM read_text('/etc/hostname')", "--store", store)
    assert outside.returncode == 1
    assert "disabled" in outside.stderr

    assert in_this_process("verify", "--store", store).stdout.endswith(": no faults\n")
    assert "0 results" in marsmedia("prune", "--dry-run", "--store", store).stdout


def test_a_failure_is_never_green(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    whole = raw / "june/photo.jpg"
    whole.write_bytes(whole.read_bytes()[:-3000])
    run = marsmedia("ingest", raw, "--store", tmp_path / "store")
    assert run.returncode == 1
    (line,) = [line for line in run.stdout.splitlines() if "june/photo.jpg" in line]
    assert line.startswith("  failed: june/photo.jpg: ")
    assert line.endswith("[photo.preview]")
    assert run.stderr == f"marsmedia: a new store was begun in {tmp_path}/store\n"
    known = marsmedia("ingest", raw, "--store", tmp_path / "store")
    assert known.returncode == 0
    assert f"known from earlier runs:\n{line}\n" in known.stdout
    assert marsmedia("ingest", raw, "--store", tmp_path / "store", "--strict").returncode == 1


def test_verify_and_prune_report_and_remove(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    marsmedia("ingest", raw, "--store", store)
    frame = next(store.rglob("frame_000001.jpg"))
    frame.write_bytes(frame.read_bytes()[:-1])
    run = in_this_process("verify", "--store", store)
    assert run.returncode == 1
    assert f"damaged: {frame.relative_to(store)}: SHA-256" in run.stdout
    shutil.rmtree(frame.parent)
    assert "missing: " in in_this_process("verify", "--store", store).stdout
    assert last_object(marsmedia("ingest", raw, "--store", store, "--json"))["results"]["made"] == 1
    assert in_this_process("verify", "--store", store).returncode == 0
    shutil.rmtree(store / "catalogue")
    assert in_this_process("rebuild", "--store", store).returncode == 0
    assert last_object(in_this_process("status", "--store", store, "--json"))["results"]["video.frames"] == {"made": 1}


def test_without_a_server_prefect_is_not_even_imported(marsmedia: Run, raw: Path, tmp_path: Path) -> None:
    run = marsmedia("ingest", raw, "--store", tmp_path / "store", PYTHONPROFILEIMPORTTIME="1")
    assert run.stdout.startswith("completed: of 7 results: 7 made")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines()}
    assert {"flows", "processors"} <= imported
    assert "prefect" not in imported
    assert "Starting" not in run.stderr
