"""Turned, thin and tiled photos: upright in every result, and nothing is left beside what a manifest names."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from processors.contract import OpenSource, Source
from processors.errors import RefusedMedia
from processors.linking.crops import points_of
from processors.linking.same_picture import candidate
from processors.photo.deep import DeepPhoto
from processors.photo.reading.photo_reader import PhotoReader
from processors.photo.tiles import Tiles, TilesFacts
from processors.sources.source_file import SourceFile
from tests.photo.test_tiff import Tag, scaled_by_gdal, tiff


def opened(path: Path, picture_format: str) -> OpenSource:
    source = Source(digest="ab" * 32, size_bytes=1, name="p", medium="photo", format=picture_format, has_sound=False)
    return OpenSource(source=source, file=SourceFile.at(path))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["jpeg", "png", "tiff", "webp"])
def test_tiles_are_upright_and_leave_no_other_file(tmp_path: Path, picture_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = np.random.default_rng(1).integers(0, 256, (75, 100, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(picture).save(tmp_path / "p", picture_format, exif=exif)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (item,) = Tiles(least_pixels=1).items(opened(tmp_path / "p", picture_format), scratch)
    assert [path.name for path in scratch.iterdir()] == ["tiles.zip"]
    assert item.file is not None
    with zipfile.ZipFile(item.file) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith("info.json"))
        described = json.loads(archive.read(name))
    assert (described["width"], described["height"]) == ((800, 600) if orientation < 5 else (600, 800))
    assert (item.facts.width_px, item.facts.height_px) == (described["width"], described["height"])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_rendition_is_upright(tmp_path: Path, orientation: int) -> None:
    values = np.random.default_rng(1).integers(0, 65536, (600, 800), np.uint16)
    Image.fromarray(values).save(tmp_path / "p.tif", tiffinfo={274: orientation})
    (item,) = DeepPhoto().items(opened(tmp_path / "p.tif", "tiff"), tmp_path)
    assert item.file is not None
    transposed = {3: lambda v: v[::-1, ::-1], 6: lambda v: np.rot90(v, -1), 8: lambda v: np.rot90(v)}
    found = np.asarray(Image.open(io.BytesIO(item.file.read_bytes())))
    assert found.shape == ((600, 800) if orientation < 5 else (800, 600))
    if orientation in transposed:
        assert (found == transposed[orientation](values)).all()


@pytest.mark.parametrize("shape", [(2, 30000), (30000, 2), (1, 1), (1, 5000)])
def test_thin_picture_is_no_candidate_for_crops_and_harms_no_link(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert points_of("strip", "strip", picture, is_photo=True) is None
    candidate("strip", "strip", picture)


def tiled(path: Path, picture_format: str, scratch: Path) -> tuple[np.ndarray, TilesFacts]:
    """The picture as its only tile shows it."""
    scratch.mkdir()
    (item,) = Tiles(least_pixels=1, quality=95).items(opened(path, picture_format), scratch)
    assert item.file is not None
    with zipfile.ZipFile(item.file) as archive:
        whole = [one for one in archive.namelist() if "/full/" in one and one.endswith("0/default.jpg")]
        pictures = [np.asarray(Image.open(io.BytesIO(archive.read(one)))) for one in whole]
    return max(pictures, key=len), item.facts


@pytest.mark.parametrize(("bits", "white"), [(10, 1023), (12, 4095), (14, 16383), (16, 65535)])
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_tiles_of_fewer_bits_in_sixteen_have_full_contrast(tmp_path: Path, bits: int, white: int, bands: int) -> None:
    ramp = np.linspace(0, white, 400).round().astype(np.uint16)[None].repeat(300, 0)
    picture = pyvips.Image.new_from_array(np.repeat(ramp[..., None], min(bands, 3), axis=2))
    picture = picture.copy(interpretation="grey16" if bands == 1 else "rgb16")
    if bands == 4:
        picture = picture.bandjoin(65535).copy(interpretation="rgb16")
    picture.tiffsave(str(tmp_path / "p.tif"))
    picture.pngsave(str(tmp_path / "p.png"), bitdepth=16)
    for name, picture_format in (("p.tif", "tiff"), ("p.png", "png")):
        shown, facts = tiled(tmp_path / name, picture_format, tmp_path / picture_format)
        grey = shown.reshape(300, 400, -1)[..., 0].astype(int)
        assert np.abs(grey - np.linspace(0, 255, 400)).max() <= 4
        assert (facts.black_level, facts.white_level) == (0, white)


def test_tiles_of_float_numbers_show_their_range(tmp_path: Path) -> None:
    ramp = np.linspace(0, 0.02, 400, dtype=np.float32)[None].repeat(300, 0)
    Image.fromarray(ramp).save(tmp_path / "p.tif")
    shown, facts = tiled(tmp_path / "p.tif", "tiff", tmp_path / "tiles")
    assert np.abs(shown.reshape(300, 400, -1)[..., 0].astype(int) - np.linspace(0, 255, 400)).max() <= 4
    assert facts.levels_rule == "0 to the largest sample"


def test_tiles_of_eight_bits_are_as_stored(tmp_path: Path) -> None:
    ramp = np.linspace(0, 60, 400).astype(np.uint8)[None].repeat(300, 0)
    Image.fromarray(ramp).save(tmp_path / "p.png")
    shown, facts = tiled(tmp_path / "p.png", "png", tmp_path / "tiles")
    assert np.abs(shown.astype(int) - ramp).max() <= 3
    assert (facts.black_level, facts.white_level, facts.levels_rule) == (None, None, None)


@pytest.mark.parametrize(
    ("dtype", "photometric", "value", "no_data", "words"),
    [
        ("u2", 1, 65535, b"65535\0", "the no-data value 65535"),
        ("u2", 0, 0, b"0\0", "the no-data value 0"),
        ("u1", 1, 7, b"7\0", "the no-data value 7"),
        ("i2", 1, -9999, b"-9999\0", "the no-data value -9999"),
        ("f4", 1, np.nan, None, "NaN"),
        ("f4", 1, 1e20, b"1e20\0", "the no-data value 1e+20"),
    ],
)
def test_a_tiff_without_a_valid_sample_is_refused_with_the_reason_of_the_preview(
    dtype: str, photometric: int, value: float, no_data: bytes | None, words: str, tmp_path: Path
) -> None:
    samples = np.full((40, 256), value, dtype)
    tags: list[Tag] = [(262, 3, (photometric,)), *([(42113, 2, no_data)] if no_data else [])]
    path = tmp_path / "a.tif"
    reason = (
        f"^no valid sample: every one is {re.escape(words)}: no action is needed if the file is intended to be empty$"
    )
    path.write_bytes(tiff((samples, tags)))
    makers = [Tiles(least_pixels=0), *([DeepPhoto()] if dtype == "u2" else [])]
    for maker in makers:
        with pytest.raises(RefusedMedia, match=reason):
            list(maker.items(opened(path, "tiff"), tmp_path))
    with path.open("rb") as file, pytest.raises(RefusedMedia, match=reason):
        PhotoReader(file).photo()
    samples[39, 255] = 1
    path.write_bytes(tiff((samples, tags)))
    for maker in makers:
        (item,) = maker.items(opened(path, "tiff"), tmp_path)
        assert item.name in ("tiles.zip", "deep.png")


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "i4", "f4"])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("zero_is_white", [False, True])
@pytest.mark.parametrize("scale", [None, (0.5, -40.0), (-1.0, 0.0)])
@pytest.mark.parametrize("no_data", [None, 100])
def test_tiles_of_a_tiff_are_the_picture_that_the_preview_shows(
    tmp_path: Path,
    dtype: str,
    colours: int,
    scale: tuple[float, float] | None,
    no_data: int | None,
    *,
    zero_is_white: bool,
) -> None:
    if zero_is_white and colours == 3:
        pytest.skip("0 is white in grey pictures only")
    samples = np.linspace(0, 90, 400).astype(dtype)[None].repeat(300, 0)
    samples[:100, :200] = 100
    samples = samples if colours == 1 else np.repeat(samples[..., None], 3, axis=2)
    tags: list[Tag] = [(262, 3, (2 if colours == 3 else 0 if zero_is_white else 1,))]
    tags += [scaled_by_gdal(*[scale] * colours)] if scale else []
    tags += [(42113, 2, f"{no_data}\0".encode())] if no_data else []
    path = tmp_path / "p.tif"
    path.write_bytes(tiff((samples, tags)))
    with path.open("rb") as file:
        photo = PhotoReader(file).photo()
    tiles, facts = tiled(path, "tiff", tmp_path / "tiles")
    right = np.asarray(photo.image).reshape(300, 400, -1)[..., 0].astype(int)
    assert np.abs(tiles.reshape(300, 400, -1)[..., 0].astype(int) - right)[::7, 8::16].mean() < 3
    if facts.levels_rule is not None:
        assert (facts.black_level, facts.white_level) == pytest.approx((photo.black_level, photo.white_level))


@pytest.mark.parametrize("zero_is_white", [False, True])
def test_16_bits_in_a_scale_are_kept_as_stored_with_what_they_mean(tmp_path: Path, *, zero_is_white: bool) -> None:
    samples = np.linspace(0, 65535, 400).astype("u2")[None].repeat(300, 0)
    path = tmp_path / "p.tif"
    path.write_bytes(tiff((samples, [scaled_by_gdal((-0.01, 5)), (262, 3, (0 if zero_is_white else 1,))])))
    (item,) = DeepPhoto().items(opened(path, "tiff"), tmp_path)
    assert item.file is not None
    stored = np.asarray(Image.open(io.BytesIO(item.file.read_bytes())))
    assert (stored == (65535 - samples if zero_is_white else samples)).all()
    ends = (pytest.approx(5), pytest.approx(5 - 655.35))
    assert (item.facts.black_level, item.facts.white_level) == (ends[::-1] if zero_is_white else ends)
