"""The recipe file given to a pack decides which results are in it: they are made, or it says that they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.run.build_pack import build_pack, due_for, recipe_of
from flows.run.options import RECIPES_FILE
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from processors.video.frames.frames import Frames
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker, number_of
from tests.helpers.runs import ingest

RECIPES: Recipes = {
    "video": (Metadata(), Evidence(), Frames(every_seconds=1.0)),
    "photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64, 320))),
}
TIMES = '[video.frames]\nchoice = "times"\ntimes_seconds = [{}]\n'


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A video of four seconds and a photo, with the frames and sizes of other recipes; and a recipe for two frames."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(RECIPES_FILE, raising=False)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    MediaMaker(folder).video("descent.mp4", list(range(100)))
    Image.new("RGB", (640, 480), "brown").save(folder / "tracks.png")
    ingest(tmp_path / "raw", tmp_path / "store", RECIPES)
    Path("two.toml").write_text(
        'title = "Two"\naudience = "internal"\nselection = ["descent.mp4"]\ntake = ["frames"]\n'
    )
    return tmp_path


def frames(output: str) -> list[int]:
    """The numbers that the frames of a pack show, in order."""
    pictures = sorted((Path(output) / "data").rglob("frame_*"))
    return [number_of(np.asarray(Image.open(one))) for one in pictures if one.suffix == ".jpg"]


def test_the_frames_of_a_recipe_file_are_made_for_the_pack(filled: Path) -> None:
    for number, times in enumerate(("1.2, 2.4", "3.6")):
        Path("times.toml").write_text(TIMES.format(times))
        told = in_this_process(
            "pack", "two.toml", "-o", f"two-{number}", "--recipes", "times.toml", "--store", "store", "--quiet"
        )
        assert told.returncode == 0, told.stderr
        assert "making video.frames of 1 source for the pack\n" in told.stderr
    assert frames("two-0") == [30, 60]
    assert frames("two-1") == [90]


def test_the_sizes_of_a_recipe_file_are_made_for_the_pack(filled: Path) -> None:
    Path("sizes.toml").write_text("[photo.preview]\nlongest_sides_px = [500]\n")
    told = in_this_process(
        "pack", "tracks.png", "-o", "photo", "--audience", "press", "--recipes", "sizes.toml", "--store", "store"
    )
    assert told.returncode == 0, told.stderr
    assert [path.name for path in Path("photo/data/photos").iterdir()] == ["tracks_500.jpg"]


def test_without_a_recipe_file_the_frames_that_are_there_will_do(filled: Path) -> None:
    assert due_for(recipe_of(["two.toml"]), Store(Path("store"))) is None
    build_pack(recipe_of(["two.toml"]), Path("two"), Store(Path("store")))
    assert frames("two") == [0, 25, 50, 75]


def test_what_cannot_be_made_is_named_and_nothing_else_takes_its_place(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("times.toml").write_text(TIMES.format("99.0"))
    monkeypatch.setenv(RECIPES_FILE, "times.toml")
    store = Store(Path("store"))
    with pytest.raises(RequestError, match=r"^none of the 1 selected sources has frames"):
        build_pack(recipe_of(["two.toml"]), Path("two"), store)
    Path("two.toml").write_text(Path("two.toml").read_text().replace('"frames"', '"frames", "metadata"'))
    built = build_pack(recipe_of(["two.toml"]), Path("two"), store)
    assert built.left_out == (
        "video.frames of june/descent.mp4 with the parameters of times.toml: not made: "
        "run `marsmedia ingest --recipes times.toml`",
        "video.integrity, video.shots, video.timeline of 1 source: not made yet: "
        "run `marsmedia ingest`, then build the pack again",
    )
    assert frames("two") == []
