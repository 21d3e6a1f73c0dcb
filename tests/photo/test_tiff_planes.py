"""Channels of a TIFF in separate planes are those of the same channels side by side, or the file is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from processors.containers.photo.tiff_file import read_tiff_file
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.photo.deep import DeepPhoto
from processors.photo.reading.by_format.tiff import photo_options
from processors.photo.reading.photo_reader import Photo, PhotoReader
from processors.photo.reading.stored_values import stored_values
from processors.photo.tiles import Tiles
from tests.helpers.made_planar_tiff import planar_tiff
from tests.photo.test_stored_values import vips_image
from tests.photo.test_tiff import Tag, tiff
from tests.photo.test_tiles import opened

RNG = np.random.default_rng(1)
BANDS = RNG.integers(0, 65536, (53, 70, 5), np.uint16)
"""Five channels of 16 bits, which are no whole number of strips or tiles."""
ZERO_IS_WHITE, GREY, RGB, PALETTE, CMYK, YCBCR, CIELAB = 0, 1, 2, 3, 5, 6, 8
EXTRA, SUBSAMPLING, ORIENTATION = 338, 530, 274
LAYOUTS: dict[str, dict[str, Any]] = {
    "rows": {"rows": 1},
    "strips": {"rows": 16},
    "one strip": {"rows": 53},
    "deflated": {"rows": 16, "is_deflated": True},
    "tiles": {"tile": (32, 16)},
    "deflated tiles": {"tile": (16, 32), "is_deflated": True},
    "BigTIFF": {"rows": 7, "is_big": True},
}


def of_kind(kind: str, channels: int) -> np.ndarray:
    values = BANDS[..., :channels]
    if kind == "u1":
        return (values >> 8).astype("u1")
    return (values / np.float32(7) - 3000).astype(kind) if kind[0] == "f" else (values / 3).astype(kind)


def values_of(data: bytes) -> np.ndarray:
    return stored_values(io.BytesIO(data)).values


def photo_of(data: bytes) -> Photo:
    return PhotoReader(io.BytesIO(data)).photo()


def extra_of(channels: int, photometric: int) -> tuple[int, ...]:
    return (0,) * (channels - {RGB: 3, YCBCR: 3, CMYK: 4}.get(photometric, 1))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4"])
@pytest.mark.parametrize(
    ("photometric", "channels"), [(GREY, 2), (GREY, 3), (GREY, 5), (ZERO_IS_WHITE, 3), (RGB, 3), (RGB, 5)]
)
def test_planes_have_the_numbers_of_the_file(photometric: int, channels: int, kind: str, layout: str) -> None:
    values = of_kind(kind, channels)
    extra = extra_of(channels, photometric)
    found = values_of(planar_tiff(values, photometric, more={EXTRA: extra} if extra else None, **LAYOUTS[layout]))
    assert found.dtype == ("f4" if kind == "f2" else kind)
    assert np.array_equal(found, values)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize(
    ("photometric", "extra"),
    [(GREY, (0, 0)), (GREY, (2, 0)), (GREY, (1, 0)), (ZERO_IS_WHITE, (0,)), (RGB, ()), (RGB, (2,)), (RGB, (1,))],
)
@pytest.mark.parametrize("layout", ["strips", "tiles"])
def test_planes_are_shown_as_channels_side_by_side(
    photometric: int, extra: tuple[int, ...], kind: str, layout: str, order: Literal["<", ">"]
) -> None:
    values = of_kind(kind, len(extra) + (3 if photometric == RGB else 1))
    turned = {ORIENTATION: (6,), **({EXTRA: extra} if extra else {})}
    more: list[Tag] = [(262, 3, (photometric,)), *((tag, 3, numbers) for tag, numbers in turned.items())]
    planes = photo_of(planar_tiff(values, photometric, more=turned, order=order, **LAYOUTS[layout]))
    whole = photo_of(tiff((values, more), order=order))
    assert planes.image.size == (53, 70)
    assert planes.image.tobytes() == whole.image.tobytes()
    assert (planes.levels, planes.is_inverted, planes.damage) == (whole.levels, whole.is_inverted, None)
    assert (planes.deep is None) == (whole.deep is None)
    if planes.deep is not None:
        assert np.array_equal(planes.deep, np.asarray(whole.deep))


@pytest.mark.parametrize("layout", ["rows", "strips", "tiles"])
@pytest.mark.parametrize("channels", [4, 5])
def test_inks_in_planes_are_all_given(channels: int, layout: str) -> None:
    values = of_kind("u1", channels)
    extra = extra_of(channels, CMYK)
    more: list[Tag] = [(262, 3, (CMYK,)), *([(EXTRA, 3, extra)] if extra else [])]
    planes = planar_tiff(values, CMYK, more={EXTRA: extra} if extra else None, **LAYOUTS[layout])
    assert np.array_equal(values_of(planes), values)
    assert np.array_equal(values_of(tiff((values, more))), values)
    assert photo_of(planes).image.tobytes() == photo_of(tiff((values, more))).image.tobytes()


@pytest.mark.parametrize("kind", ["i1", "u4", "f4"])
def test_inks_other_than_of_8_or_16_bits_are_refused(kind: str) -> None:
    for read in (values_of, photo_of):
        with pytest.raises(UnsupportedMedia, match=r"^a TIFF of 4 x \d+ bits \w+, CMYK, no compression is not supp"):
            read(tiff((of_kind(kind, 4), [(262, 3, (CMYK,))])))


@pytest.mark.parametrize("layout", ["rows", "strips", "tiles"])
def test_luma_and_colour_differences_in_planes_are_converted(layout: str) -> None:
    values = of_kind("u1", 3)
    found = values_of(planar_tiff(values, YCBCR, more={SUBSAMPLING: (1, 1)}, **LAYOUTS[layout]))
    assert np.array_equal(found, values_of(tiff((values, [(262, 3, (YCBCR,)), (SUBSAMPLING, 3, (1, 1))]))))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_grey_planes_below_8_bits_are_spread(bits: int) -> None:
    packed = of_kind("u1", 2)
    found = values_of(planar_tiff(packed, GREY, bits=bits, rows=16))
    parts = [(packed >> shift & (1 << bits) - 1) for shift in range(8 - bits, -1, -bits)]
    right = np.stack(parts, axis=2).reshape(53, -1, 2)
    assert np.array_equal(found, right * (255 // ((1 << bits) - 1)))


@pytest.mark.parametrize(
    ("photometric", "kind", "channels", "more", "words"),
    [
        (CIELAB, "u1", 3, {}, "3 x 8 bits unsigned, CIELAB"),
        (CIELAB, "i2", 3, {}, "3 x 16 bits signed, CIELAB"),
        (YCBCR, "u1", 3, {SUBSAMPLING: (2, 2)}, "3 x 8 bits unsigned, YCbCr"),
        (PALETTE, "u1", 2, {320: tuple(range(768)), EXTRA: (0,)}, "2 x 8 bits unsigned, palette"),
    ],
)
def test_planes_that_a_decoder_misreads_are_refused(
    photometric: int, kind: str, channels: int, more: dict[int, tuple[int, ...]], words: str
) -> None:
    data = planar_tiff(of_kind(kind, channels), photometric, more=more)
    for read in (values_of, photo_of):
        with pytest.raises(UnsupportedMedia) as refused:
            read(data)
        assert str(refused.value) == (
            f"a TIFF of {words}, no compression, in separate planes is not supported: convert it"
        )
    with pytest.raises(RefusedMedia, match="is not read in strips: convert it"):
        photo_options(io.BytesIO(data))


@pytest.mark.parametrize("layout", ["strips", "tiles"])
@pytest.mark.parametrize("channel", range(3))
def test_planes_behind_the_end_of_the_file_are_not_read_from_elsewhere(channel: int, layout: str) -> None:
    values = of_kind("u2", 3)
    data = planar_tiff(values, GREY, **LAYOUTS[layout])
    with pytest.raises(DamagedMedia, match=r"truncated: the file ends"):
        photo_of(data[: -(3 - channel) * len(values.tobytes()) // 3 + 1000])


def test_a_damaged_strip_of_a_plane_is_damage() -> None:
    data = bytearray(planar_tiff(of_kind("u1", 3), GREY, is_deflated=True))
    data[-200] ^= 0xFF  # in the last strip of the last plane
    photo = photo_of(bytes(data))
    assert photo.damage is not None
    assert (photo.damage.condition, photo.damage.first_row) == ("damaged", 48)


@pytest.mark.parametrize(("compression", "fault"), [("lzw", "Using code not yet in table"), ("webp", "WebPGetInfo")])
def test_a_tile_that_does_not_decompress_is_damage(compression: str, fault: str) -> None:
    values = of_kind("u1", 3)
    picture = vips_image(values, "srgb")
    data = bytearray(
        picture.tiffsave_buffer(tile=True, tile_width=16, tile_height=32, compression=compression, lossless=True)
    )
    found = read_tiff_file(io.BytesIO(data))
    assert found is not None
    at, size = found.photo.blocks[7]
    for place in range(at + 20, min(at + size, at + 60)):
        data[place] ^= 0x5A
    damage = photo_of(bytes(data)).damage
    assert damage is not None
    assert (damage.condition, damage.first_row, fault in damage.fault) == ("damaged", 32, True)


def test_tiles_behind_the_end_of_the_file_are_missed() -> None:
    data = planar_tiff(of_kind("u2", 1), GREY, tile=(16, 16), more={284: (1,)})
    assert photo_of(data).damage is None
    with pytest.raises(DamagedMedia, match=r"^truncated: the file ends before its picture does, after about 48 of 53"):
        photo_of(data[:-100])


def test_more_planes_than_files_can_be_open_are_refused() -> None:
    values = np.zeros((1, 1, 501), np.uint8)
    with pytest.raises(RefusedMedia, match=r"^501 separate planes; at most 500 are read: split it$"):
        values_of(planar_tiff(values, GREY))
    assert values_of(planar_tiff(values[..., :50] + 7, GREY)).tolist() == [[[7] * 50]]


def test_renditions_are_those_of_channels_side_by_side(tmp_path: Path) -> None:
    values = of_kind("u2", 3)
    made = []
    for name, data in (("planes", planar_tiff(values, RGB, tile=(16, 16))), ("whole", tiff((values, [])))):
        path, scratch = tmp_path / f"{name}.tif", tmp_path / name
        path.write_bytes(data)
        scratch.mkdir()
        given = opened(path, "tiff")
        for processor in (DeepPhoto(), Tiles(least_pixels=0)):
            list(processor.items(given, scratch))
        with zipfile.ZipFile(scratch / "tiles.zip") as tiles:
            pictures = [tiles.read(one) for one in tiles.namelist() if one.endswith(".jpg")]
        made.append(((scratch / "deep.png").read_bytes(), pictures))
    assert made[0] == made[1]
