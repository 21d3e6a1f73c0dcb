"""Reads a photograph: upright, in sRGB, and what it was before."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from processors.contract import Need
from processors.decoding import decoder_errors, open_picture
from processors.errors import RefusedMedia

MAX_PIXELS = 300_000_000
"""A larger picture is refused before it is decoded: it would take 0.9 GB as RGB."""


@dataclass(frozen=True, kw_only=True)
class PhotoInfo:
    """What the header says of the picture."""

    format: str
    width_px: int
    """Upright."""
    height_px: int
    mode: str
    """Pillow's: `RGB`, `L`, `I;16`, `CMYK` ..."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 where the file says none or nonsense."""
    icc_profile_name: str | None
    frame_count: int
    """Pictures in the file; the first is used."""
    has_alpha: bool


class PhotoReader:
    """One photograph, decoded at most once.

    Raises
    ------
    DamagedMedia : Pillow refuses the bytes.
    RefusedMedia : more than `MAX_PIXELS`.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._image = open_picture(file)
        width, height = self._image.size
        if width * height > MAX_PIXELS:
            raise RefusedMedia(f"{width} x {height} pixels is over the limit of {MAX_PIXELS}", "split the picture")
        with decoder_errors("reading the picture's header"):
            self.info = _info(self._image)

    def photo(self, needs: list[Need]) -> Photo:
        """Decode; a JPEG is shrunk while decoding when nobody needs all of its pixels."""
        sides = [need.longest_side_px for need in needs]
        with decoder_errors("decoding the picture"):
            if self._image.format == "JPEG" and sides and all(sides):
                side = max(side or 0 for side in sides)
                self._image.draft(None, _fitted(self._image.size, side))
            self._image.load()
            return Photo(info=self.info, image=_to_srgb(ImageOps.exif_transpose(self._image)))


@dataclass(frozen=True, kw_only=True)
class Photo:
    """The picture, upright, in sRGB: mode RGB, L (grey) or RGBA, 8 bit."""

    info: PhotoInfo
    image: Image.Image

    def resized(self, longest_side_px: int) -> Image.Image:
        """Shrunk to that longer side (Lanczos); never enlarged."""
        size = _fitted(self.image.size, longest_side_px)
        return (
            self.image if size == self.image.size else self.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        )


def _fitted(size: tuple[int, int], longest_side_px: int) -> tuple[int, int]:
    shrink = min(1.0, longest_side_px / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))


def _info(image: Image.Image) -> PhotoInfo:
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    orientation = orientation if orientation in range(1, 9) else 1
    size = image.size if orientation < 5 else image.size[::-1]
    return PhotoInfo(
        format=(image.format or "unknown").lower(),
        width_px=size[0],
        height_px=size[1],
        mode=image.mode,
        orientation=orientation,
        icc_profile_name=_profile_name(image.info.get("icc_profile")),
        frame_count=getattr(image, "n_frames", 1),
        has_alpha=image.has_transparency_data,
    )


def _profile_name(icc_profile: bytes | None) -> str | None:
    if not icc_profile:
        return None
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))).strip()
    except ImageCms.PyCMSError:
        return "unreadable"


def _to_srgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        return Image.fromarray(_to_8_bit(np.asarray(image)))
    profile = image.info.get("icc_profile")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if image.mode in ("P", "PA", "1", "La", "RGBa", "RGBX"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    colours = image.convert("RGB") if image.mode == "RGBA" else image.convert("L") if image.mode == "LA" else image
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            colours = converted or colours
        except (ImageCms.PyCMSError, OSError):
            pass  # the profile's name in the facts says `unreadable`, or it is for other colours than these
    if colours.mode not in ("RGB", "L"):
        colours = colours.convert("RGB")
    if alpha is not None:
        colours = colours.convert("RGB")
        colours.putalpha(alpha)
    return colours


def _to_8_bit(values: np.ndarray) -> np.ndarray:
    """16-bit integers by their full scale (65535 to 255); wider integers and floats by their own largest value."""
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    full = (
        65535.0 if values.dtype.kind in "ui" and finite.max(initial=0) <= 65535 else float(finite.max(initial=1)) or 1.0
    )
    return np.round(finite / full * 255).astype(np.uint8)
