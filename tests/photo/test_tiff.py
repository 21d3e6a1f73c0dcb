"""Of a TIFF the first picture at full size is shown, whatever its numbers are, and damage in it is told."""

from __future__ import annotations

import io
import struct
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from processors.containers.photo.tiff_file import read_tiff_file
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.photo.reading.by_format.tiff import photo_options
from processors.photo.reading.photo_reader import Photo, PhotoReader, PhotoReport
from tests.helpers.counting_file import CountingFile

Tag = tuple[int, int, tuple[int, ...] | bytes]


def tiff(*pages: tuple[np.ndarray, list[Tag]], order: Literal["<", ">"] = "<") -> bytes:
    """An uncompressed TIFF; each page is its samples and further tags (number, type, values)."""
    data = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0))
    link = 4
    for samples, more in pages:
        pixels = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
        at = len(data)
        data += pixels + b"\0" * (len(pixels) % 2)
        bands = 1 if samples.ndim == 2 else samples.shape[2]
        tags: dict[int, Tag] = {
            tag: (tag, kind, values)
            for tag, kind, values in [
                (256, 4, (samples.shape[1],)),
                (257, 4, (samples.shape[0],)),
                (258, 3, (samples.dtype.itemsize * 8,) * bands),
                (259, 3, (1,)),
                (262, 3, (1 if bands == 1 else 2,)),
                (273, 4, (at,)),
                (277, 3, (bands,)),
                (278, 4, (samples.shape[0],)),
                (279, 4, (len(pixels),)),
                (339, 3, ({"u": 1, "i": 2, "f": 3, "c": 6}[samples.dtype.kind],) * bands),
                *more,
            ]
        }
        entries = bytearray()
        for tag, kind, values in sorted(tags.values()):
            letter = {1: "B", 2: "s", 3: "H", 4: "I", 5: "I"}[kind]
            raw = values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{letter}", *values)
            if len(raw) > 4:
                place = len(data)
                data += raw + b"\0" * (len(raw) % 2)
                raw = struct.pack(order + "I", place)
            entries += struct.pack(order + "HHI", tag, kind, len(values) // (2 if kind == 5 else 1)) + raw.ljust(
                4, b"\0"
            )
        struct.pack_into(order + "I", data, link, len(data))
        data += struct.pack(order + "H", len(tags)) + entries
        link = len(data)
        data += bytes(4)
    return bytes(data)


def read(data: bytes) -> tuple[Photo, PhotoReport]:
    reader = PhotoReader(io.BytesIO(data))
    photo = reader.photo()
    return photo, reader.report()


def ramp(first: float, last: float, dtype: str) -> np.ndarray:
    return np.tile(np.linspace(first, last, 256).astype(dtype), (40, 1))


