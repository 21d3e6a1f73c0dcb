"""Copied items lie in folders of the names that by-name and `items` have."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from tests.helpers.pack_store import picture
from tests.helpers.runs import ingest

SETS = ("quality=50", "formats=webp", "quality=51,formats=webp")


def command(*words: object) -> str:
    answer = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def contents(folder: Path) -> dict[str, str]:
    """Digest of each file by its path; links are followed."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for link in folder.iterdir()
        for path in link.iterdir()
        if path.name != "manifest.json"
    }


@pytest.mark.parametrize("has_view", [True, False])
def test_fetched_items_have_the_names_of_by_name_and_of_items(tmp_path: Path, has_view: bool) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("RGB", (640, 480), (90, 40, 20)).save(tmp_path / "raw/june/photo.jpg")
    store, output = tmp_path / "store", tmp_path / "fetched"
    recipes: Recipes = {"photo": (PhotoPreview(), Quality()), "video": (), "audio": ()}
    ingest(tmp_path / "raw", store, recipes)
    seen: dict[str, str] = {}
    for number, settings in enumerate(SETS):
        sets = [word for one in settings.split(",") for word in ("--set", one)]
        command("reprocess", "photo.jpg", "--processor", "photo.preview", *sets, "--store", store, "--quiet")
        seen = contents(store / "by-name/june/photo.jpg")
        assert len({name.split("/")[0] for name in seen}) == number + 3
        if not has_view:
            shutil.move(store / "by-name", tmp_path / "kept")
        listed = command("items", "photo.jpg", "--store", store).splitlines()[1:]
        command("fetch", "photo.jpg", "processor=photo.preview", "-o", output, "--store", store)
        command("fetch", "photo.jpg", "-o", output, "--store", store)
        if not has_view:
            shutil.move(tmp_path / "kept", store / "by-name")
        assert contents(output / "june/photo.jpg") == seen
        names = {"/".join(line.split()[0].split("/")[:1]) for line in listed}
        assert names == {name.split("/")[0] for name in seen}
    assert {name.split("/")[0] for name in seen} == {
        "photo.preview",
        "photo.preview~quality=50",
        "photo.preview~formats=webp",
        "photo.preview~formats=webp,quality=51",
        "photo.quality",
    }


def test_a_result_that_the_view_does_not_show_is_named_after_its_key(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    Image.new("RGB", (640, 480), (90, 40, 20)).save(tmp_path / "raw/june/photo.jpg")
    store = tmp_path / "store"
    for quality in (40, 50):  # the recipe has been changed in between
        ingest(tmp_path / "raw", store, {"photo": (PhotoPreview(quality=quality),), "video": (), "audio": ()})
    now = (store / "by-name/june/photo.jpg/photo.preview").resolve().name
    (old,) = [path.name for path in next((store / "results").glob("*/*/photo.preview")).iterdir() if path.name != now]
    command("fetch", "photo.jpg", "-o", tmp_path / "fetched", "--store", store)
    names = {"photo.preview", f"photo.preview~{old[:8]}"}
    assert {path.name for path in (tmp_path / "fetched/june/photo.jpg").iterdir()} == names
    listed = command("items", "photo.jpg", "--store", store).splitlines()[1:]
    assert {line.split()[0].split("/")[0] for line in listed} == names


def test_results_that_could_not_be_made_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    (folder / "whole.jpg").write_bytes(picture(640, 480, 1))
    copied = picture(640, 480, 2)
    (folder / "half.jpg").write_bytes(copied[: len(copied) // 2])
    recipes: Recipes = {"photo": (Metadata(), PhotoPreview(), Quality())}
    report = ingest(tmp_path / "raw", tmp_path / "store", recipes)
    reason = next(one.reason for one in report.problems if one.processor == "photo.preview")
    words = ["-o", str(tmp_path / "fetched"), "--store", str(tmp_path / "store")]

    def said(*selection: str) -> tuple[int, list[str]]:
        answer = CliRunner().invoke(main, ["fetch", *selection, *words])
        return answer.exit_code, answer.stderr.splitlines()

    lacks = f"june/half.jpg: failed: {reason} [photo.preview]"
    assert said("processor=photo.preview", "release=june") == (0, [f"marsmedia: not copied: {lacks}"])
    assert said("june/whole.jpg") == (0, [])
    assert said("june/half.jpg") == (
        0,
        [f"marsmedia: not copied: june/half.jpg: failed: {reason} [photo.preview, photo.quality]"],
    )
    none = "marsmedia: processor=photo.preview: the selected sources have no items of this processor"
    assert said("processor=photo.preview", "june/half.jpg") == (2, [none, lacks])
    as_json = command("fetch", "processor=photo.preview", "release=june", *words, "--json")
    assert json.loads(as_json)["not_copied"] == [lacks]
