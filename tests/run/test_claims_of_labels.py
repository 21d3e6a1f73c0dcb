"""What a label claims of a file is a problem of the file at that path, not at other paths of the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.options import Options
from flows.run.recorded_problems import stored
from flows.run.report import Report
from flows.run.run import in_threads, run_ingest
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from tests.helpers.made_pds4 import label, numbers

RECIPES = {"video": (), "audio": (), "photo": (PhotoPreview(longest_sides_px=(320,)), Metadata(), Evidence())}
DATA = (numbers() + 30000).astype(">u2").tobytes()


def ingest(raw: Path, store: Path) -> Report:
    return run_ingest(raw, store, RECIPES, Options(workers=1), in_threads, name="test")  # type: ignore[arg-type]


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(one.file, one.verdict, one.reason) for one in report.problems]


def recorded(store: Path, *words: str) -> list[tuple[str, str, str]]:
    return [(one.file, one.verdict, one.reason) for one in stored(words, Store(store))]


def show(name: str, store: Path) -> str:
    return CliRunner().invoke(main, ["show", name, "--store", str(store)]).output


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "june").mkdir(parents=True)
    return tmp_path / "raw"


def put(raw: Path, name: str, claim: str = "") -> None:
    """Write the same picture under a name, with a label that claims something of it."""
    (raw / "june" / f"{name}.img").write_bytes(DATA)
    (raw / "june" / f"{name}.xml").write_bytes(label(name=f"{name}.img", md5=claim))


def test_a_wrong_md5_damages_no_other_path_of_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    put(raw, "a")
    put(raw, "b", f"<md5_checksum>{'0' * 32}</md5_checksum>")
    put(raw, "c")
    damage = [one for one in told(ingest(raw, store)) if one[1] == "damaged"]
    assert [(file, reason.endswith(f"gives {'0' * 32}")) for file, _, reason in damage] == [("june/b.img", True)]
    assert recorded(store) == recorded(store, "june/b.img") == damage == told(ingest(raw, store))
    assert recorded(store, "june/a.img") == recorded(store, "c.img") == []
    assert "damaged: MD5 of the file" in show("b.img", store)
    for whole in ("a.img", "c.img"):
        assert "verdict  no damage found" in show(whole, store)
    (raw / "june" / "b.xml").write_bytes(label(name="b.img"))
    assert told(ingest(raw, store)) == recorded(store) == []
    status = json.loads(CliRunner().invoke(main, ["status", "--store", str(store), "--json"]).output)
    assert (status["damaged"], status["files_with_problems"]) == (0, {})
