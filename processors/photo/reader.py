"""Reads a photograph: upright, in sRGB, and what it was before."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps

from processors.contract import Need
from processors.decoding import decoder_errors, open_picture
from processors.errors import RefusedMedia
from processors.photo.colour import deep_of, profile_name, to_srgb, white_level
from processors.photo.levels import levels_of, to_8_bit
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import attached_format, read_header
from processors.planetary.samples import Samples, read_samples

MAX_PIXELS = 300_000_000
"""Where nobody says otherwise, a larger picture is refused before it is decoded: it would take 0.9 GB as RGB."""


FOR_WHAT_IS_CUT_SHORT = (
    "fetch it again; of a JPEG, PNG or TIFF that is cut short, `photo.salvaged` gives the rows that are real"
)


@dataclass(frozen=True, kw_only=True)
class PhotoInfo:
    """What the header says of the picture."""

    format: str
    width_px: int
    """Upright."""
    height_px: int
    mode: str
    """Pillow's: `RGB`, `L`, `I;16`, `CMYK` ...; NumPy's for a planetary image: `>i2`."""
    orientation: int
    """EXIF orientation, 1 to 8; 1 where the file says none or nonsense."""
    icc_profile_name: str | None
    frame_count: int
    """Pictures in the file; the first is used."""
    has_alpha: bool
    jpeg_quality: int | None = None
    """As libjpeg counts it, 1 to 100, nearest to the quantisation table; None where the file is no JPEG."""
    device: str | None = None
    """The camera as the file names it: EXIF's model, or the instrument of a planetary label."""


class PhotoReader:
    """One photograph, decoded at most once; how many pixels are too many is for who asks for it (`refuse_larger`).

    Parameters
    ----------
    described : what a label beside the file says of it; None where the file speaks for itself.

    Raises
    ------
    DamagedMedia : Pillow refuses the bytes.
    """

    def __init__(self, file: BinaryIO, described: ImageObject | None = None) -> None:
        self._file = file
        self._image = self._planetary = None
        self.damage: str | None = None
        """What of the picture is damaged; known when it was decoded."""
        if described or attached_format(file):
            self._planetary = described or read_header(file)
            self.info = _planetary_info(self._planetary)
        else:
            file.seek(0)
            self._image = open_picture(file)
            with decoder_errors("reading the picture's header"):
                self.info = _info(self._image)

    def photo(self, needs: list[Need]) -> Photo:
        """Decode; a JPEG is shrunk while decoding when nobody needs all of its pixels."""
        if self._planetary:
            with decoder_errors("reading the pixels"):
                return self._planetary_photo(self._planetary)
        assert self._image is not None
        sides = [need.longest_side_px for need in needs]
        with decoder_errors("decoding the picture", FOR_WHAT_IS_CUT_SHORT):
            if self._image.format == "JPEG" and sides and all(sides):
                side = max(side or 0 for side in sides)
                self._image.draft(None, fitted(self._image.size, side))
            self._image.load()
            upright = ImageOps.exif_transpose(self._image)
            deep = deep_of(upright)
            white = white_level(np.asarray(upright)) if deep is not None else None
            return Photo(info=self.info, image=to_srgb(upright), deep=deep, white_level=white)

    def _planetary_photo(self, image: ImageObject) -> Photo:
        samples = read_samples(self._file, image)
        self.damage = samples.damage
        shown, white = _shown(samples, image.shown_bands)
        return Photo(info=self.info, image=shown, deep=samples.values, white_level=white)


def refuse_larger(info: PhotoInfo, max_pixels: int) -> None:
    """Raise `RefusedMedia`, from the header alone, for a photo of more pixels."""
    if info.width_px * info.height_px > max_pixels:
        raise RefusedMedia(
            f"{info.width_px} x {info.height_px} pixels is over the limit of {max_pixels}",
            "raise max_pixels in the recipe, and --memory-mb with it",
        )


