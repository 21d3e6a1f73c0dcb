"""Detection of crops: feature points propose how one picture fits into another, the overlay decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from processors.linking.same_picture import correlation, fine_detail
from processors.store.progress_steps import Steps, silently

SIDE_PX = 640
"""Longer side to which both pictures are reduced; in the whole the part must be at least `MIN_PART_PX` long."""
MIN_SIDE_PX = 16
"""Minimum shorter side of a reduced picture; a thinner one is too thin for feature points."""
MAX_POINTS = 600
MIN_PART_PX = 80
NOISE_PX = 1.5
MIN_POINTS = 14
"""Minimum number of points that agree on a position. Even with 8 and a score of 0.3 no unrelated sample pair passed."""
RATIO = 0.8
"""Maximum distance ratio of a point's best to its second-best match (Lowe 2004, section 7.1)."""
MIN_SCORE = 0.85
MIN_INSIDE = 0.95
"""Share of the part that must be inside the whole: neighbours in a mosaic overlap, but neither is a crop."""
MAX_PAIRS = 20_000
"""Pairs compared; they take about three minutes."""
WHOLE_PART = 0.97
"""Share of the other's area above which it is the same picture and not a crop."""


@dataclass(frozen=True, kw_only=True)
class FeaturePoints:
    name: str
    """Identifier chosen by the caller; any text."""
    group: str
    """Group; pictures of one group are not compared."""
    is_photo: bool
    """False for a video frame; two frames are not compared with each other."""
    grey: np.ndarray
    """Grey picture, uint8, longer side at most `SIDE_PX`."""
    places: np.ndarray
    """Positions of the points, float32, shape (points, 2): x and y, px."""
    descriptors: np.ndarray
    """SIFT descriptors, float32, shape (points, 128), of length 1."""


@dataclass(frozen=True, kw_only=True)
class FoundCrop:
    """One picture that is a part of another."""

    part: str
    whole: str
    score: float
    """Correlation of the two at the part's position, -1 to 1."""
    points: int
    """Number of feature points that agree."""
    corners: tuple[float, ...]
    """Position of the part in the whole: x, y of its corners, clockwise from the top left, as fractions of the whole's
    width and height."""
    is_whole: bool
    """True if both show the same, so that it is not a crop."""


def points_of(name: str, group: str, picture: np.ndarray, *, is_photo: bool) -> FeaturePoints | None:
    """Find the feature points (SIFT) of a picture; None if there are too few to recognise it.

    Parameters
    ----------
    picture : uint8, shape (height, width), grey.
    """
    shrink = min(1.0, SIDE_PX / max(picture.shape))
    if min(picture.shape) * shrink < MIN_SIDE_PX:
        return None
    grey = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
    low, high = np.percentile(grey, (0.5, 99.5))
    grey = np.clip((grey - low) * (255 / max(high - low, 1)), 0, 255).astype(np.uint8)
    found, descriptors = cv2.SIFT.create(MAX_POINTS).detectAndCompute(grey, None)  # type: ignore[call-overload]
    if descriptors is None or len(found) < MIN_POINTS:
        return None
    roots = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-9))  # Arandjelovic & Zisserman 2012
    places = np.array([point.pt for point in found], np.float32)
    return FeaturePoints(name=name, group=group, is_photo=is_photo, grey=grey, places=places, descriptors=roots)


def crops(
    pictures: Sequence[FeaturePoints], known: Set[frozenset[str]], steps: Steps = silently
) -> Iterator[FoundCrop]:
    """Yield every crop among the first `MAX_PAIRS` pairs; photos are compared before frames.

    Parameters
    ----------
    known : pairs of groups to skip.
    """
    ordered = sorted(pictures, key=lambda one: not one.is_photo)
    pairs = (
        (one, other)
        for number, one in enumerate(ordered)
        if one.is_photo
        for other in ordered[number + 1 :]
        if one.group != other.group and frozenset((one.group, other.group)) not in known
    )
    total = min(MAX_PAIRS, pair_count(pictures))
    for one, other in steps("Comparing details", islice(pairs, MAX_PAIRS), total, noun="pair"):
        if found := crop(one, other):
            yield found


