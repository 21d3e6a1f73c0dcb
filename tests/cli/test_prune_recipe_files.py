"""`prune` after runs with a recipe file: what the last run made is not taken for results that nobody asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.helpers.made_media import MediaMaker


class Place:
    def __init__(self, marsmedia: Run, raw: Path, store: Path, recipes: Path) -> None:
        self._marsmedia, self.raw, self._store, self.recipes = marsmedia, raw, store, recipes

    def ingest(self, *words: str | Path) -> None:
        assert self._marsmedia("ingest", self.raw, "--store", self._store, *words).returncode == 0

    def prune(self, *words: str | Path) -> list[str]:
        """The processors of the results that would be removed."""
        run = self._marsmedia("prune", "--dry-run", "--json", "--store", self._store, *words)
        return sorted(one["processor"] for one in json.loads(run.stdout)["results"])

    def refusal(self) -> str:
        run = self._marsmedia("prune", "--yes", "--store", self._store)
        assert run.returncode == 2
        return run.stderr.splitlines()[-1]


@pytest.fixture
def place(marsmedia: Run, raw: Path, maker: MediaMaker, tmp_path: Path) -> Place:
    maker.photo("photo.jpg")
    recipes = tmp_path / "mine.toml"
    recipes.write_text('also = ["photo.quality"]\n["photo.preview"]\nquality = 71\n')
    return Place(marsmedia, raw, tmp_path / "store", recipes)


def test_what_the_recipe_file_of_the_last_run_asks_for_stays(place: Place) -> None:
    place.ingest("--recipes", place.recipes)
    assert place.prune() == []
    place.ingest("--recipes", place.recipes)  # with nothing to do
    assert place.prune() == []
    place.ingest()
    assert place.prune() == ["photo.preview", "photo.quality"]


def test_a_recipe_file_that_is_named_decides_alone(place: Place, tmp_path: Path) -> None:
    place.ingest("--recipes", place.recipes)
    (tmp_path / "other.toml").write_text('["photo.preview"]\nquality = 60\n')
    assert place.prune("--recipes", tmp_path / "other.toml") == ["photo.preview", "photo.quality"]


def test_a_run_over_another_folder_is_not_the_last_of_this_one(place: Place, tmp_path: Path) -> None:
    place.ingest("--recipes", place.recipes)
    (tmp_path / "more/july").mkdir(parents=True)
    MediaMaker(tmp_path / "more/july").photo("other.png", size=(64, 48))
    place.raw = tmp_path / "more"
    place.ingest()
    assert place.prune() == []


def test_a_recipe_file_that_is_gone_stops_prune(place: Place) -> None:
    place.ingest("--recipes", place.recipes)
    place.recipes.unlink()
    assert place.refusal() == (
        f"marsmedia: {place.recipes}: the file no longer exists: restore it or run again without it; the last run over "
        f"{place.raw} used this file; name the one to go by with --recipes, or run `marsmedia ingest` without it first"
    )
