"""Encoding of pictures as JPEG, PNG, WebP and AVIF."""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processors.imaging.png_colour import HEADER_BYTES, png_chunk

PictureFormat = Literal["jpeg", "png", "webp", "avif"]
MEDIA_TYPES: dict[PictureFormat, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}
SUFFIXES: dict[PictureFormat, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "avif": ".avif"}
MAX_JPEG_SIDE_PX, MAX_WEBP_SIDE_PX = 65_500, 16_383
"""Maximum width and height that libjpeg and libwebp encode."""
XMP_KEYWORD = "XML:com.adobe.xmp"


def encode(
    picture: np.ndarray | Image.Image,
    picture_format: PictureFormat,
    *,
    quality: int = 90,
    avif_speed: int = 8,
    webp_method: int = 3,
    icc_profile: bytes | None = None,
    xmp: bytes | None = None,
    cicp: tuple[int, int] | None = None,
) -> bytes:
    """Encode an sRGB or grey picture; the same picture gives the same bytes.

    Parameters
    ----------
    picture : uint8, shape (height, width), (height, width, 3) or, with alpha, (height, width, 4), or a Pillow image
        in mode RGB, RGBA or L; for PNG also uint16 in the same shapes. JPEG has no alpha: remove it first.
    quality : 1 to 95 for JPEG, WebP and AVIF; from 90 up, JPEG and AVIF keep colour at full resolution. PNG is
        lossless and ignores it.
    avif_speed : 0, slow and small, to 10.
    webp_method : 0, fast, to 6, slow and small.
    xmp : XMP packet to embed.
    cicp : colour primaries and transfer function (ITU-T H.273) for the cICP chunk of a 16-bit PNG that is not sRGB.
    """
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint16:
        if picture_format != "png":
            raise ValueError(f"picture_format is {picture_format!r}: only PNG supports 16 bits")
        return _deep_png(picture, xmp, cicp)
    # never the image itself: its file's comments, profiles and frames would be passed to the encoders
    image = Image.fromarray(np.asarray(picture))
    extra: dict[str, Any] = {"icc_profile": icc_profile} if icc_profile else {}
    if xmp and picture_format == "png":
        extra["pnginfo"] = info = PngInfo()
        info.add_itxt(XMP_KEYWORD, xmp.decode())
    elif xmp:
        extra["xmp"] = xmp
    if picture_format == "png":
        extra["compress_level"] = 6
    else:
        extra["quality"] = quality
    if picture_format in ("jpeg", "avif"):
        extra["subsampling"] = "4:4:4" if quality >= 90 else "4:2:0"
    if picture_format == "webp":
        extra["method"] = webp_method
    if picture_format == "avif":  # with one thread and one tile the bytes do not depend on the machine's cores
        extra |= {"speed": avif_speed, "max_threads": 1, "autotiling": False}
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **extra)
    return buffer.getvalue()


def on_white(image: Image.Image) -> Image.Image:
    """Return the picture before a white background where it is transparent; one without transparency as it is."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _deep_png(picture: np.ndarray, xmp: bytes | None, cicp: tuple[int, int] | None) -> bytes:
    """Encode a PNG with 16 bits per channel, which Pillow cannot write in colour."""
    import cv2  # 20 MB that planning need not load

    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    turned = cv2.cvtColor(picture, order[picture.shape[2]]) if picture.ndim == 3 else picture
    data = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
    more = png_chunk(b"cICP", bytes((*cicp, 0, 1))) if cicp else b""  # RGB, full range (PNG 3rd edition, 11.3.2.6)
    if xmp:
        more += png_chunk(b"iTXt", XMP_KEYWORD.encode() + b"\0\0\0\0\0" + xmp)
    return data[:HEADER_BYTES] + more + data[HEADER_BYTES:]