def pair_count(pictures: Sequence[FeaturePoints]) -> int:
    """Count the pairs that `crops` would have to compare."""
    photos = sum(one.is_photo for one in pictures)
    return photos * (photos - 1) // 2 + photos * (len(pictures) - photos)


def crop(one: FeaturePoints, other: FeaturePoints) -> FoundCrop | None:
    """Return which of two pictures is a part of the other, if either is."""
    pairs = _partners(one.descriptors, other.descriptors)
    if len(pairs) < MIN_POINTS:
        return None
    here, there = one.places[pairs[:, 0]], other.places[pairs[:, 1]]
    cv2.setRNGSeed(1)  # reproducible results
    matrix, agreeing = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=2.5)
    if matrix is None or int(agreeing.sum()) < MIN_POINTS:
        return None
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if not 1 / 16 <= scale <= 16:
        return None
    back = cv2.invertAffineTransform(matrix)
    is_first = _inside(one.grey, other.grey, matrix) >= _inside(other.grey, one.grey, back)
    part, whole, lies = (one, other, matrix) if is_first else (other, one, back)
    if _inside(part.grey, whole.grey, lies) < MIN_INSIDE:
        return None
    corners = _corners(part.grey, lies)
    if np.linalg.norm(corners[1] - corners[0]) < MIN_PART_PX:
        return None
    score = _overlay_score(part.grey, whole.grey, lies)
    if score < MIN_SCORE:
        return None
    size = np.array(whole.grey.shape[::-1])
    covered = float(cv2.contourArea(corners.astype(np.float32))) / whole.grey.size
    return FoundCrop(
        part=part.name,
        whole=whole.name,
        score=round(score, 4),
        points=int(agreeing.sum()),
        corners=tuple(round(float(v), 4) for v in (corners / size).ravel()),
        is_whole=covered >= WHOLE_PART,
    )


def _partners(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return indices, shape (pairs, 2), of points that are mutually nearest, distinctly nearer than the second best."""
    if min(len(one), len(other)) < 2:
        return np.empty((0, 2), int)
    likeness = one @ other.T
    every = np.arange(len(one))
    nearest = likeness.argmax(axis=1)
    best = likeness[every, nearest]
    likeness[every, nearest] = -1
    second = likeness.max(axis=1)
    likeness[every, nearest] = best
    rows = np.flatnonzero(_distance(best) < RATIO * _distance(second))
    rows = rows[likeness[:, nearest[rows]].argmax(axis=0) == rows]
    return np.stack([rows, nearest[rows]], axis=1)


def _distance(likeness: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(0, 2 - 2 * likeness))


def _corners(part: np.ndarray, lies: np.ndarray) -> np.ndarray:
    height, width = part.shape
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return square @ lies[:, :2].T + lies[:, 2]


def _inside(part: np.ndarray, whole: np.ndarray, lies: np.ndarray) -> float:
    """Return the share of the part that is inside the whole, 0 to 1."""
    height, width = whole.shape
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = _corners(part, lies).astype(np.float32)
    area, _ = cv2.intersectConvexConvex(corners, frame)
    return float(area) / max(float(cv2.contourArea(corners)), 1e-6)


def _overlay_score(part: np.ndarray, whole: np.ndarray, lies: np.ndarray) -> float:
    """Return the correlation of fine detail, at the coarser of the two resolutions, without the part's border."""
    scale = float(np.hypot(lies[0, 0], lies[1, 0]))
    if scale > 1:  # the part is coarser: resample the whole to its pixels
        part, whole, lies = whole, part, cv2.invertAffineTransform(lies)
    size = whole.shape[1], whole.shape[0]
    shrunk = cv2.GaussianBlur(part, (0, 0), max(0.4, 0.4 / min(1.0, float(np.hypot(lies[0, 0], lies[1, 0])))))
    moved = cv2.warpAffine(shrunk, lies, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(np.full(part.shape, 255, np.uint8), lies, size, flags=cv2.INTER_NEAREST)
    inner = cv2.erode(mask, np.ones((9, 9), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    if inner.sum() < MIN_PART_PX:
        return 0.0
    return correlation(fine_detail(moved, NOISE_PX)[inner], fine_detail(whole, NOISE_PX)[inner])
