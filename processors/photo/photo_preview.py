"""Previews of a photograph in three sizes: upright, sRGB, never enlarged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from processors.contract import Item, Need, Reads, require
from processors.imaging.image_writer import (
    MAX_JPEG_SIDE_PX,
    MAX_WEBP_SIDE_PX,
    MEDIA_TYPES,
    SUFFIXES,
    PictureFormat,
    encode,
    on_white,
)
from processors.photo.reading.photo_reader import MAX_PIXELS, Photo, PhotoInfo, refuse_larger

AVIF_SPEED = 9
"""Four photographs at 1024 px, seconds and kB in all, and the mean structural similarity (SSIM) of their luma:

    format  quality  speed  seconds   kB    SSIM
    AVIF       65      8      1.05   396  0.9801
    AVIF       65      9      0.18   309  0.9741
    AVIF       72      9      0.18   360  0.9799
    JPEG       88             0.01   553  0.9799
"""
WEBP_METHOD = 2
"""Five photographs at 320, 1024 and 2048 px, as above:

    quality  method  seconds    kB    SSIM
       82       3      1.31    1261  0.9657
       82       2      0.63    1300  0.9653
       83       2      0.60    1364  0.9674
       84       1      0.44    1548  0.9708
"""
WEBP_QUALITY, AVIF_QUALITY, AVIF_LONGEST_SIDE_PX = 83, 72, 1024
SETTINGS_OF_A_FORMAT: Mapping[str, tuple[PictureFormat, int]] = {
    "webp_quality": ("webp", WEBP_QUALITY),
    "avif_quality": ("avif", AVIF_QUALITY),
    "avif_longest_side_px": ("avif", AVIF_LONGEST_SIDE_PX),
}
"""Parameters that change nothing without a format, with the format and the default value."""


@dataclass(frozen=True, kw_only=True)
class PreviewFacts:
    width_px: int
    height_px: int
    source_width_px: int
    """Width of the upright source."""
    source_height_px: int
    alpha_flattened_on_white: bool
    white_level: float | None
    """Value in the file that is shown as white; None for a picture of 8 bits."""
    black_level: float | None
    """Value in the file that is shown as black; None for a picture of 8 bits."""
    levels_rule: str | None
    """Rule by which both were chosen; None for a picture of 8 bits."""
    damage: str | None
    """Damage or truncation of the photo; None if it is intact as far as its format can show."""


@dataclass(frozen=True, kw_only=True)
class PhotoPreview:
    """Previews for the web; sizes larger than the photo itself are replaced by the photo's own size."""

    name: ClassVar[str] = "photo.preview"
    version: ClassVar[int] = 11
    reads: ClassVar[Reads] = "photo"

    longest_sides_px: tuple[int, ...] = (320, 1024, 2048)
    """Longer side of each preview, ascending; a preview has at most 65,500 px, as JPEG does."""
    formats: tuple[PictureFormat, ...] = ("jpeg",)
    """Formats of each size; AVIF only up to `avif_longest_side_px`, WebP up to 16,383 px, the most that it holds."""
    quality: int = 88
    webp_quality: int = WEBP_QUALITY
    avif_quality: int = AVIF_QUALITY
    avif_longest_side_px: int = AVIF_LONGEST_SIDE_PX
    max_pixels: int = MAX_PIXELS
    """Maximum size; larger photos are refused from their header."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")
        sides = self.longest_sides_px
        ascending = all(a < b for a, b in itertools.pairwise(sides))
        require(bool(sides) and ascending and sides[0] >= 16, "longest_sides_px", sides, "must ascend from 16 or more")
        for name in ("quality", "webp_quality", "avif_quality"):
            require(1 <= getattr(self, name) <= 95, name, getattr(self, name), "must be from 1 to 95")
        known = bool(self.formats) and set(self.formats) <= {"jpeg", "webp", "avif"}
        require(known, "formats", self.formats, "must be of jpeg, webp and avif")
        for name, (picture_format, default) in SETTINGS_OF_A_FORMAT.items():
            value = getattr(self, name)
            rule = f"changes nothing without {picture_format} in `formats`, as photo.web_preview has it"
            require(picture_format in self.formats or value == default, name, value, rule)

    def needs(self, info: PhotoInfo) -> Need:
        refuse_larger(info, self.max_pixels)
        return Need(longest_side_px=self.longest_sides_px[-1])

    def items(self, photo: Photo, scratch: Path) -> Iterator[Item]:
        for side in self.longest_sides_px:
            resized = photo.resized(min(side, MAX_JPEG_SIDE_PX))
            picture = on_white(resized)
            facts = PreviewFacts(
                width_px=picture.width,
                height_px=picture.height,
                source_width_px=photo.info.width_px,
                source_height_px=photo.info.height_px,
                alpha_flattened_on_white=picture is not resized,
                white_level=photo.white_level,
                black_level=photo.black_level,
                levels_rule=photo.levels.rule if photo.deep is not None else None,
                damage=photo.damage.sentence if photo.damage else None,
            )
            yield from self._encoded(picture, side, facts)

    def _encoded(self, picture: Image.Image, side: int, facts: PreviewFacts) -> Iterator[Item]:
        qualities = {"jpeg": self.quality, "webp": self.webp_quality, "avif": self.avif_quality}
        for picture_format in self.formats:
            if picture_format == "avif" and side > self.avif_longest_side_px:
                continue
            if picture_format == "webp" and max(picture.size) > MAX_WEBP_SIDE_PX:
                continue
            data = encode(
                picture,
                picture_format,
                quality=qualities[picture_format],
                avif_speed=AVIF_SPEED,
                webp_method=WEBP_METHOD,
            )
            name = f"preview_{side}{SUFFIXES[picture_format]}"
            yield Item(name=name, media_type=MEDIA_TYPES[picture_format], data=data, facts=facts)
