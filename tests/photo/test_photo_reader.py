"""Photographs come out upright, in sRGB, in three sizes, never enlarged; a bad one says why."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from processors.contract import Item, Need, Source
from processors.engine.derive import derive
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.metadata.tags.photograph import read_photograph
from processors.photo.enhanced import Enhanced
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.photo.reading import photo_reader as reader
from processors.photo.reading.photo_reader import PhotoReader
from processors.photo.tracks.tracks import Tracks
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker


def previews(path: Path, processor: PhotoPreview | None = None) -> list[Item]:
    processor = processor or PhotoPreview(formats=("jpeg",))
    with path.open("rb") as file:
        photos = PhotoReader(file)
        processor.needs(photos.info)
        photo = photos.photo()
        return list(processor.items(photo, path.parent))


def picture(item: Item) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(item.data or b"")))


def is_red(colour: np.ndarray) -> bool:
    return colour[0] > 180 and colour[1] < 80


# EXIF orientation: where the stored top left quarter is shown (row, column of the quarter)
SHOWN_AT = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)}


@pytest.mark.parametrize("orientation", SHOWN_AT)
def test_every_orientation_comes_out_upright(make: MediaMaker, orientation: int) -> None:
    small = picture(previews(make.photo("lying.jpg", orientation=orientation))[0])
    height, width = small.shape[:2]
    assert (width, height) == ((320, 240) if orientation < 5 else (240, 320))
    quarters = {
        (row, column): small[height * (2 * row + 1) // 4, width * (2 * column + 1) // 4]
        for row in (0, 1)
        for column in (0, 1)
    }
    assert [place for place, colour in quarters.items() if is_red(colour)] == [SHOWN_AT[orientation]]


def test_three_sizes_and_none_enlarged(make: MediaMaker) -> None:
    items = previews(make.photo("photo.png", size=(1500, 500)))
    assert [item.name for item in items] == ["preview_320.jpg", "preview_1024.jpg", "preview_2048.jpg"]
    assert [picture(item).shape[:2] for item in items] == [(107, 320), (341, 1024), (500, 1500)]
    assert (items[2].facts.width_px, items[2].facts.source_width_px) == (1500, 1500)


def test_a_jpeg_shrunk_while_decoding_looks_the_same(make: MediaMaker) -> None:
    path = make.photo("large.jpg", size=(4000, 3000))
    small = picture(previews(path, PhotoPreview(longest_sides_px=(320,), formats=("jpeg",)))[0]).astype(int)
    whole = np.asarray(Image.open(path).convert("RGB").resize((320, 240), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(small - whole).mean() < 1.5


def test_sixteen_bit_grey_keeps_its_tones(make: MediaMaker) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (64, 1))).save(make.folder / "ramp.png")
    shown = picture(previews(make.folder / "ramp.png")[0])
    assert np.abs(shown[32].astype(int) - np.arange(256)).max() <= 3


@pytest.mark.parametrize(("largest", "white"), [(65535, 65535), (4029, 4095), (1000, 1023), (12, 255)])
def test_numbers_of_fewer_bits_in_sixteen_are_not_shown_black(make: MediaMaker, largest: int, white: int) -> None:
    ramp = np.linspace(0, largest, 256).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (64, 1))).save(make.folder / "ramp.png")
    item = previews(make.folder / "ramp.png")[0]
    assert item.facts.white_level == white
    assert abs(int(picture(item)[32, 255]) - round(largest / white * 255)) <= 3


@pytest.mark.parametrize("suffix", ["tif", "jpg", "png"])
def test_the_report_names_an_icc_profile_as_source_of_the_colours(tmp_path: Path, suffix: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / f"photo.{suffix}"
    Image.new("RGB", (64, 48)).save(path, icc_profile=profile)
    with path.open("rb") as opened:
        info = PhotoReader(opened).info
    assert (info.colour_source, info.colour, info.icc_profile_name) == ("ICC profile", None, "sRGB built-in")


def test_an_icc_profile_is_applied(make: MediaMaker, samples: Path) -> None:
    path = samples / "formats/photo/pillow/hopper.iccprofile.tif"
    shown = picture(previews(path)[0]).astype(int)
    with Image.open(path) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        expected = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert np.abs(shown - np.asarray(expected).astype(int)).mean() < 3


def test_transparency_is_flattened_and_reported(make: MediaMaker) -> None:
    Image.new("RGBA", (100, 80), (255, 0, 0, 0)).save(make.folder / "clear.png")
    item = previews(make.folder / "clear.png")[0]
    assert item.facts.alpha_flattened_on_white
    assert picture(item).min() >= 254


def test_a_truncated_photo_fails_with_a_message(make: MediaMaker) -> None:
    path = make.photo("whole.jpg")
    cut = make.folder / "cut.jpg"
    cut.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(
        DamagedMedia,
        match=r"^truncated: the file ends before its picture does, after about 272 of 480 rows: .*salvaged` gives",
    ):
        previews(cut)


def bmp(side: int) -> bytes:
    header = b"BM" + (54).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    return header + side.to_bytes(4, "little") * 2 + b"\x01\x00\x18\x00" + bytes(24)


def png(side: int) -> bytes:
    """A PNG whose pixels cannot be inflated; Exif may be behind them."""
    chunks = ((b"IHDR", side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"), (b"IDAT", b"no pixels"), (b"IEND", b""))
    parts = (
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big") for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("made", [bmp, png])
def test_too_many_pixels_are_refused_before_decoding(made: Callable[[int], bytes], tmp_path: Path) -> None:
    side = int(reader.MAX_PIXELS**0.5) + 1
    path = tmp_path / f"bomb.{made.__name__}"
    path.write_bytes(made(side))
    with pytest.raises(RefusedMedia, match=f"{side} x {side} pixels is over the limit of 300000000: raise max_pixels"):
        previews(path)
    with path.open("rb") as file:
        record = read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")
    assert record.picture is not None
    assert (record.picture.width_px, record.picture.height_px) == (side, side)


@pytest.mark.parametrize(
    ("photo_px", "preview_px", "suffixes"),
    [(16_383, 16_383, ["jpg", "webp"]), (16_384, 16_384, ["jpg"]), (66_000, 65_500, ["jpg"])],
)
def test_previews_are_in_formats_that_hold_their_size(
    make: MediaMaker, photo_px: int, preview_px: int, suffixes: list[str]
) -> None:
    path = make.folder / "wide.png"
    Image.new("RGB", (photo_px, 8), (90, 60, 40)).save(path)
    made = previews(path, PhotoPreview(longest_sides_px=(70_000,), formats=("jpeg", "webp")))
    assert [one.name for one in made] == [f"preview_70000.{suffix}" for suffix in suffixes]
    assert {picture(one).shape for one in made} == {(8, preview_px, 3)}
    assert {one.facts.width_px for one in made} == {preview_px}


@pytest.mark.parametrize("limited", [PhotoPreview, Quality, Enhanced, Tracks])
def test_the_pixel_limit_is_a_parameter(make: MediaMaker, limited: Callable[..., Any]) -> None:
    path = make.photo("photo.png", size=(120, 100))
    with path.open("rb") as file:
        info = PhotoReader(file).info
    limited(max_pixels=12_000).needs(info)
    with pytest.raises(RefusedMedia, match="120 x 100 pixels is over the limit of 11999"):
        limited(max_pixels=11_999).needs(info)
    with pytest.raises(ValueError, match="max_pixels is 0: must be 1 or more"):
        limited(max_pixels=0)


def test_a_photo_over_the_limit_of_some_is_made_for_the_others(make: MediaMaker, tmp_path: Path) -> None:
    path = make.photo("photo.png", size=(120, 100))
    source = Source(digest="a" * 64, size_bytes=1, name=path.name, medium="photo", format="png", has_sound=False)
    due = [PhotoPreview(max_pixels=100), Quality()]
    outcomes = derive(source, SourceFile.at(path), "june", due, Store(tmp_path / "store"))
    assert {one.ref.processor: one.verdict for one in outcomes} == {"photo.preview": "refused", "photo.quality": "made"}
    (alone,) = derive(source, SourceFile.at(path), "june", [Quality(max_pixels=100)], Store(tmp_path / "store"))
    assert alone.verdict == "refused"


@pytest.mark.parametrize("colours", [1, 3])
def test_transparent_colour_of_a_png_of_16_bits_is_exactly_that_one(colours: int) -> None:
    values = np.arange(64 * 48 * colours).reshape(48, 64 * colours).astype(">u2") * 7
    picked = values.reshape(48, 64, colours)[20, 30]

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 64, 48, 16, 0 if colours == 1 else 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    parts = ((b"IHDR", header), (b"tRNS", picked.tobytes()), (b"IDAT", rows), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)
    opened = PhotoReader(io.BytesIO(data))
    photo = opened.photo()
    assert photo.image.mode == "RGBA"
    assert np.argwhere(np.asarray(photo.image)[..., 3] == 0).tolist() == [[20, 30]]
    assert (opened.info.has_alpha, opened.damage) == (True, None)


def opened(data: bytes) -> tuple[np.ndarray, int | None]:
    """The pixels, and how many pictures the file holds."""
    photos = PhotoReader(io.BytesIO(data))
    return np.asarray(photos.photo().image), photos.info.frame_count


def saved(first: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    first.save(file, form, **options)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("has_marker", [True, False])
def test_inks_of_a_jpeg_are_as_stored_with_and_without_adobes_marker(has_marker: bool) -> None:
    inks = np.vstack([np.eye(4, dtype=np.uint8) * 255, np.zeros((1, 4), np.uint8)])
    printed = Image.frombytes("CMYK", (160, 32), inks[None].repeat(32, 1).repeat(32, 0).tobytes())
    data = saved(printed, "JPEG", quality=95, subsampling=0)
    place = data.index(b"\xff\xee\0\x0eAdobe")
    picture, _ = opened(data if has_marker else data[:place] + data[place + 16 :])
    assert picture[16, 16::32].tolist() == [[0, 255, 255], [255, 0, 255], [255, 255, 0], [0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize(
    ("form", "options", "shown"),
    [
        ("GIF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("PNG", {}, 0),
        ("TIFF", {}, 0),
        ("HEIF", {"primary_index": 1}, 1),
    ],
)
def test_of_several_pictures_the_first_or_the_one_named_as_primary_is_shown(
    form: str, options: dict[str, Any], shown: int
) -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    first, *others = (Image.new("RGB", (64, 48), colour) for colour in colours)
    picture, count = opened(saved(first, form, save_all=True, append_images=others, **options))
    assert count == 3
    assert np.abs(picture[20, 20].astype(int) - colours[shown]).max() <= 3


def test_a_heic_that_says_twice_that_it_is_turned_is_turned_once() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32] = (220, 20, 20)
    turned = struct.pack(">HHIHH", ExifTags.Base.Orientation, 3, 1, 6, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + turned + bytes(4)
    data = saved(Image.fromarray(pixels), "HEIF", quality=90, exif=exif)
    assert b"irot" in data
    assert turned in data
    picture, _ = opened(data)
    assert picture.shape == (64, 48, 3)
    assert (is_red(picture[8, 40]), is_red(picture[8, 8]), is_red(picture[56, 40])) == (True, False, False)


@pytest.mark.parametrize(
    ("marker", "bits", "kind"),
    [
        (0xC3, 8, "lossless JPEG"),
        (0xF7, 8, "JPEG-LS"),
        (0xC5, 8, "hierarchical JPEG"),
        (0xC0, 12, "JPEG of 12 bits per sample"),
        (0xC1, 16, "JPEG of 16 bits per sample"),
    ],
)
def test_kinds_of_jpeg_that_are_seldom_are_unsupported_and_not_damaged(marker: int, bits: int, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 60, 30)).save(file, "JPEG")
    data = bytearray(file.getvalue())
    frame = data.index(b"\xff\xc0")
    data[frame + 1], data[frame + 4] = marker, bits
    with pytest.raises(UnsupportedMedia) as of_pixels:
        PhotoReader(io.BytesIO(data))
    with pytest.raises(UnsupportedMedia) as of_tags:
        read_photograph(io.BytesIO(data), sha256="", size_bytes=0, medium="photo")
    assert str(of_pixels.value) == str(of_tags.value) == f"{kind} is not supported: convert it to TIFF or PNG"


def test_the_largest_webp_is_refused_from_its_header_with_the_memory_it_needs() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP", lossless=True)
    data = bytearray(file.getvalue())
    place = data.index(b"VP8L") + 9  # 14 bits each of width and height, less 1 (WebP Lossless, 4)
    rest = int.from_bytes(data[place : place + 4], "little") >> 28 << 28
    data[place : place + 4] = (16382 | 16382 << 14 | rest).to_bytes(4, "little")
    photo = PhotoReader(io.BytesIO(data))
    assert (photo.info.width_px, photo.info.height_px) == (16383, 16383)
    words = r"16383 x 16383 pixels \(RGB\) need at least \d+ MB of memory, and 4000 MB may be used: raise --memory-mb"
    with pytest.raises(RefusedMedia, match=words):
        photo.refuse_unless_it_fits(Need(), 4000)
