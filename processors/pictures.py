"""Writes pictures: the one place where arrays become JPEG, PNG, WebP or AVIF bytes."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image

PictureFormat = Literal["jpeg", "png", "webp", "avif"]
MEDIA_TYPES: dict[PictureFormat, str] = {
    "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif",
}  # fmt: skip
SUFFIXES: dict[PictureFormat, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "avif": ".avif"}


def encode(
    picture: np.ndarray | Image.Image,
    picture_format: PictureFormat,
    *,
    quality: int = 90,
    icc_profile: bytes | None = None,
) -> bytes:
    """Bytes of an 8-bit sRGB or grey picture; the same picture gives the same bytes.

    Parameters
    ----------
    picture : uint8, shape (height, width, 3) or (height, width), or a Pillow image in mode RGB, RGBA or L.
    quality : JPEG quality, 1 to 95; from 90 on colour is kept at full resolution. PNG has no loss and ignores it.
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    extra = {"icc_profile": icc_profile} if icc_profile else {}
    buffer = io.BytesIO()
    if picture_format == "jpeg":
        image.save(buffer, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2, **extra)
    elif picture_format == "webp":
        image.save(buffer, "WEBP", quality=quality, method=3, **extra)
    elif picture_format == "avif":
        # one thread and one tile: the bytes do not depend on the machine's cores
        image.save(buffer, "AVIF", quality=quality, speed=8, max_threads=1, autotiling=False, **extra)
    else:
        image.save(buffer, "PNG", compress_level=6, **extra)
    return buffer.getvalue()
