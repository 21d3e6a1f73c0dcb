"""The good part of a truncated photo is decoded where someone asks, and only rows that are real are given."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.contract import Item, OpenSource, Source
from processors.errors import DamagedMedia, RefusedMedia
from processors.photo.reading.display_levels import levels_of, to_8_bit
from processors.photo.salvaged import Salvaged
from processors.sources.source_file import SourceFile
from tests.helpers.made_planar_tiff import planar_tiff

PICTURE = np.random.default_rng(1).integers(40, 200, (400, 600, 3)).astype(np.uint8)


def encoded(picture_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, picture_format, **options)
    return file.getvalue()


def salvaged(folder: Path, data: bytes, picture_format: str) -> list[Item]:
    path = folder / "photo"
    path.write_bytes(data)
    source = Source(
        digest="0" * 64, size_bytes=len(data), name="photo", medium="photo", format=picture_format, has_sound=False
    )
    return list(Salvaged().items(OpenSource(source=source, file=SourceFile.at(path)), folder))


@pytest.mark.parametrize(("picture_format", "least_rows"), [("JPEG", 207), ("PNG", 238), ("TIFF", 238)])
def test_rows_before_the_cut_are_exact_and_counted(tmp_path: Path, picture_format: str, least_rows: int) -> None:
    whole = encoded(picture_format)
    told, picture = salvaged(tmp_path, whole[: len(whole) * 6 // 10], picture_format.lower())
    facts = told.facts
    assert facts == picture.facts
    assert (facts.is_needed, facts.rows_promised) == (True, 400)
    assert "truncated" in facts.fault
    assert least_rows <= facts.rows_decoded <= 240
    shown = np.asarray(Image.open(io.BytesIO(picture.data or b"")))
    assert shown.shape == (facts.rows_decoded, 600, 3)
    assert (shown == np.asarray(Image.open(io.BytesIO(whole)))[: facts.rows_decoded]).all()


def test_a_whole_photo_needs_nothing(tmp_path: Path) -> None:
    (told,) = salvaged(tmp_path, encoded("PNG"), "png")
    assert (told.name, told.facts.is_needed, told.facts.rows_decoded) == ("salvaged.json", False, None)


@pytest.mark.parametrize(
    ("picture_format", "options", "words"),
    [("JPEG", {"progressive": True}, "truncated progressive JPEG"), ("WEBP", {}, "damaged webp cannot be")],
)
def test_what_is_coarse_or_unknown_is_refused(tmp_path: Path, picture_format: str, options: dict, words: str) -> None:
    data = encoded(picture_format, **options)
    with pytest.raises(RefusedMedia, match=words):
        salvaged(tmp_path, data[: len(data) // 2], picture_format.lower())


def test_a_header_alone_gives_no_row(tmp_path: Path) -> None:
    with pytest.raises(DamagedMedia, match="not one whole row can be decoded"):
        salvaged(tmp_path, encoded("PNG")[:300], "png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rows_of_a_cut_tiff_that_is_to_be_turned_are_those_stored(orientation: int, tmp_path: Path) -> None:
    values = np.random.default_rng(4).integers(1, 255, (60, 40, 3), np.uint8)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(values).save(file, "TIFF", exif=exif)
    data = file.getvalue()
    place = data.find(values.tobytes())
    items = salvaged(tmp_path, data[: place + 40 * 3 * 35], "tiff")
    facts = items[0].facts
    assert (facts.rows_decoded, facts.rows_promised) == (35, 60)
    assert items[1].data is not None
    assert (np.asarray(Image.open(io.BytesIO(items[1].data))) == values[:35]).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_rows_are_shown_as_the_whole_photo_is(tmp_path: Path, dtype: type) -> None:
    values = np.random.default_rng(5).integers(1000, 3000, (400, 600)).astype(dtype)
    values[3, 4] = 60_000  # a hot pixel
    file = io.BytesIO()
    Image.fromarray(values).save(file, "TIFF")
    whole = file.getvalue()
    facts, picture = salvaged(tmp_path, whole[: len(whole) * 6 // 10], "tiff")
    shown = np.asarray(Image.open(io.BytesIO(picture.data or b"")))
    kept = values[: facts.facts.rows_decoded]
    assert (shown == to_8_bit(kept, levels_of(kept))).all()
    assert shown.mean() > 100, "the hot pixel does not darken the rest"


def test_rows_of_a_cut_tiff_in_tiles_or_planes_are_whole(tmp_path: Path) -> None:
    values = np.random.default_rng(4).integers(1, 255, (60, 40, 3), np.uint8)
    tiles = planar_tiff(values[..., :1], 1, tile=(16, 16), more={284: (1,)})
    items = salvaged(tmp_path, tiles[: -7 * 16 * 16], "tiff")  # one tile of the second of four rows is the last
    assert (items[0].facts.rows_decoded, items[0].facts.rows_promised) == (16, 60)
    assert (np.asarray(Image.open(io.BytesIO(items[1].data or b""))) == values[:16, :, 0]).all()
    planes = planar_tiff(values, 2)
    items = salvaged(
        tmp_path, planes[: -40 * 20], "tiff"
    )  # the last of four strips of the last plane, and a part of another
    assert (items[0].facts.rows_decoded, items[0].facts.rows_promised) == (32, 60)
    with pytest.raises(DamagedMedia, match="not one whole row can be decoded"):
        salvaged(tmp_path, planes[: -40 * 70], "tiff")  # a part of the second plane
