"""`status` counts what is true now, as `failures` does: no failure that a later result has replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

GOOD, BAD = 'title = "June"\n', 'mission = "tianwen-1"\n[[file]]\npath = "rover.jpg"\nevent = "no such event"\n'
RECIPES: Recipes = {"photo": (Evidence(), PhotoPreview())}


def results(store: Path) -> Any:
    run = CliRunner().invoke(main, ["status", "--store", str(store), "--json"])
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)["results"]


@pytest.fixture
def description(raw: Path, maker: MediaMaker) -> Path:
    maker.photo("rover.jpg")
    return raw / "june/release.toml"


def test_a_failure_that_was_mended_is_not_counted_and_comes_back_with_its_cause(
    raw: Path, description: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    description.write_text(BAD)
    assert ingest(raw, store, RECIPES).state == "failed"
    assert results(store)["evidence"] == {"failed": 1}
    description.write_text(GOOD)
    assert ingest(raw, store, RECIPES).state == "completed"
    assert results(store)["evidence"] == {"made": 1}
    description.write_text(BAD)
    ingest(raw, store, RECIPES)
    assert results(store)["evidence"] == {"made": 1, "failed": 1}


def test_failures_of_a_replaced_file_are_not_counted(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    store, photo = tmp_path / "store", maker.photo("rover.jpg")
    whole = photo.read_bytes()
    photo.write_bytes(whole[:300])
    ingest(raw, store, RECIPES)
    assert results(store)["photo.preview"] == {"failed": 1}
    photo.write_bytes(whole)
    ingest(raw, store, RECIPES)
    assert results(store)["photo.preview"] == {"made": 1}
