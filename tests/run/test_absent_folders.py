"""Files on a disk that is not mounted: each command tells the same number, and one line a folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Path:
    """A store of two photos, a text and an unsupported file of June, and a photo in a folder of July."""
    for number in (40, 50):
        maker.photo(f"photo{number}.png", size=(number, 30))
    (raw / "june/read me.txt").write_text("words")
    (raw / "june/what.xyz").write_bytes(b"\x00\x01")
    (raw / "july/photo").mkdir(parents=True)
    MediaMaker(raw / "july/photo").photo("other.png", size=(60, 30))
    ingest(raw, tmp_path / "store")
    return tmp_path / "store"


def told(marsmedia: Run, store: Path) -> dict[str, int]:
    """The number of missing files, by command."""
    status = json.loads(marsmedia("status", "--store", store, "--json").stdout)["files_with_problems"]
    failures = json.loads(marsmedia("failures", "--store", store, "--json").stdout)["files"]
    verify = json.loads(marsmedia("verify", "--raw-only", "--store", store, "--json").stdout)
    again = json.loads(marsmedia("failures", "--store", store, "--json").stdout)["files"]
    assert failures == again
    return {
        "status": status["missing"],
        "failures": sum(one["file_count"] for one in failures if one["causes"][0]["verdict"] == "missing"),
        "verify": sum(one["file_count"] for one in verify["faults"]),
        "of": verify["masters"],
    }


@pytest.mark.parametrize(("folder", "count"), [("", 5), ("june", 4), ("july/photo", 1)])
def test_every_command_counts_the_same_files_of_an_empty_folder(
    marsmedia: Run, raw: Path, store: Path, folder: str, count: int
) -> None:
    shutil.rmtree(raw / folder)
    (raw / folder).mkdir()
    assert f"where an earlier run found {count}: is it mounted?" in ingest(raw, store).message
    assert told(marsmedia, store) == {"status": count, "failures": count, "verify": count, "of": 5}
    files = "file was" if count == 1 else f"{count} files were"
    (line,) = [
        one for one in marsmedia("failures", "--store", store).stdout.splitlines() if one.startswith("missing: ")
    ]
    assert line.startswith(f"missing: {folder or raw}: its {files} not found, and it is empty: mount it")


def test_every_command_counts_the_same_files_of_a_folder_that_is_gone(marsmedia: Run, raw: Path, store: Path) -> None:
    shutil.rmtree(raw)
    assert (
        f"{raw}: no such folder; the store knows 5 files from it: is its disk mounted?"
        in marsmedia("ingest", raw, "--store", store).stderr
    )
    assert told(marsmedia, store) == {"status": 5, "failures": 5, "verify": 5, "of": 5}


def test_every_command_counts_the_files_of_a_withdrawn_release(marsmedia: Run, raw: Path, store: Path) -> None:
    shutil.rmtree(raw / "june")
    assert "the folder of june is gone, and its 4 files withdrawn" in ingest(raw, store).message
    assert json.loads(marsmedia("status", "--store", store, "--json").stdout)["files_with_problems"] == {"withdrawn": 4}
    assert marsmedia("failures", "--store", store).stdout.splitlines()[-1] == "4 files with problems"
    assert marsmedia("verify", "--raw-only", "--store", store).stdout.splitlines()[-1].endswith(": 4 faults")
