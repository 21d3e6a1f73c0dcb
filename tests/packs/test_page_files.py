"""Files that the page offers: what they are called, how large they are, and which of several results counts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.engine.wanted_results import Recipes
from processors.languages.text import Text
from processors.packs.build import build
from processors.packs.recipe.audience import Layout
from processors.packs.recipe.pack_recipe import PackRecipe, Pictures
from processors.store.manifest import ResultRef
from processors.video.frames.frames import Frames
from processors.video.shots.stills import Stills
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import PackStore, evidence, picture
from tests.helpers.runs import ingest
from tests.helpers.video_scenes import scene, write
from tests.packs.test_gallery import data, records

STILL: Recipes = {"video": (Stills(), Frames(every_seconds=1.0)), "audio": (), "photo": ()}


def pictured(folder: Path) -> PackStore:
    """A photo in two sizes, and a video with one still."""
    made = PackStore(folder)
    photo = made.source("tracks.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.said(photo, evidence("Wheel tracks", redistribute=True))
    made.pictures(photo, "photo.preview", {"preview_320.jpg": (320, 240), "preview_1024.jpg": (1024, 768)})
    video = made.source("descent.mp4", "video", "mov,mp4,m4a,3gp,3g2,mj2", b"not really a video")
    made.said(video, evidence("Descent", redistribute=True))
    at = {"pts": 5, "time_base": "1/25", "time_seconds": 0.2}
    made.pictures(video, "video.stills", {"still_01.jpg": (640, 360)}, rank=1, identity=at)
    return made


@pytest.mark.parametrize("layout", ["kind", "source"])
@pytest.mark.parametrize(("made_as", "suffix"), [("jpeg", "jpg"), ("webp", "webp"), ("png", "png")])
def test_the_page_of_a_pack_names_every_file_as_it_lies_there(
    tmp_path: Path, layout: Layout, made_as: Any, suffix: str
) -> None:
    recipe = PackRecipe(
        title=Text(en="T"),
        selection=("*",),
        take=("stills",),
        layout=layout,
        pictures=Pictures(longest_side_px=(200, 500), picture_format=made_as),
    )
    made, root = pictured(tmp_path), tmp_path / "pack/data"
    build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset[ResultRef](), has_page=True)
    shown = [file for one in data(root, "details-0000").values() for file in one["files"]]
    assert [(one["width_px"], one["height_px"]) for one in shown] == [(200, 113), (500, 281), (200, 150), (500, 375)]
    for one in shown:
        there = root / one["href"]
        with Image.open(there) as opened:
            assert (opened.format or "").lower() == made_as
            assert opened.size == (one["width_px"], one["height_px"])
            assert opened.size == (one["facts"]["width_px"], one["facts"]["height_px"])
        assert one["name"] == there.name
        assert there.suffix == f".{suffix}"
        assert (one["size_bytes"], one["sha256"]) == (
            there.stat().st_size,
            hashlib.sha256(there.read_bytes()).hexdigest(),
        )
    (frame,) = records(root, "frames-0000")
    assert (frame["href"], frame["file"], frame["others"]) == (shown[1]["href"], 1, [0])


def still_at(raw: Path, seconds: float | None) -> None:
    """Say in the release which moment of its video is to be its first still, and ingest it."""
    pinned = "" if seconds is None else f"still_seconds = {seconds}\n"
    (raw / "june/release.toml").write_text(f'title = "June"\n[[file]]\npath = "a.mp4"\n{pinned}')
    ingest(raw, raw.parent / "store", STILL)


def browsed(store: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """The page's records of the one video: in the list, its frames and its details."""
    done = CliRunner().invoke(main, ["browse", "--no-open", "--store", str(store)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    page = store / "gallery"
    (subject,), (details,) = records(page, "subjects-0000"), data(page, "details-0000").values()
    return subject, records(page, "frames-0000"), details


def facts_of(details: dict[str, Any], thumbnail: str) -> dict[str, Any]:
    """The facts of the still with this thumbnail."""
    (found,) = [one for one in details["files"] if one["thumbnail"] == thumbnail and "rank" in one["facts"]]
    return found["facts"]


@pytest.mark.slow
def test_a_pinned_still_is_the_card_and_only_todays_stills_have_stars(tmp_path: Path) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "june").mkdir(parents=True)
    write(raw / "june/a.mp4", [scene(3, frame) for frame in range(100)])
    for pinned, first in ((None, None), (1.4, 1.4), (2.72, 2.72), (1.4, 1.4)):  # put back: the right one is older
        still_at(raw, pinned)
        subject, frames, details = browsed(store)
        if first is not None:
            assert facts_of(details, subject["thumbnail"])["identity"]["time_seconds"] == first
    stills = [one for one in details["files"] if "rank" in one["facts"]]
    pins = [details["results"][one["result"]]["parameters"]["pinned_seconds"] for one in stills if one["counts"]]
    assert set(pins) == {1.4}
    today = {one["facts"]["identity"]["time_seconds"] for one in stills if one["counts"]}
    assert {one["time_seconds"] for one in frames if one["is_still"]} == today
    assert {one["time_seconds"] for one in frames} > today
    assert len({(one["pts"], one["time_base"]) for one in frames}) == len(frames), "each frame once"
    old = {one["facts"]["identity"]["time_seconds"] for one in stills} - today
    assert 2.72 in old
    assert not [one for one in frames if one["time_seconds"] in old and one["is_still"]]


@pytest.mark.slow
def test_a_frame_made_again_as_another_picture_is_one_frame_with_two_files(tmp_path: Path) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "june").mkdir(parents=True)
    MediaMaker(raw / "june").video("a.mp4", list(range(75)))
    ingest(raw, store, STILL)
    words = ("choice=times", "times_seconds=1.0", "picture_format=png")
    sets = [word for one in words for word in ("--set", one)]
    asked = ["reprocess", "a.mp4", "--processor", "video.frames", *sets, "--store", str(store)]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    _, frames, details = browsed(store)
    (frame,) = [one for one in frames if one["time_seconds"] == 1.0]
    assert details["files"][frame["file"]]["media_type"] == "image/jpeg"
    assert "image/png" in [details["files"][number]["media_type"] for number in frame["others"]]
    png = [one for one in details["files"] if one["media_type"] == "image/png"]
    assert [one["counts"] for one in png] == [False]
