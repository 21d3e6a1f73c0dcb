"""Previews of a photograph in three sizes: upright, sRGB, never enlarged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image

from processors.contract import Item, Need, Reads, require
from processors.photo.reader import Photo, PhotoInfo
from processors.pictures import encode


@dataclass(frozen=True, kw_only=True)
class PreviewFacts:
    """What one preview shows."""

    width_px: int
    height_px: int
    source_width_px: int
    """Upright."""
    source_height_px: int
    alpha_flattened_on_white: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """JPEG previews; a size larger than the photo itself gives the photo's own size."""

    name: ClassVar[str] = "photo.preview"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "photo"

    longest_sides_px: tuple[int, ...] = (320, 1024, 2048)
    """Longer side of each preview, ascending."""
    quality: int = 88

    def __post_init__(self) -> None:
        sides = self.longest_sides_px
        ascending = all(a < b for a, b in itertools.pairwise(sides))
        require(bool(sides) and ascending and sides[0] >= 16, "longest_sides_px", sides, "must ascend from 16 or more")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")

    def needs(self, info: PhotoInfo) -> Need:
        return Need(longest_side_px=self.longest_sides_px[-1])

    def start(self, info: PhotoInfo, scratch: Path) -> _Session:
        return _Session(self)


class _Session:
    def __init__(self, processor: Preview) -> None:
        self._processor = processor

    def feed(self, photo: Photo) -> Iterator[Item]:
        for side in self._processor.longest_sides_px:
            picture = photo.resized(side)
            flattened = picture.mode == "RGBA"
            if flattened:
                white = Image.new("RGB", picture.size, "white")
                white.paste(picture, mask=picture.getchannel("A"))
                picture = white
            facts = PreviewFacts(
                width_px=picture.width,
                height_px=picture.height,
                source_width_px=photo.info.width_px,
                source_height_px=photo.info.height_px,
                alpha_flattened_on_white=flattened,
            )
            data = encode(picture, "jpeg", quality=self._processor.quality)
            yield Item(name=f"preview_{side}.jpg", media_type="image/jpeg", data=data, facts=facts)

    def finish(self) -> Iterator[Item]:
        yield from ()
