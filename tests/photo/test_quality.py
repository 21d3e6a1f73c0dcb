"""Quality numbers follow what was done to a picture; enhancement is declared; previews come in three formats."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from processors.contract import Item, OpenSource, Source
from processors.errors import DamagedMedia, RefusedMedia
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import QualityFacts, measure
from processors.photo.reading.photo_reader import PhotoReader
from processors.photo.tiles import Tiles
from processors.photo.web_preview import WebPreview
from processors.sources.source_file import SourceFile


def scene(width: int = 640, height: int = 480) -> np.ndarray:
    """Soft shapes, 40 to 210, without noise."""
    rough = np.random.default_rng(3).normal(size=(height, width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 9)
    return np.clip(125 + soft / soft.std() * 30, 40, 210).astype(np.uint8)


def saved(picture: np.ndarray, file_format: str = "PNG", **options: object) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, file_format, **options)
    file.seek(0)
    return file


def quality(file: io.BytesIO) -> QualityFacts:
    return measure(PhotoReader(file).photo())


@pytest.mark.parametrize("deviation", [2.0, 5.0, 12.0])
def test_noise_is_measured_in_levels(deviation: float) -> None:
    grey = scene()[..., 0].astype(float)
    noisy = np.clip(grey + np.random.default_rng(1).normal(0, deviation, grey.shape), 0, 255).astype(np.uint8)
    assert quality(saved(noisy)).noise_levels == pytest.approx(deviation, rel=0.06)


def test_blur_lowers_sharpness_and_clipping_is_counted() -> None:
    rough = np.random.default_rng(7).integers(0, 256, (480, 640), np.uint8)
    fine = cv2.GaussianBlur(rough, (0, 0), 1)
    assert quality(saved(cv2.GaussianBlur(fine, (0, 0), 3))).sharpness < quality(saved(fine)).sharpness / 2
    sharp = quality(saved(scene()))
    half = scene()
    half[:240], half[240:360] = 255, 0
    clipped = quality(saved(half))
    assert (clipped.clipped_bright, clipped.clipped_dark) == (0.5, 0.25)
    assert (sharp.clipped_bright, sharp.clipped_dark) == (0, 0)


@pytest.mark.parametrize("number", [30, 50, 75, 92])
def test_jpeg_quality_is_read_off_the_tables(number: int) -> None:
    assert quality(saved(scene(), "JPEG", quality=number)).jpeg_quality == pytest.approx(number, abs=1)
    assert quality(saved(scene())).jpeg_quality is None


def test_blocks_show() -> None:
    assert quality(saved(scene(), "JPEG", quality=8)).blockiness > 1.5 > quality(saved(scene())).blockiness


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_hash_survives_a_copy_and_distinguishes_pictures() -> None:
    original = quality(saved(scene())).perceptual_hash
    copy = cv2.resize(scene(), (320, 240), interpolation=cv2.INTER_AREA)
    assert bits_apart(original, quality(saved(copy, "JPEG", quality=60)).perceptual_hash) <= 6
    assert bits_apart(original, quality(saved(scene()[::-1].copy())).perceptual_hash) > 16


def test_sixteen_bit_noise_is_not_lost() -> None:
    deep = (20000 + np.random.default_rng(2).normal(0, 40, (256, 256))).astype(np.uint16)
    file = io.BytesIO()
    Image.fromarray(deep).save(file, "PNG")
    file.seek(0)
    assert quality(file).noise_levels == pytest.approx(40 / 257, rel=0.06)


def test_previews_in_three_formats_show_the_same() -> None:
    reader = PhotoReader(saved(scene(1600, 1200)))
    made = [list(processor.items(reader.photo(), Path())) for processor in (PhotoPreview(), WebPreview())]
    assert [[item.name for item in some] for some in made] == [
        ["preview_320.jpg", "preview_1024.jpg", "preview_2048.jpg"],
        ["preview_320.webp", "preview_320.avif", "preview_1024.webp", "preview_1024.avif", "preview_2048.webp"],
    ]
    items = {item.name: item for some in made for item in some}
    wanted = cv2.resize(scene(1600, 1200), (320, 240), interpolation=cv2.INTER_AREA).astype(int)
    for suffix, media_type in (("jpg", "image/jpeg"), ("webp", "image/webp"), ("avif", "image/avif")):
        item = items[f"preview_320.{suffix}"]
        shown = np.asarray(Image.open(io.BytesIO(item.data or b"")).convert("RGB")).astype(int)
        assert item.media_type == media_type
        assert np.abs(shown - wanted).mean() < 6


def test_a_setting_of_a_format_that_is_not_made_is_refused() -> None:
    assert WebPreview(avif_quality=40).avif_quality == PhotoPreview(formats=("avif",), avif_quality=40).avif_quality
    rule = "changes nothing without avif in `formats`, as photo.web_preview has it"
    with pytest.raises(ValueError, match=f"^avif_quality is 40: {rule}$"):
        PhotoPreview(avif_quality=40)
    with pytest.raises(ValueError, match=r"^webp_quality is 50: changes nothing without webp"):
        WebPreview(formats=("avif",), webp_quality=50)


def made_tiles(folder: Path, file: io.BytesIO, processor: Tiles, picture_format: str = "png") -> list[Item]:
    path = folder / "picture"
    path.write_bytes(file.getvalue())
    source = Source(digest="ab" * 32, size_bytes=1, name="p", medium="photo", format=picture_format, has_sound=False)
    return list(processor.items(OpenSource(source=source, file=SourceFile.at(path)), folder))


def test_a_panorama_becomes_a_static_image_service(tmp_path: Path) -> None:
    processor = Tiles(least_pixels=0, tile_px=256, base_uri="https://example.org/iiif")
    (item,) = made_tiles(tmp_path, saved(scene(1000, 300)), processor)
    assert item.file is not None
    with zipfile.ZipFile(item.file) as packed:
        info = json.loads(packed.read("abababababababab/info.json"))
        first = packed.read("abababababababab/0,0,256,256/256,256/0/default.jpg")
    assert (info["id"], info["profile"], info["width"], info["height"]) == (
        "https://example.org/iiif/abababababababab",
        "level0",
        1000,
        300,
    )
    shown = np.asarray(Image.open(io.BytesIO(first)))
    assert np.abs(shown.astype(int) - scene(1000, 300)[:256, :256]).mean() < 4
    data = item.file.read_bytes()
    (again,) = made_tiles(tmp_path, saved(scene(1000, 300)), processor)
    assert again.file is not None
    assert again.file.read_bytes() == data


def test_tiles_are_upright_and_small_photos_get_none(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(scene(600, 200), "JPEG", exif=exif)
    (item,) = made_tiles(tmp_path, turned, Tiles(least_pixels=0), "jpeg")
    assert (item.facts.width_px, item.facts.height_px) == (200, 600)
    (none,) = made_tiles(tmp_path, turned, Tiles(), "jpeg")
    assert (none.name, none.facts.is_tiled, none.facts.reason) == ("tiles.json", False, "fewer than 20000000 pixels")


def test_tiles_of_a_truncated_or_too_large_photo_are_refused(tmp_path: Path) -> None:
    cut = io.BytesIO(saved(scene(), "JPEG").getvalue()[:-6000])
    with pytest.raises(DamagedMedia, match="truncated: the file ends before its picture does"):
        made_tiles(tmp_path, cut, Tiles(least_pixels=0), "jpeg")
    with pytest.raises(RefusedMedia, match="640 x 480 pixels is over the limit of 1000"):
        made_tiles(tmp_path, saved(scene()), Tiles(max_pixels=1000))


def lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


@pytest.mark.parametrize(
    "name", ["formats/photo/pillow/hopper.iccprofile.tif", "formats/photo/exiftool/*", "formats/photo/**/*cmyk*"]
)
def test_colours_with_a_profile_are_within_one_delta_e_of_littlecms(samples: Path, name: str) -> None:
    checked = 0
    for path in sorted(samples.glob(name)):
        try:
            image = Image.open(path)
            profile = image.info.get("icc_profile")
            if not profile or image.mode not in ("RGB", "CMYK", "L"):
                continue
            image.load()
        except OSError:
            continue
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        with path.open("rb") as file:
            shown = PhotoReader(file).photo().image
        if wanted is None or shown.size != wanted.size:
            continue
        difference = np.linalg.norm(lab(np.asarray(shown.convert("RGB"))) - lab(np.asarray(wanted)), axis=2)
        assert float(difference.mean()) < 1, path
        checked += 1
    if not checked:
        pytest.skip(f"no picture with a profile among {name}")
