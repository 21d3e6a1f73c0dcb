"""Photo enhanced for viewing by a declared chain: levels, then local contrast. Never for measuring.

A photo published in colour keeps its colours: only brightness changes, and every pixel keeps its chromaticity. A grey
one is stretched linearly and equalised in tiles (CLAHE). In both, no pixel clips that was not clipped before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Item, Need, Reads, require
from processors.imaging.image_writer import encode, on_white
from processors.photo import tone
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
    """Brightness that became black, as a share of full scale: the `dark_percent` percentile of the largest channel."""
    white_level: float
    """Brightness that became white, as a share of full scale; a brighter one keeps a tone of its own."""
    clipped_share_before: float
    """Share of pixels with one channel white, or all channels black, in the picture at this size."""
    clipped_share: float
    """The same in the enhanced picture."""
    hue_shift_degrees: float | None
    """Mean turn of the hues in CIELAB, weighted by chroma; None for a grey picture."""


@dataclass(frozen=True, kw_only=True)
class Enhanced:
    """Stretch between two percentiles, then local contrast, as `enhanced.jpg`."""

    name: ClassVar[str] = "photo.enhanced"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "photo"

    grey_world: float = 0.0
    """Degree to which the channels' means are equalised, 0 to 1, for unbalanced pictures. The ground of Mars is not
    grey, but 1 makes it so."""
    dark_percent: float = 0.5
    """Percentage of the pixels, the darkest, that becomes black."""
    bright_percent: float = 0.5
    detail_gain: float = 1.5
    """Local contrast of a colour picture: factor of detail in its middle tones; 1 disables it."""
    clahe_clip: float = 2.0
    """Contrast limit of CLAHE (Zuiderveld 1994) for grey pictures; 0 disables it."""
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
        require(1 <= self.detail_gain <= 4, "detail_gain", self.detail_gain, "must be from 1 to 4")
        require(0 <= self.clahe_clip <= 100, "clahe_clip", self.clahe_clip, "must be from 0 to 100")
        require(1 <= self.clahe_tiles <= 64, "clahe_tiles", self.clahe_tiles, "must be from 1 to 64")
        require(self.longest_side_px >= 16, "longest_side_px", self.longest_side_px, "must be 16 or more")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")

    def needs(self, info: PhotoInfo) -> Need:
        refuse_larger(info, self.max_pixels)
        return Need(longest_side_px=self.longest_side_px)

    def items(self, photo: Photo, scratch: Path) -> Iterator[Item]:
        picture, facts = enhance(_picture(photo, self.longest_side_px), self)
        data = encode(picture, "jpeg", quality=self.quality)
        yield Item(name="enhanced.jpg", media_type="image/jpeg", data=data, facts=facts)


def enhance(picture: np.ndarray, processor: Enhanced) -> tuple[np.ndarray, EnhancedFacts]:
    """Run the chain.

    Parameters
    ----------
    picture : float32, 0 to 1, shape (height, width, 3) or (height, width).

    Returns
    -------
    uint8 of the same shape, and the steps taken.
    """
    if picture.ndim == 2:
        shown, chain, ends = _grey(picture, processor)
        gains = None
    else:
        shown, chain, ends, gains = _coloured(picture, processor)
    before = np.rint(picture * 255).astype(np.uint8)
    after = np.rint(shown * 255).astype(np.uint8)
    facts = EnhancedFacts(
        chain=tuple(chain),
        width_px=picture.shape[1],
        height_px=picture.shape[0],
        channel_gains=gains,
        black_level=round(ends[0], 5),
        white_level=round(ends[1], 5),
        clipped_share_before=round(tone.clipped_share(before), 5),
        clipped_share=round(tone.clipped_share(after), 5),
        hue_shift_degrees=round(tone.hue_shift_degrees(before, after), 2) if picture.ndim == 3 else None,
    )
    return after, facts


def _grey(picture: np.ndarray, processor: Enhanced) -> tuple[np.ndarray, list[str], tuple[float, float]]:
    black, white = tone.levels(picture, processor.dark_percent, processor.bright_percent)
    white = max(white, black + 1 / 255)
    chain = [_stretch(processor)]
    shown = np.clip((picture - black) / (white - black), 0, 1)
    if processor.clahe_clip > 0:
        shown = _equalised(shown, processor.clahe_clip, processor.clahe_tiles)
        tiles = f"{processor.clahe_tiles} x {processor.clahe_tiles}"
        chain.append(f"CLAHE with clip {processor.clahe_clip:g} in {tiles} tiles")
    return tone.FIRST + (tone.LAST - tone.FIRST) * shown, chain, (black, white)


def _coloured(
    picture: np.ndarray, processor: Enhanced
) -> tuple[np.ndarray, list[str], tuple[float, float], tuple[float, ...] | None]:
    chain, gains = [], None
    if processor.grey_world > 0:
        means = picture.reshape(-1, 3).mean(axis=0)
        balance = (float(means.mean()) / np.maximum(means, 1e-6)) ** processor.grey_world
        picture = picture * balance.astype(np.float32)
        gains = tuple(round(float(gain), 5) for gain in balance)
        chain.append(f"grey-world balance at {processor.grey_world:g}")
    brightness = tone.brightness_of(picture)
    black, white = tone.levels(brightness, processor.dark_percent, processor.bright_percent)
    wanted = tone.stretched(brightness, black, white)
    chain.append(f"{_stretch(processor)} of brightness")
    if processor.detail_gain > 1:
        wanted = tone.with_local_contrast(wanted, processor.detail_gain)
        chain.append(f"local contrast at {processor.detail_gain:g} (guided filter)")
    wanted = tone.unclipped(wanted, brightness)
    return tone.with_brightness(picture, wanted), chain, (black, white), gains


def _stretch(processor: Enhanced) -> str:
    return f"stretch from {processor.dark_percent:g} to {100 - processor.bright_percent:g} per cent"


def _picture(photo: Photo, longest_side_px: int) -> np.ndarray:
    import cv2

    if photo.deep is not None and photo.deep.ndim == 2:
        size = fitted((photo.grey.shape[1], photo.grey.shape[0]), longest_side_px)
        return cv2.resize(photo.grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(on_white(photo.resized(longest_side_px)), np.float32) / 255


def _equalised(picture: np.ndarray, clip: float, tiles: int) -> np.ndarray:
    import cv2

    clahe = cv2.createCLAHE(clipLimit=clip, tileGridSize=(tiles, tiles))
    return clahe.apply(np.round(picture * 65535).astype(np.uint16)).astype(np.float32) / 65535
