"""Quality of a photo in numbers: sharpness, exposure, clipping, noise, compression, and a perceptual hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Item, Need, Reads, require
from processors.imaging.perceptual_hash import perceptual_hash
from processors.photo.reading.photo_reader import MAX_PIXELS, Photo, PhotoInfo, refuse_larger

SAMPLE_SIDE_PX = 512
"""Side of the squares, up to nine at full resolution, in which sharpness, noise and blocks are measured."""


@dataclass(frozen=True, kw_only=True)
class QualityFacts:
    """Quality measures; brightness is in levels of 0 to 255, of the whole picture in sRGB."""

    sharpness: float
    """Variance of the Laplacian over the variance of brightness, in the sharpest sample square; higher is sharper."""
    mean_level: float
    median_level: float
    dark_level: float
    """1st percentile of brightness."""
    bright_level: float
    """99th percentile of brightness."""
    clipped_dark: float
    """Share of the pixels at 0."""
    clipped_bright: float
    """Share of the pixels at 255."""
    noise_levels: float
    """Standard deviation of the noise, lowest of all sample squares (Immerkaer 1996, doi:10.1006/cviu.1996.0060)."""
    blockiness: float
    """Steps at the borders of 8 x 8 blocks over steps elsewhere; 1 means no blocks."""
    jpeg_quality: int | None
    """Quality on libjpeg's scale, from the quantisation table; None if the file is not a JPEG."""
    perceptual_hash: str
    """Hash of 16 hexadecimal digits; similar pictures differ in few of the 64 bits. The same function as for frames of
    videos (`processors/imaging/perceptual_hash.py`)."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Measurements of one photo, as `quality.json`."""

    name: ClassVar[str] = "photo.quality"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "photo"

    max_pixels: int = MAX_PIXELS
    """Maximum size; larger photos are refused from their header."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")

    def needs(self, info: PhotoInfo) -> Need:
        refuse_larger(info, self.max_pixels)
        return Need()

    def items(self, photo: Photo, scratch: Path) -> Iterator[Item]:
        facts = measure(photo)
        yield Item.of_json("quality.json", facts, facts=facts)


def measure(photo: Photo) -> QualityFacts:
    """Return all measures of one photo."""
    shown = np.asarray(photo.image if photo.image.mode == "L" else photo.image.convert("L"))
    histogram = np.bincount(shown.ravel(), minlength=256).astype(np.float64)
    share = np.cumsum(histogram) / shown.size
    levels = [float(np.searchsorted(share, part)) for part in (0.01, 0.5, 0.99)]
    samples = list(_samples(photo.grey_part, shown.shape))
    return QualityFacts(
        sharpness=round(max(_sharpness(sample) for sample in samples), 5),
        mean_level=round(float((histogram * np.arange(256)).sum() / shown.size), 3),
        median_level=levels[1],
        dark_level=levels[0],
        bright_level=levels[2],
        clipped_dark=round(float(histogram[0] / shown.size), 6),
        clipped_bright=round(float(histogram[255] / shown.size), 6),
        noise_levels=round(min(_noise(sample) for sample in samples), 4),
        blockiness=round(float(np.median([_blockiness(sample) for sample in samples])), 4),
        jpeg_quality=photo.info.jpeg_quality,
        perceptual_hash=f"{perceptual_hash(np.asarray(photo.resized(128).convert('L'))):016x}",
    )


def _samples(part: Callable[[int, int, int], np.ndarray], shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    height, width = shape[:2]
    tops = sorted(
        {max(0, min(height - SAMPLE_SIDE_PX, round(height * f - SAMPLE_SIDE_PX / 2))) for f in (0.2, 0.5, 0.8)}
    )
    lefts = sorted(
        {max(0, min(width - SAMPLE_SIDE_PX, round(width * f - SAMPLE_SIDE_PX / 2))) for f in (0.2, 0.5, 0.8)}
    )
    for top in tops:
        for left in lefts:
            # aligned with the JPEG blocks, so that their borders are at the expected places
            yield part(top // 8 * 8, left // 8 * 8, SAMPLE_SIDE_PX)


def _sharpness(grey: np.ndarray) -> float:
    import cv2

    spread = float(grey.var())
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) / spread if spread > 0.25 else 0.0


_NOISE_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def _noise(grey: np.ndarray) -> float:
    import cv2

    if min(grey.shape) < 3:
        return 0.0
    answer = np.abs(cv2.filter2D(grey, cv2.CV_32F, _NOISE_MASK)[1:-1, 1:-1])
    return float(answer.mean()) * float(np.sqrt(np.pi / 2)) / 6


def _blockiness(grey: np.ndarray) -> float:
    if min(grey.shape) < 24:
        return 1.0
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    at = np.arange(len(steps)) % 8 == 7
    elsewhere = float(steps[~at].mean())
    return float(steps[at].mean()) / elsewhere if elsewhere > 0 else 1.0