def shown(photo: Photo) -> np.ndarray:
    return np.asarray(photo.image).astype(int)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("samples", "black", "white"),
    [
        (ramp(0, 65535, "u2"), 0, 65535), (ramp(-1000, 1000, "i2"), -1000, 1000), (ramp(0, 4e9, "u4"), 0, 4e9),
        (ramp(-2e9, 2e9, "i4"), -2e9, 2e9), (ramp(-40, -20, "f4"), -40, -20), (ramp(0, 1, "f4"), 0, 1),
        (ramp(-100, 100, "i1"), -100, 100),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zero_is_white", [False, True])
def test_numbers_of_every_type_are_shown_from_black_to_white(
    samples: np.ndarray, black: float, white: float, order: Literal["<", ">"], *, zero_is_white: bool
) -> None:
    photo, report = read(tiff((samples, [(262, 3, (0,))] if zero_is_white else []), order=order))
    row = shown(photo)[20]
    assert np.abs(row - (255 - np.arange(256) if zero_is_white else np.arange(256))).max() <= 1
    assert (photo.black_level, photo.white_level) == (pytest.approx(black), pytest.approx(white))
    assert (report.condition, report.width_px, report.height_px) == ("complete", 256, 40)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_numbers_in_colour_are_shown_together(dtype: str) -> None:
    samples = np.stack([ramp(0, 1, "f8"), ramp(0, 0.5, "f8"), ramp(1, 0, "f8")], axis=2)
    samples = (samples * (65535 if dtype == "u2" else 1)).astype(dtype)
    photo, _ = read(tiff((samples, [])))
    assert photo.image.mode == "RGB"
    assert np.abs(shown(photo)[20, 255] - (255, 128, 0)).max() <= 1


@pytest.mark.parametrize(
    ("dtype", "no_data", "text"), [("u2", 65535, b"65535\0"), ("f4", 1e20, b"1e+20\0"), ("i2", -9999, b"-9999\0")]
)
def test_no_data_do_not_set_levels(dtype: str, no_data: float, text: bytes) -> None:
    samples = ramp(0, 4095, dtype)
    samples[:10, :60] = no_data
    photo, _ = read(tiff((samples, [(42113, 2, text)])))
    assert shown(photo)[20, 255] >= 254
    assert shown(photo)[5, 5] == 0


@pytest.mark.parametrize(
    ("dtype", "values", "no_data", "words"),
    [
        ("f4", (np.nan,), None, "NaN"),
        ("f4", (np.nan, -9999), b"-9999\0", "NaN or the no-data value -9999"),
        ("i2", (-9999,), b"-9999\0", "the no-data value -9999"),
        ("u1", (7,), b"7\0", "the no-data value 7"),
    ],
)
def test_a_photo_without_a_valid_sample_is_refused(
    dtype: str, values: tuple[float, ...], no_data: bytes | None, words: str
) -> None:
    samples = np.resize(np.array(values, dtype), (40, 256))
    tags: list[Tag] = [(42113, 2, no_data)] if no_data else []
    with pytest.raises(RefusedMedia, match=f"^no valid sample: every one is {words}: no action is needed if"):
        read(tiff((samples, tags)))
    samples[7, 9] = 1
    assert shown(read(tiff((samples, tags)))[0]).shape == (40, 256)


@pytest.mark.parametrize("no_data", [255, 0, 7])
@pytest.mark.parametrize("colours", [1, 3])
def test_no_data_of_8_bits_are_black(no_data: int, colours: int) -> None:
    samples = ramp(10, 250, "u1")
    samples = samples if colours == 1 else np.repeat(samples[..., None], 3, axis=2)
    samples[:10, :60] = no_data
    photo, _ = read(tiff((samples, [(42113, 2, f"{no_data}\0".encode())])))
    right = samples.copy()
    right[:10, :60] = 0
    assert shown(photo).tolist() == right.tolist()
    assert photo.valid is not None
    assert not photo.valid[:10, :60].any()
    assert photo.valid[10:].all()


def scaled_by_gdal(*bands: tuple[float, float]) -> Tag:
    """GDAL's metadata with scale and offset of each band."""
    items = "".join(
        f'<Item name="OFFSET" sample="{band}" role="offset">{offset}</Item>'
        f'<Item name="SCALE" sample="{band}" role="scale">{scale}</Item>'
        for band, (scale, offset) in enumerate(bands)
    )
    return 42112, 2, f"<GDALMetadata>{items}</GDALMetadata>\0".encode()


def test_scale_and_offset_of_gdal_are_applied() -> None:
    photo, _ = read(tiff((ramp(0, 1000, "i2"), [scaled_by_gdal((0.1, -50))])))
    assert (photo.black_level, photo.white_level) == (pytest.approx(-50), pytest.approx(50))


@pytest.mark.parametrize(
    ("scale", "offset", "ends"), [(-1, 255, (0, 255)), (0.5, -40, (-40, 87.5)), (-2, 0, (-510, 0))]
)
@pytest.mark.parametrize("no_data", [[], [(42113, 2, b"9\0")]])
@pytest.mark.parametrize("zero_is_white", [False, True])
def test_8_bits_in_a_scale_of_gdal_are_as_stored_or_the_negative(
    scale: float, offset: float, ends: tuple[float, float], no_data: list[Tag], *, zero_is_white: bool
) -> None:
    samples = ramp(20, 200, "u1")
    samples[:10, :60] = 9
    tags = [scaled_by_gdal((scale, offset)), *no_data, (262, 3, (0 if zero_is_white else 1,))]
    photo, _ = read(tiff((samples, tags)))
    right = 255 - samples.astype(int) if scale < 0 or zero_is_white else samples.astype(int)
    if no_data:
        right[:10, :60] = 0
    assert np.abs(shown(photo) - right).max() <= 1
    assert (photo.black_level, photo.white_level) == pytest.approx(ends)
    assert photo.levels.rule == "full range of 8 bits in the file's own scale"


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
def test_each_colour_has_its_own_scale_of_gdal(dtype: str) -> None:
    samples = np.stack([ramp(0, 250, dtype)] * 3, axis=2)
    photo, _ = read(tiff((samples, [scaled_by_gdal((1, 0), (0.5, 0), (-0.5, 125))])))
    top = 255 if dtype == "u1" else 250
    assert shown(photo)[20, 255].tolist() == pytest.approx([250 * 255 / top, 125 * 255 / top, 0], abs=2)
    assert shown(photo)[20, 0].tolist() == pytest.approx([0, 0, 125 * 255 / top], abs=2)


def test_a_scale_for_one_band_leaves_the_others_and_a_scale_of_0_or_nan_is_none() -> None:
    samples = np.stack([ramp(0, 250, "u1")] * 3, axis=2)
    photo, _ = read(tiff((samples, [scaled_by_gdal((0.5, 0))])))
    assert shown(photo)[20, 255].tolist() == pytest.approx([125, 250, 250], abs=1)
    for odd in (0.0, float("nan")):
        photo, _ = read(tiff((samples, [scaled_by_gdal((odd, 0))])))
        assert (shown(photo) == samples).all()
        assert photo.white_level is None


@pytest.mark.parametrize(
    ("of_small", "of_large"),
    [
        ([(254, 4, (1,))], []),
        ([(254, 4, (5,))], [(254, 4, (0,))]),
        ([(255, 3, (2,))], [(255, 3, (1,))]),
        ([(255, 3, (2,))], [(255, 3, (3,))]),
        ([(254, 4, (1,)), (255, 3, (1,))], [(254, 4, (0,)), (255, 3, (2,))]),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_first_picture_at_full_size_is_the_photo(
    of_small: list[Tag], of_large: list[Tag], order: Literal["<", ">"]
) -> None:
    """NewSubfileType counts before SubfileType, its older form."""
    small, large = np.full((30, 40), 9, np.uint8), ramp(0, 255, "u1")
    photo, report = read(tiff((small, of_small), (large, of_large), (large, of_large), order=order))
    assert photo.image.size == (256, 40)
    assert (report.width_px, report.frame_count) == (256, 2)
    assert (shown(photo) == large).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_picture_and_facts_are_upright(orientation: int, dtype: str) -> None:
    samples = np.zeros((40, 256), dtype)
    samples[:20, :128] = 255 if dtype == "u1" else 65535
    samples[0, 0] = samples[0, 1]
    photo, report = read(tiff((samples, [(274, 3, (orientation,))])))
    assert photo.image.size == (report.width_px, report.height_px) == ((256, 40) if orientation < 5 else (40, 256))
    height, width = shown(photo).shape
    bright = {
        (row, column)
        for row in (0, 1)
        for column in (0, 1)
        if shown(photo)[height * (2 * row + 1) // 4, width * (2 * column + 1) // 4] == 255
    }
    places = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}
    assert bright == {places[orientation]}


PICTURE = np.random.default_rng(7).integers(40, 200, (30, 40, 3)).astype(np.uint8).repeat(16, 0).repeat(16, 1)


def packed(**options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "TIFF", **options)
    return file.getvalue()


def packed_in_ycbcr(compression: str, pixel_format: str) -> bytes:
    """The picture as FFmpeg writes it in YCbCr."""
    coder = av.CodecContext.create("tiff", "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.width, coder.height, coder.pix_fmt, coder.time_base = 640, 480, pixel_format, Fraction(1, 25)
    coder.options = {"compression_algo": compression}
    (packet,) = coder.encode(av.VideoFrame.from_ndarray(PICTURE, "rgb24").reformat(format=pixel_format))
    return bytes(packet)


@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv422p", "yuv420p"])
@pytest.mark.parametrize("compression", ["raw", "packbits", "lzw", "deflate"])
def test_ycbcr_is_complete_and_has_its_colours(compression: str, pixel_format: str) -> None:
    photo, report = read(packed_in_ycbcr(compression, pixel_format))
    assert (report.condition, report.mode) == ("complete", "RGB")
    away = np.abs(shown(photo) - PICTURE)[4::16, 4::16]  # amid squares of one colour
    assert away.max() <= 6


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("kind", [1, 2])
def test_associated_and_straight_alpha_give_the_same_colours(kind: int, colours: int, dtype: str) -> None:
    full, alpha = np.iinfo(dtype).max, 0.5
    straight = np.array([0.8, 0.2, 0.4][:colours])
    stored = np.append(straight * (alpha if kind == 1 else 1), alpha) * full
    more: list[Tag] = [(338, 3, (kind,)), (262, 3, (1 if colours == 1 else 2,))]
    photo, _ = read(tiff((np.tile(stored, (8, 8, 1)).astype(dtype), more)))
    shown = np.asarray(photo.image.convert("RGBA"))[4, 4].tolist()
    right = np.resize(straight, 3) if colours == 1 else straight
    assert shown == pytest.approx([*(right * 255), alpha * 255], abs=2)


def test_ycbcr_that_libvips_does_not_convert_is_not_cut_into_tiles() -> None:
    assert photo_options(io.BytesIO(packed_in_ycbcr("lzw", "yuv420p"))) == {"page": 0, "fail_on": "error"}
    with pytest.raises(RefusedMedia, match="a TIFF in YCbCr without subsampling is not read in strips: convert it"):
        photo_options(io.BytesIO(packed_in_ycbcr("lzw", "yuv444p")))


def test_lab_of_8_bits_has_its_colours_and_is_not_cut_into_tiles() -> None:
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    file, lab = io.BytesIO(), ImageCms.applyTransform(Image.fromarray(PICTURE), to_lab)
    assert lab is not None
    lab.save(file, "TIFF")
    photo, report = read(file.getvalue())
    assert report.condition == "complete"
    assert np.abs(shown(photo) - PICTURE).mean() < 3
    with pytest.raises(RefusedMedia, match="a TIFF in CIELAB of 8 bits is not read in strips: convert it to RGB"):
        photo_options(file)


LUMA_709: Tag = (529, 5, (2126, 10000, 7152, 10000, 722, 10000))
STUDIO_RANGE: Tag = (532, 5, (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1))


@pytest.mark.parametrize("luma", [None, LUMA_709])
@pytest.mark.parametrize(("dtype", "spread"), [("u1", None), ("u1", STUDIO_RANGE), ("u2", None)])
def test_ycbcr_is_brought_to_rgb_as_its_tags_say(dtype: str, luma: Tag | None, spread: Tag | None) -> None:
    red, green, blue = (0.2126, 0.7152, 0.0722) if luma else (0.299, 0.587, 0.114)
    rgb = PICTURE.astype(float)
    light = rgb @ (red, green, blue)
    differences = [(rgb[..., 2] - light) / (2 - 2 * blue), (rgb[..., 0] - light) / (2 - 2 * red)]
    if spread:
        light, differences = 16 + light * 219 / 255, [one * 112 / 127 for one in differences]
    scale, middle = (257, 32768) if dtype == "u2" else (1, 128)
    stored = np.stack([light * scale, *(middle + one * scale for one in differences)], axis=2)
    tags: list[Tag] = [(262, 3, (6,)), (530, 3, (1, 1)), *(tag for tag in (luma, spread) if tag)]
    photo, report = read(tiff((np.clip(np.round(stored), 0, 65535).astype(dtype), tags)))
    assert report.condition == "complete"
    right = PICTURE
    if dtype == "u2":  # black and white are those of the picture's own range
        right = np.polyval(np.polyfit(PICTURE.ravel(), shown(photo).ravel(), 1), PICTURE)
    assert np.abs(shown(photo) - right).max() <= 2


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "jpeg", "yuv444p", "yuv420p"])
def test_damage_is_shown_and_reported(compression: str) -> None:
    whole = (
        packed_in_ycbcr("deflate", compression) if compression.startswith("yuv") else packed(compression=compression)
    )
    _, report = read(whole)
    assert report.condition == "complete"
    middle = len(whole) // 2
    photo, report = read(whole[:middle] + bytes(64) + whole[middle + 64 :])
    assert photo.image.size == (640, 480)
    assert report.condition == "damaged"
    assert report.damaged_share is not None
    assert 0 < report.damaged_share <= 1


def test_cut_file_is_truncated() -> None:
    whole = tiff((ramp(0, 255, "u1"), []))
    directory = whole[8 + 40 * 256 :]
    # the directory first, so that the end of the pixels can be cut off
    shifted = bytearray(whole[:4] + struct.pack("<I", 8) + directory)
    at = 8 + 2
    for entry in range(10):
        tag = struct.unpack_from("<H", shifted, at + 12 * entry)[0]
        if tag == 273:
            struct.pack_into("<I", shifted, at + 12 * entry + 8, len(shifted))
    with pytest.raises(DamagedMedia, match=r"^truncated: the file ends before its picture does"):
        read(bytes(shifted) + whole[8 : 8 + 20 * 256])


def test_what_is_not_read_is_named() -> None:
    with pytest.raises(UnsupportedMedia, match="a TIFF of complex numbers is not supported: convert it"):
        read(tiff((ramp(0, 1, "c8"), [])))
    with pytest.raises(UnsupportedMedia, match=r"a TIFF of 1 x 16 bits unsigned, grey, LERC is not supported"):
        read(tiff((ramp(0, 1, "u2"), [(259, 3, (34887,))])))


@pytest.mark.parametrize("is_ycbcr", [False, True])
@pytest.mark.parametrize("at", range(1, 12))
def test_no_wrong_pixel_of_a_deflated_tiff_is_passed_on_silently(at: int, is_ycbcr: bool) -> None:
    whole = packed_in_ycbcr("deflate", "yuv420p") if is_ycbcr else packed(compression="tiff_adobe_deflate")
    place = len(whole) * at // 12
    right, _ = read(whole)
    photo, report = read(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
    assert report.damaged_share is not None
    assert (shown(photo) != shown(right)).any(axis=(1, 2)).mean() <= report.damaged_share + 1e-6


def test_whole_deflated_file_on_disk_is_complete(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.tif", compression="tiff_adobe_deflate")
    with (tmp_path / "whole.tif").open("rb") as file:
        reader = PhotoReader(file)
        photo = reader.photo()
    assert reader.report().damage is None
    assert (shown(photo) == noise).all()


XMP_TAG: Tag = (700, 1, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>" + b" " * 3000)
DESCRIPTION: Tag = (270, 2, b"a rock, seen from the left" + bytes(1))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("tag", "name"), [(XMP_TAG, "XMP"), (DESCRIPTION, "ImageDescription")])
def test_a_tag_whose_data_are_beyond_the_end_is_reported(tag: Tag, name: str, order: Literal["<", ">"]) -> None:
    samples = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    data = bytearray(tiff((samples, [tag]), order=order))
    whole, report = read(bytes(data))
    assert (report.condition, report.fault) == ("complete", None)
    place = data.index(struct.pack(order + "HHI", tag[0], tag[1], len(tag[2]))) + 8
    struct.pack_into(order + "I", data, place, len(data) - 5)
    photo, report = read(bytes(data))
    assert (np.asarray(photo.image) == np.asarray(whole.image)).all()
    assert (report.condition, report.damaged_share) == ("truncated", None)
    assert report.fault == f"the file ends before the data of its tag {name}"


@pytest.mark.parametrize("order", ["<", ">"])
def test_later_pictures_that_are_cut_off_leave_the_first_whole(order: Literal["<", ">"]) -> None:
    pages = [np.random.default_rng(n).integers(0, 256, (40, 50, 3)).astype(np.uint8) for n in range(3)]
    whole = tiff(*((page, []) for page in pages), order=order)
    assert read(whole)[1].frame_count == 3
    told = {60: "entries of a directory", 200: "a directory", 10_000: "a directory"}
    for cut, missing in told.items():
        photo, report = read(whole[:-cut])
        assert (np.asarray(photo.image) == pages[0]).all()
        assert (report.condition, report.damaged_share) == ("truncated", None)
        assert report.fault is not None
        assert report.fault.startswith(f"the file ends before {missing}")


def test_the_first_picture_without_its_pixels_is_not_shown() -> None:
    page = np.random.default_rng(1).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    data = bytearray(tiff((page, [])))
    place = data.index(struct.pack("<HHI", 273, 4, 1)) + 8
    struct.pack_into("<I", data, place, len(data) - 100)
    with pytest.raises(DamagedMedia, match="truncated: the file ends before its picture does"):
        read(bytes(data))


def _packed_12_bit(values: np.ndarray) -> np.ndarray:
    """Return rows of 12-bit numbers, two in three bytes, most significant first (TIFF 6.0, FillOrder 1)."""
    first, second = values[:, ::2], values[:, 1::2]
    return (
        np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], 2).reshape(len(values), -1).astype("u1")
    )


def test_a_grey_tiff_of_12_bits_is_read_with_its_full_scale() -> None:
    values = np.linspace(0, 4000, 64 * 48).astype(int).reshape(48, 64)
    whole = tiff((_packed_12_bit(values), [(256, 4, (64,)), (258, 3, (12,))]))
    photo, report = read(whole)
    assert photo.deep is not None
    assert (photo.deep == values).all()
    assert (report.condition, photo.white_level) == ("complete", 4095)


def test_a_cut_12_bit_tiff_is_truncated_and_an_unreadable_kind_is_not_corrupt() -> None:
    packed = _packed_12_bit(np.zeros((48, 64), int))
    data = tiff((packed, [(256, 4, (64,)), (258, 3, (12,)), (273, 4, (1 << 20,))]))
    with pytest.raises(DamagedMedia, match="truncated: the file ends before its picture does"):
        read(data)
    with pytest.raises(UnsupportedMedia, match="a TIFF of 1 x 12 bits signed, grey, no compression is not supported"):
        read(tiff((packed, [(256, 4, (64,)), (258, 3, (12,)), (339, 3, (2,))])))


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_that_ends_before_its_directory_is_truncated(order: Literal["<", ">"]) -> None:
    data = tiff((np.zeros((30, 40), np.uint8), []), order=order)
    (directory,) = struct.unpack(order + "I", data[4:8])
    for end in (directory - 1, directory + 1, 100):
        with pytest.raises(DamagedMedia) as refused:
            PhotoReader(io.BytesIO(data[:end]))
        assert str(refused.value) == (
            f"truncated: the file ends, at byte {end}, before the directory that describes its picture:"
            " download it again"
        )


def chained(count: int, tags: list[tuple[int, int, int, int]], behind: bytes) -> bytes:
    """A TIFF of many directories with the same tags, and then these bytes, of which 0 is the place of the first."""
    size = 2 + 12 * (len(tags) + 2) + 4
    start = 8 + count * size
    data = struct.pack("<2sHI", b"II", 42, 8)
    for page in range(count):
        entries = sorted([(256, 4, 1, 16), (257, 4, 1, 16), *((t, k, n, start + at) for t, k, n, at in tags)])
        following = 8 + (page + 1) * size if page + 1 < count else 0
        data += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries)
        data += struct.pack("<I", following)
    return data + behind


def test_directories_that_share_a_large_table_of_strips_are_refused_before_memory_is_taken() -> None:
    strips = 50_000
    data = chained(200, [(273, 4, strips, 0), (279, 4, strips, 0)], bytes(4 * strips))
    tracemalloc.start()
    with pytest.raises(RefusedMedia) as refused:
        read_tiff_file(io.BytesIO(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(refused.value) == "the numbers in its tags are longer than the file: write it with another program"
    assert peak < 30 << 20


def test_directories_that_share_a_colour_profile_are_read_and_take_the_memory_of_one() -> None:
    profile = bytes(1 << 20)
    tracemalloc.start()
    found = read_tiff_file(io.BytesIO(chained(200, [(34675, 7, len(profile), 0)], profile)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is not None
    assert (found.picture_count, found.photo.icc_profile, found.missing) == (200, profile, ())
    assert peak < 10 << 20


def test_a_chain_of_directories_that_are_no_pictures_ends() -> None:
    data = chained(3000, [], b"").replace(struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHII", 256, 4, 1, 0))
    file = CountingFile(data)
    assert read_tiff_file(file) is None
    assert file.read_count < 5000


@pytest.mark.parametrize("number", [258, 259, 262, 266, 274, 277, 278, 339])
def test_a_tag_without_a_value_counts_as_not_there(number: int) -> None:
    data = tiff((np.zeros((4, 6), np.uint8), [(number, 3, ())]))
    found = read_tiff_file(io.BytesIO(data))
    assert found is not None
    assert (found.photo.width_px, found.photo.photometric) == (6, None if number == 262 else 1)