@dataclass(frozen=True, kw_only=True)
class Photo:
    """The picture, upright, in sRGB: mode RGB, L (grey) or RGBA, 8 bit."""

    info: PhotoInfo
    image: Image.Image
    deep: np.ndarray | None = None
    """The numbers of a grey picture of more than 8 bits, shape (height, width), or of a planetary one."""
    white_level: float | None = None
    """The number in the file that `image` shows as white; None for a picture of 8 bits."""

    @functools.cached_property
    def _small(self) -> dict[int, Image.Image]:
        return {}

    def resized(self, longest_side_px: int) -> Image.Image:
        """Shrunk to that longer side (Lanczos); never enlarged; computed once, whoever asks."""
        size = fitted(self.image.size, longest_side_px)
        if size == self.image.size:
            return self.image
        if longest_side_px not in self._small:
            self._small[longest_side_px] = self.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        return self._small[longest_side_px]

    def grey_part(self, top_px: int, left_px: int, side_px: int) -> np.ndarray:
        """A square of brightness, or what of it is inside, float32 in levels of 0 to 255."""
        if self.deep is not None and self.deep.ndim == 2:
            return self.grey[top_px : top_px + side_px, left_px : left_px + side_px] * 255
        box = (left_px, top_px, min(left_px + side_px, self.image.width), min(top_px + side_px, self.image.height))
        return np.asarray(self.image.crop(box).convert("L"), np.float32)

    @functools.cached_property
    def grey(self) -> np.ndarray:
        """Brightness, float32, shape (height, width), 0 to 1 of full scale, at the depth that the file has."""
        if self.deep is not None and self.deep.ndim == 2:
            values = np.nan_to_num(self.deep.astype(np.float32), posinf=0.0, neginf=0.0)
            full = 65535.0 if self.deep.dtype.kind == "u" and self.deep.itemsize == 2 else float(values.max()) or 1.0
            return np.clip(values / full, 0, 1)
        return np.asarray(self.image.convert("L"), np.float32) / 255


def fitted(size: tuple[int, int], longest_side_px: int) -> tuple[int, int]:
    """Width and height with that longer side; never larger."""
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
        icc_profile_name=profile_name(image.info.get("icc_profile")),
        frame_count=getattr(image, "n_frames", 1),
        has_alpha=image.has_transparency_data,
        jpeg_quality=_jpeg_quality(getattr(image, "quantization", None)),
        device=str(image.getexif().get(ExifTags.Base.Model, "")).strip("\0 ") or None,
    )


_LUMINANCE_SUM = 3688
"""Sum of the luminance table K.1 of the JPEG standard (ISO/IEC 10918-1), which is libjpeg's quality 50."""


def _jpeg_quality(tables: dict[int, list[int]] | None) -> int | None:
    if not tables or 0 not in tables:
        return None
    scale = 100 * sum(tables[0]) / _LUMINANCE_SUM  # per cent; libjpeg: 5000 / q below quality 50, 200 - 2 q above
    return max(1, min(100, round(5000 / scale if scale > 100 else (200 - scale) / 2)))


def _planetary_info(image: ImageObject) -> PhotoInfo:
    named = {name.rpartition("/")[2]: value for name, value in reversed(image.entries)}
    width, height = image.shown_size_px
    return PhotoInfo(
        format=image.format, width_px=width, height_px=height, mode=image.dtype, orientation=image.orientation,
        icc_profile_name=None, frame_count=image.image_count, has_alpha=False,
        device=image.instrument or named.get("INSTRUMENT_ID") or named.get("INSTRUMENT_NAME"),
    )  # fmt: skip


def _shown(samples: Samples, bands: tuple[int, ...]) -> tuple[Image.Image, float | None]:
    """The bands for red, green and blue, or the one for grey, in 8 bit, and what is white in it."""

    def picked(part: np.ndarray) -> np.ndarray:
        return part if part.ndim == 2 else part[..., bands[0] if len(bands) == 1 else list(bands)]

    values = picked(samples.values)
    valid = None if samples.valid is None else picked(samples.valid)
    levels = levels_of(values, valid, declared_white=samples.declared_white)
    shown = to_8_bit(values, levels, valid)
    if samples.saturated is not None:
        shown[picked(samples.saturated)] = 255
    return Image.fromarray(np.ascontiguousarray(shown)), levels.white
