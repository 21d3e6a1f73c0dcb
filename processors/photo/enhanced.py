"""Photo enhanced for viewing by a declared chain: white balance, stretch, local contrast. Never for measuring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from processors.contract import Item, Need, Reads, require
from processors.imaging.image_writer import encode
from processors.photo.reading.photo_reader import MAX_PIXELS, Photo, PhotoInfo, fitted, refuse_larger


@dataclass(frozen=True, kw_only=True)
class EnhancedFacts:
    """Steps of the enhancement, in order; the same numbers reproduce the picture."""

    chain: tuple[str, ...]
    width_px: int
    height_px: int
    channel_gains: tuple[float, ...] | None
    """Gains of red, green, blue; None for a grey picture, or if no balance was requested."""
    black_level: float
    """Brightness that became 0, as a share of full scale."""
    white_level: float
    """Brightness that became full scale, as a share of full scale."""


@dataclass(frozen=True, kw_only=True)
class Enhanced:
    """Grey-world balance, stretch between two percentiles, then CLAHE on brightness, as `enhanced.jpg`."""

    name: ClassVar[str] = "photo.enhanced"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "photo"

    grey_world: float = 0.5
    """Degree to which the channels' means are equalised, 0 to 1. The ground of Mars is not grey: 1 makes it so."""
    dark_percent: float = 0.5
    """Percentage of the pixels, the darkest, that becomes black."""
    bright_percent: float = 0.5
    clahe_clip: float = 2.0
    """Contrast limit of CLAHE (Zuiderveld 1994); 0 disables it."""
    clahe_tiles: int = 8
    """Number of tiles along each side."""
    longest_side_px: int = 2048
    quality: int = 90
    max_pixels: int = MAX_PIXELS
    """Maximum size; larger photos are refused from their header."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")
        require(0 <= self.grey_world <= 1, "grey_world", self.grey_world, "must be from 0 to 1")
        for name in ("dark_percent", "bright_percent"):
            require(0 <= getattr(self, name) < 50, name, getattr(self, name), "must be from 0 to below 50")
        require(0 <= self.clahe_clip <= 100, "clahe_clip", self.clahe_clip, "must be from 0 to 100")
        require(1 <= self.clahe_tiles <= 64, "clahe_tiles", self.clahe_tiles, "must be from 1 to 64")
        require(self.longest_side_px >= 16, "longest_side_px", self.longest_side_px, "must be 16 or more")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")

    def needs(self, info: PhotoInfo) -> Need:
        refuse_larger(info, self.max_pixels)
        return Need(longest_side_px=self.longest_side_px)

    def start(self, info: PhotoInfo, scratch: Path) -> _Session:
        return _Session(self)


class _Session:
    def __init__(self, processor: Enhanced) -> None:
        self._processor = processor

    def feed(self, photo: Photo) -> Iterator[Item]:
        picture, facts = enhance(_picture(photo, self._processor.longest_side_px), self._processor)
        data = encode(picture, "jpeg", quality=self._processor.quality)
        yield Item(name="enhanced.jpg", media_type="image/jpeg", data=data, facts=facts)

    def finish(self) -> Iterator[Item]:
        yield from ()


def enhance(picture: np.ndarray, processor: Enhanced) -> tuple[np.ndarray, EnhancedFacts]:
    """Run the chain.

    Parameters
    ----------
    picture : float32, 0 to 1, shape (height, width, 3) or (height, width).

    Returns
    -------
    uint8 of the same shape, and the steps taken.
    """
    chain: list[str] = []
    gains = None
    if picture.ndim == 3 and processor.grey_world > 0:
        means = picture.reshape(-1, 3).mean(axis=0)
        gains = (float(means.mean()) / np.maximum(means, 1e-6)) ** processor.grey_world
        picture = picture * gains.astype(np.float32)
        chain.append(f"grey-world balance at {processor.grey_world:g}")
    brightness = picture.max(axis=2) if picture.ndim == 3 else picture
    darkest = picture.min(axis=2) if picture.ndim == 3 else picture
    black = float(np.percentile(darkest, processor.dark_percent))
    white = max(float(np.percentile(brightness, 100 - processor.bright_percent)), black + 1 / 255)
    picture = np.clip((picture - black) / (white - black), 0, 1)
    chain.append(f"stretch from {processor.dark_percent:g} to {100 - processor.bright_percent:g} per cent")
    if processor.clahe_clip > 0:
        picture = _local_contrast(picture, processor.clahe_clip, processor.clahe_tiles)
        chain.append(
            f"CLAHE with clip {processor.clahe_clip:g} in {processor.clahe_tiles} x {processor.clahe_tiles} tiles"
        )
    facts = EnhancedFacts(
        chain=tuple(chain),
        width_px=picture.shape[1],
        height_px=picture.shape[0],
        channel_gains=tuple(round(float(gain), 5) for gain in gains) if gains is not None else None,
        black_level=round(black, 5),
        white_level=round(white, 5),
    )
    return np.round(picture * 255).astype(np.uint8), facts


def _picture(photo: Photo, longest_side_px: int) -> np.ndarray:
    import cv2

    if photo.deep is not None and photo.deep.ndim == 2:
        size = fitted((photo.grey.shape[1], photo.grey.shape[0]), longest_side_px)
        return cv2.resize(photo.grey, size, interpolation=cv2.INTER_AREA)
    image = photo.resized(longest_side_px)
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    return np.asarray(image, np.float32) / 255


def _local_contrast(picture: np.ndarray, clip: float, tiles: int) -> np.ndarray:
    import cv2

    clahe = cv2.createCLAHE(clipLimit=clip, tileGridSize=(tiles, tiles))
    if picture.ndim == 2:
        return clahe.apply(np.round(picture * 65535).astype(np.uint16)).astype(np.float32) / 65535
    lab = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2LAB)
    lightness = clahe.apply(np.round(np.clip(lab[..., 0] / 100, 0, 1) * 65535).astype(np.uint16))
    lab[..., 0] = lightness.astype(np.float32) / 655.35
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)
