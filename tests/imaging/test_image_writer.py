"""Encoders get pixels only: no metadata of the source reaches the output."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from processors.imaging.image_writer import PictureFormat, encode
from tests.helpers.command import PROJECT

PICTURE = np.random.default_rng(3).integers(0, 256, (6, 8, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
FORMATS: tuple[PictureFormat, ...] = ("jpeg", "png", "webp", "avif")


def loaded_with_extras() -> dict[str, Image.Image]:
    """The same pixels in images with metadata that Pillow copies by default."""
    text = PngInfo()
    text.add_text("comment", "x" * 2_000_000, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    image = Image.fromarray(PICTURE)
    png, tiff = io.BytesIO(), io.BytesIO()
    image.save(png, "PNG", pnginfo=text, icc_profile=profile, dpi=(300, 300))
    image.save(tiff, "TIFF", save_all=True, append_images=[image, image], dpi=(72, 72), description="a rock")
    opened = {name: Image.open(io.BytesIO(file.getvalue())) for name, file in (("png", png), ("tiff", tiff))}
    plain = image.copy()
    plain.info = {
        "comment": b"z" * 70_000,
        "icc_profile": b"no profile",
        "exif": b"Exif\0\0broken",
        "transparency": (1, 2, 3),
        "xmp": b"<x/>",
        "dpi": ("a", None),
        "background": 7,
        "timestamp": "soon",
    }
    return {**opened, "plain": plain}


@pytest.mark.parametrize("picture_format", FORMATS)
@pytest.mark.parametrize("source", ["png", "tiff", "plain"])
def test_an_image_is_written_as_its_pixels_alone(source: str, picture_format: PictureFormat) -> None:
    image = loaded_with_extras()[source]
    data = encode(image, picture_format)
    assert data == encode(PICTURE, picture_format)
    written = Image.open(io.BytesIO(data))
    assert not {"comment", "icc_profile", "exif", "xmp", "transparency", "dpi"} & set(written.info)
    assert getattr(written, "n_frames", 1) == 1


@pytest.mark.parametrize("picture_format", FORMATS)
def test_bytes_do_not_depend_on_the_number_of_processors_or_on_what_was_encoded_before(
    picture_format: PictureFormat,
) -> None:
    code = (
        "import hashlib, os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from tests.imaging.test_image_writer import large; from processors.imaging.image_writer import encode\n"
        f"print(hashlib.sha256(encode(large(), {picture_format!r}, quality=72)).hexdigest())"
    )
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    for _ in range(2):
        assert hashlib.sha256(encode(large(), picture_format, quality=72)).hexdigest() == alone.stdout.strip()


def large() -> np.ndarray:
    """As large as a preview: encoders cut such pictures into parts for their threads."""
    return PICTURE.repeat(16, 0).repeat(16, 1)


@pytest.mark.parametrize("picture_format", FORMATS)
def test_a_profile_that_is_asked_for_is_written(picture_format: PictureFormat) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    written = Image.open(io.BytesIO(encode(PICTURE, picture_format, icc_profile=profile)))
    assert written.info["icc_profile"] == profile
