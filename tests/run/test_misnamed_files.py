"""A file with the suffix of another format is read, named in one line, and gives its bytes no name if a copy fits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import Selection, select
from processors.store.catalogue.sql import connect
from processors.store.store import Store
from tests.helpers.command import in_this_process
from tests.helpers.pack_store import picture
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview())}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    (folder / "zhurong.jpg").write_bytes(picture(640, 480, 1))
    return folder


def told(folder: Path) -> list[str]:
    report = ingest(folder.parent, folder.parent.parent / "processed", RECIPES)
    assert report.state == "completed"
    return list(report.advice)


def test_files_with_the_suffix_of_another_format_are_named_in_one_line(folder: Path) -> None:
    assert told(folder) == []
    (folder / "film.mp4").write_bytes(picture(640, 480, 2))
    line = (
        "1 file has the ending of another format: june/film.mp4 (named .mp4, but the bytes are JPEG): "
        "it is read as what it is"
    )
    assert told(folder) == [line]
    shown = in_this_process("ingest", str(folder.parent), "--store", "processed").stdout.splitlines()
    assert line in shown
    for number in range(5):
        (folder / f"sound-{number}.wav").write_bytes(picture(64, 48, 3 + number, "PNG"))
    sounds = ", ".join(f"june/sound-{number}.wav (named .wav, but the bytes are PNG)" for number in range(4))
    assert told(folder) == [
        f"6 files have the ending of another format: june/film.mp4 (named .mp4, but the bytes are JPEG), {sounds} "
        "and 1 more: they are read as what they are"
    ]


@pytest.mark.parametrize("name", ["first.mp4", "first.png", "a-first.tif"])
def test_copies_have_the_name_whose_suffix_fits(folder: Path, name: str) -> None:
    """The other one comes first by its path; alone, it gives the name."""
    shutil.copy(folder / "zhurong.jpg", folder / name)
    told(folder)
    store = Store(Path("processed"))
    catalogue = Catalogue(store)
    assert [row.name for row in select(Selection(), catalogue)] == ["zhurong.jpg"]
    with connect(catalogue) as connection:
        assert connection.execute("SELECT name FROM known").fetchall() == [("zhurong.jpg",)]
    build_pack(recipe_of(["release=june"], audience="press"), Path("press"), store)
    assert [path.name for path in Path("press/data/photos").iterdir()] == ["zhurong_640.jpg"]
    assert [row.name for row in select(Selection(names=(name,)), catalogue)] == [name]
    (folder / "zhurong.jpg").unlink()
    told_again = ingest(folder.parent, "processed", RECIPES)
    assert told_again.results.failed == 0
    assert [row.name for row in select(Selection(), catalogue)] == [name]
