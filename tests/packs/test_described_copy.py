"""Of copies in one release the one that it describes stands for the bytes, in packs, queries and selections."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.named_sources import find_sighting
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.sql import connect
from processors.store.store import Store
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}
HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'


@pytest.fixture
def june(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release with the same photo twice."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    for name in ("a/copy.png", "b/selfie.png"):
        (folder / name).parent.mkdir(parents=True)
        Image.new("RGB", (96, 64), (40, 80, 120)).save(folder / name)
    return folder


def described(june: Path, name: str) -> None:
    entry = f'[[file]]\npath = "{name}"\ntitle = "Selfie"\ninstructions = "Embargoed until 2027"\ndate = "2021-06-01"\n'
    (june / "release.toml").write_text(HEAD + entry)
    ingest(Path("raw"), Path("store"), RECIPES)


def chosen() -> tuple[list[str], list[tuple[str, str | None]]]:
    """The path by which each source is selected, and path and title in the view `known`."""
    catalogue = Catalogue(Store(Path("store")))
    with connect(catalogue) as connection:
        known = connection.execute("SELECT relative, title FROM known").fetchall()
    return [row.relative for row in select(parse([]), catalogue)], known


def photos(pack: str) -> list[str]:
    build_pack(recipe_of(["release=june"], audience="press"), Path(pack), Store(Path("store")))
    return sorted(one.name for one in Path(pack, "data/photos").iterdir())


def test_the_described_copy_stands_for_the_bytes(june: Path) -> None:
    described(june, "b/selfie.png")
    assert chosen() == (["june/b/selfie.png"], [("june/b/selfie.png", "Selfie")])
    assert photos("press") == ["2021-06-01_selfie_64.jpg"]
    (credit_file,) = Path("press/data").rglob("CREDITS.txt")
    assert "Embargoed until 2027" in credit_file.read_text()
    catalogue = Catalogue(Store(Path("store")))
    assert find_sighting("june/a/copy.png", catalogue).row.relative == "june/a/copy.png", "who names a path gets it"
    assert [row.relative for row in select(parse(["copy.png"]), catalogue)] == ["june/a/copy.png"]
    described(june, "a/copy.png")
    assert chosen() == (["june/a/copy.png"], [("june/a/copy.png", "Selfie")])


@pytest.mark.parametrize("bare", ["a/copy.png", "b/selfie.png"])
def test_an_entry_with_nothing_but_a_path_describes_nothing(june: Path, bare: str) -> None:
    """As `release init` writes one for each file."""
    (other,) = {"a/copy.png", "b/selfie.png"} - {bare}
    described(june, other)
    with (june / "release.toml").open("a") as file:
        file.write(f'[[file]]\npath = "{bare}"\n')
    ingest(Path("raw"), Path("store"), RECIPES)
    assert chosen() == ([f"june/{other}"], [(f"june/{other}", "Selfie")])
    assert photos("press") == ["2021-06-01_selfie_64.jpg"]


def test_an_entry_with_a_mistake_still_describes_its_file(june: Path) -> None:
    entries = '[[file]]\npath = "a/copy.png"\n[[file]]\npath = "b/selfie.png"\ntitle = 5\n'
    (june / "release.toml").write_text(HEAD + entries)
    ingest(Path("raw"), Path("store"), RECIPES)
    assert chosen()[0] == ["june/b/selfie.png"]


def test_copies_that_nothing_describes_are_taken_by_path(june: Path) -> None:
    described(june, "b/selfie.png")
    (june / "release.toml").write_text(HEAD)
    ingest(Path("raw"), Path("store"), RECIPES)
    assert chosen() == (["june/a/copy.png"], [("june/a/copy.png", None)])


def test_a_bare_copy_in_another_release_is_no_worse(june: Path) -> None:
    (june.parent / "early").mkdir()
    (june / "a/copy.png").rename(june.parent / "early/copy.png")
    described(june, "b/selfie.png")
    assert chosen() == (["early/copy.png"], [("early/copy.png", None)])
