"""Detection of renditions of the same picture: a perceptual hash proposes, the overlay decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from processors.imaging.perceptual_hash import perceptual_hash

MAX_DIFFERENT_BITS = 12
"""Limit on differing bits of 64; unrelated pictures differ in about 32, in fewer than 12 about once in ten million."""
MIN_SCORE = 0.92
SIDE_PX = 192
NOISE_PX = 1.2
MIN_DETAIL_LEVELS = 4.0
"""Minimum spread of brightness; a flatter picture looks like every other flat one."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Picture that may be a rendition of another."""

    name: str
    """Identifier chosen by the caller; any text."""
    group: str
    """Group, such as one video; pictures of one group are not compared."""
    grey: np.ndarray
    """Grey picture, uint8, shape (192, 192), whatever its original aspect ratio."""
    aspect: float
    """Width over height."""
    hash: str


@dataclass(frozen=True, kw_only=True)
class PictureMatch:
    """Two pictures that show the same scene, with their agreement."""

    first: str
    second: str
    score: float
    """Correlation of the overlaid pictures, -1 to 1."""
    differing_bits: int


def candidate(name: str, group: str, picture: np.ndarray) -> Candidate | None:
    """Prepare a picture; None if it is too flat to be recognised.

    Parameters
    ----------
    picture : uint8, shape (height, width), grey.
    """
    small = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    if float(small.std()) < MIN_DETAIL_LEVELS:
        return None
    aspect = picture.shape[1] / picture.shape[0]
    return Candidate(name=name, group=group, grey=small, aspect=aspect, hash=f"{perceptual_hash(picture):016x}")


def matching_pictures(candidates: Sequence[Candidate]) -> Iterator[PictureMatch]:
    """Yield every pair of renditions of one picture, once each, in the order given."""
    hashes = np.array([int(one.hash, 16) for one in candidates], np.uint64)
    for number, one in enumerate(candidates):
        bits = np.bitwise_count(hashes[number + 1 :] ^ hashes[number])
        for near in np.flatnonzero(bits <= MAX_DIFFERENT_BITS).tolist():
            other = candidates[number + 1 + near]
            if one.group == other.group or not 0.9 <= one.aspect / other.aspect <= 1.11:
                continue
            score = overlay_score(one.grey, other.grey)
            if score >= MIN_SCORE:
                yield PictureMatch(
                    first=one.name, second=other.name, score=round(score, 4), differing_bits=int(bits[near])
                )


def overlay_score(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of fine detail, unaffected by lighting, after the shift found by phase correlation."""
    a, b = fine_detail(one, NOISE_PX), fine_detail(other, NOISE_PX)
    window = cv2.createHanningWindow((SIDE_PX, SIDE_PX), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(a, b, window)
    if max(abs(right), abs(down)) > SIDE_PX / 8:
        right = down = 0.0
    moved = cv2.warpAffine(a, np.array([[1, 0, right], [0, 1, down]], np.float32), (SIDE_PX, SIDE_PX))
    inner = slice(SIDE_PX // 8, -(SIDE_PX // 8))
    return correlation(moved[inner, inner].ravel(), b[inner, inner].ravel())


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return the correlation of two series of values of the same length, -1 to 1; 0 if one is constant."""
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (np.sqrt((x * x).sum() * (y * y).sum()) + 1e-9))


def fine_detail(grey: np.ndarray, noise_px: float) -> np.ndarray:
    """Return a picture without slow changes of brightness, and without noise finer than about `noise_px`."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), noise_px)
    return smooth - cv2.GaussianBlur(smooth, (0, 0), 16)
