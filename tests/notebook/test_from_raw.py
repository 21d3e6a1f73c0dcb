"""Pictures that a notebook decodes from the file in raw: a photo's own pixels, and frames of a file with a new date."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import marsmedia
from marsmedia import RequestError, SourceView
from processors.engine.wanted_results import Recipes
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

NOTHING: Recipes = {"audio": (), "video": (), "photo": ()}


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """Return the folder of a release with a video."""
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    MediaMaker(folder).video("descent.mp4", list(range(25)))
    return folder


def source(june: Path, name: str) -> SourceView:
    """Return a source of the release, ingested now."""
    store = june.parents[1] / "store"
    ingest(june.parent, store, NOTHING)
    return marsmedia.open(store).source(name)


@pytest.mark.parametrize(
    ("name", "mode"), [("a.png", "RGB"), ("a.png", "L"), ("a.png", "RGBA"), ("a.bmp", "RGB"), ("a.tif", "L")]
)
def test_a_photo_of_8_bits_has_the_pixels_of_its_file(june: Path, name: str, mode: str) -> None:
    shape = (40, 60) if mode == "L" else (40, 60, len(mode))
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(june / name)
    assert np.array_equal(np.asarray(source(june, name).photo("raw")), pixels)


def test_a_jpeg_has_the_pixels_that_its_decoder_gives_upright(june: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x112] = 6  # turned by 90 degrees
    Image.fromarray(pixels).save(june / "a.jpg", quality=95, exif=exif)
    with Image.open(june / "a.jpg") as stored:
        upright = np.rot90(np.asarray(stored), -1)
    assert np.array_equal(np.asarray(source(june, "a.jpg").photo("raw")), upright)


def test_a_photo_of_more_than_8_bits_is_refused_with_what_has_its_values(june: Path) -> None:
    Image.fromarray(np.arange(2400, dtype=np.uint16).reshape(40, 60) * 20).save(june / "a.png")
    refused = r"a\.png: its samples are uint16, more than a picture of 8 bits holds; take photo_values\(\)$"
    with pytest.raises(RequestError, match=refused):
        source(june, "a.png").photo("raw")


def test_raw_takes_no_parameters_and_only_photos(june: Path) -> None:
    video = source(june, "descent.mp4")
    with pytest.raises(
        RequestError, match=r"descent\.mp4: not a photo; `frame\(seconds\)` has the pictures of a video"
    ):
        video.photo("raw")
    with pytest.raises(RequestError, match="raw has no parameters; leave out quality"):
        video.photo("raw", quality=3)


def test_a_damaged_photo_comes_with_a_warning(june: Path) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 600)).astype(np.uint8)).save(june / "a.jpg")
    data = (june / "a.jpg").read_bytes()
    (june / "a.jpg").write_bytes(data[:-3000] + b"\0" * 2000 + data[-1000:])
    photo = source(june, "a.jpg")
    with pytest.warns(UserWarning, match=r"a\.jpg: the picture is damaged: up to 100 % of"):
        assert photo.photo("raw").size == (600, 400)


def test_a_file_with_another_date_and_the_same_bytes_is_read(june: Path) -> None:
    Image.fromarray(np.full((40, 60), 7, np.uint8)).save(june / "a.png")
    video, photo = source(june, "descent.mp4"), source(june, "a.png")
    before = np.asarray(video.frame(0.2))
    for name in ("descent.mp4", "a.png"):
        os.utime(june / name, (1e9, 1e9))
    assert np.array_equal(np.asarray(video.frame(0.2)), before)
    assert np.asarray(photo.photo("raw")).max() == 7


@pytest.mark.parametrize("name", ["descent.mp4", "a.png"])
def test_a_file_with_other_bytes_or_none_is_answered_with_what_helps(june: Path, name: str) -> None:
    Image.fromarray(np.full((40, 60), 7, np.uint8)).save(june / "a.png")
    one = source(june, name)
    data = bytearray((june / name).read_bytes())
    data[-1] ^= 1
    (june / name).write_bytes(data)
    os.utime(june / name, (1e9, 1e9))
    changed = rf"{name}: changed since it was ingested; run `marsmedia ingest` first$"
    with pytest.raises(RequestError, match=changed):
        one.frame(0.2) if name == "descent.mp4" else one.photo("raw")
    (june / name).unlink()
    gone = rf"{name}: no longer where it was ingested; run `marsmedia ingest` on the folder that holds it now$"
    with pytest.raises(RequestError, match=gone):
        one.frame(0.2) if name == "descent.mp4" else one.photo("raw")
