"""`why` and `show` of the files that a pack has from a release: originals, labels, descriptions."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.languages.text import Text
from processors.metadata import Metadata
from processors.packs.build import build
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.pack_store import picture

RECIPES = {"photo": (Metadata(), PhotoPreview(longest_sides_px=(320,)))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive's pack of a release whose photo was replaced afterwards, and of which two folders have one text."""
    june = tmp_path / "raw/june"
    for name in ("edl", "sol"):
        (june / name).mkdir(parents=True)
        (june / name / "collection.csv").write_text("P,urn:nasa:pds:mars2020")
    (june / "tracks.jpg").write_bytes(picture(64, 48, 1))
    (june / "release.toml").write_text('agency = "CNSA"\n')
    run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]
    recipe = PackRecipe(title=Text(en="T"), audience="archive", selection=("release=june",))
    build(recipe, tmp_path / "pack", Store(tmp_path / "store"), asked=lambda row: frozenset())
    (june / "tracks.jpg").write_bytes(picture(64, 48, 2))
    run_ingest(tmp_path / "raw", tmp_path / "store", RECIPES, Options(), in_threads, name="j")  # type: ignore[arg-type]
    return tmp_path


def ask(folder: Path, command: str, path: str, *words: str) -> tuple[int, list[str]]:
    asked = [command, str(folder / "pack/data" / path), *words, "--store", str(folder / "store")]
    answer = CliRunner().invoke(main, asked)
    return answer.exit_code, answer.output.splitlines()


def seen(folder: Path, path: str) -> str:
    (row,) = (row for row in Catalogue(Store(folder / "store")).sightings() if row.path == str(folder / "raw" / path))
    return f"  seen     {row.path} (since {row.seen_utc[:19]}Z)"


def test_why_of_a_file_of_a_release_tells_its_digest_and_every_place(folder: Path) -> None:
    for path in ("june/sol/collection.csv", "june/release.toml"):
        digest = sha256((folder / "raw" / path).read_bytes()).hexdigest()
        code, lines = ask(folder, "why", f"releases/{path}")
        assert (code, lines[1]) == (0, f"  sha256   {digest}")
        assert lines[0].endswith(": not a medium, so nothing is made of it")
        assert seen(folder, path) in lines
        code, lines = ask(folder, "show", f"releases/{path}")
        assert (code, f"  sha256   {digest}" in lines, seen(folder, path) in lines) == (0, True, True)
    code, lines = ask(folder, "why", "releases/june/edl/collection.csv", "--json")
    places = [str(folder / f"raw/june/{name}/collection.csv") for name in ("edl", "sol")]
    assert (code, sorted(one["path"] for one in json.loads(lines[0])["seen"])) == (0, places)


def test_show_of_a_text_that_lies_at_two_places_begins_with_that_of_the_path(folder: Path) -> None:
    for name in ("edl", "sol"):
        code, lines = ask(folder, "show", f"releases/june/{name}/collection.csv", "--json")
        assert (code, json.loads(lines[0])["relative"]) == (0, f"june/{name}/collection.csv")


def test_an_original_of_a_pack_that_was_replaced_since_is_shown_as_gone(folder: Path) -> None:
    path = "media/tracks.jpg/original/tracks.jpg"
    rows = [row for row in Catalogue(Store(folder / "store")).sightings() if row.name == "tracks.jpg"]
    (old, new) = rows
    code, lines = ask(folder, "show", path)
    assert (code, f"  sha256   {old.digest}" in lines) == (0, True)
    assert f"  here     now {new.digest} (since {new.seen_utc[:19]}Z)" in lines
    code, lines = ask(folder, "why", path)
    gone = f"june/tracks.jpg: no longer in raw since {new.seen_utc[:10]}: no run makes what is due"
    assert (code, lines[0], lines[1].partition(":")[0]) == (0, gone, "metadata")


def test_show_of_an_item_says_who_knows_it(folder: Path) -> None:
    path = "media/tracks.jpg/metadata/metadata.json"
    assert ask(folder, "show", path) == (
        2,
        [
            f"marsmedia: {folder}/pack/data/{path}: no source, but has the bytes of an item or is made from one "
            f"(metadata of tracks.jpg); `marsmedia why {folder}/pack/data/{path}` shows its provenance"
        ],
    )


def test_show_refuses_a_damaged_original(folder: Path) -> None:
    path = folder / "pack/data/media/tracks.jpg/original/tracks.jpg"
    path.write_bytes(b"damaged")
    code, lines = ask(folder, "show", "media/tracks.jpg/original/tracks.jpg")
    assert (code, lines[0].partition(" (SHA")[0]) == (
        2,
        f"marsmedia: {path}: differs from the pack's manifest: damaged",
    )


def test_show_of_a_raw_file_in_a_pack_that_was_delivered_tells_its_history_though_it_is_damaged(folder: Path) -> None:
    (folder / "again/raw").mkdir(parents=True)
    (folder / "pack").rename(folder / "again/raw/pack")
    path = folder / "again/raw/pack/data/media/tracks.jpg/original/tracks.jpg"
    run_ingest(folder / "again/raw", folder / "again/store", RECIPES, Options(), in_threads, name="k")  # type: ignore[arg-type]
    digest = sha256(path.read_bytes()).hexdigest()
    path.write_bytes(b"damaged")
    answer = CliRunner().invoke(main, ["show", str(path), "--store", str(folder / "again/store")])
    assert (answer.exit_code, f"  sha256   {digest}" in answer.output.splitlines()) == (0, True)
