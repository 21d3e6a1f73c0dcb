"""The previews of a photograph in the formats of websites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from processors.imaging.image_writer import PictureFormat
from processors.photo.photo_preview import PhotoPreview


@dataclass(frozen=True, kw_only=True)
class WebPreview(PhotoPreview):
    """The sizes of `photo.preview` in formats smaller than JPEG, which take about five times as long to write.

    Pages and packs are made of `photo.preview` alone.
    """

    name: ClassVar[str] = "photo.web_preview"
    version: ClassVar[int] = 2

    formats: tuple[PictureFormat, ...] = ("webp", "avif")
    """Formats of each size; AVIF only up to `avif_longest_side_px`, WebP up to 16,383 px, the most that it holds."""
