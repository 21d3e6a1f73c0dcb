"""Registration of two pictures of one scene: a similarity, from features tracked between them."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Any

import numpy as np

from processors.video.audit.bars_and_overlays import StaticRegions

MAX_FEATURES = 500
"""Maximum number of features: with 300 the synthetic descent's rate of scale change is up to 2.2 % off, here 1.9 %."""
MIN_FEATURES = 24
MIN_INLIERS = 16
MIN_HULL_SHARE = 0.1
"""Minimum share of the picture that agreeing features must span: a moving caption is not the scene."""
RETURN_PX = 0.5
"""Maximum distance from its start of a feature tracked there and back (Kalal 2010, forward-backward error)."""

RANSAC_PX = 0.8
OTHER_MOTION_PX = 1.5
"""Minimum average distance of features in another motion from where the first would move them: no parallax of ground
seen from above, no ripple of a rolling shutter."""
ROUNDS: tuple[dict[str, Any], ...] = (
    {"winSize": (15, 15), "maxLevel": 4, "criteria": (3, 10, 0.03)},
    {"winSize": (31, 31), "maxLevel": 0, "criteria": (3, 20, 0.01)},
)
"""Settings of both rounds. The first picture is warped onto the second in between, so little motion remains and the
second round needs no coarse levels. `criteria`: maximum number of steps, and the length in px that ends them."""


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """Map of a point (x, y) of the first picture to the second: `scale * R(rotation) @ (x, y) + shift`.

    Both are in px from the picture's centre. Rotation turns from +x (right) to +y (down).
    """

    scale: float
    rotation_degrees: float
    shift_x_px: float
    shift_y_px: float
    inliers: int
    inlier_share: float
    residual_px: float
    """Root mean square distance of the inliers from their mapped positions."""
    other_motion_share: float
    """Share of the tracked features that agree on another motion than the inliers'."""

    def matrix(self, centre: tuple[float, float]) -> np.ndarray:
        """Return the map in px from the top left corner, where the first pixel's centre is at 0; shape (2, 3)."""
        c, s = (self.scale * f(radians(self.rotation_degrees)) for f in (cos, sin))
        x, y = centre
        return np.array([[c, -s, x - c * x + s * y + self.shift_x_px], [s, c, y - s * x - c * y + self.shift_y_px]])


def feature_mask(shape: tuple[int, ...], width_px: int, still: StaticRegions) -> np.ndarray:
    """Return where features are allowed: inside the bars and outside overlays, with a margin of some px; uint8."""
    import cv2

    shrink = shape[1] / width_px
    mask = np.zeros(shape[:2], np.uint8)
    edges = astuple(still.picture_box) if still.picture_box else (0, 0, width_px, shape[0] / shrink)
    cv2.rectangle(mask, *_corners(edges, shrink, -4), 255, cv2.FILLED)
    for overlay in still.overlays or ():
        cv2.rectangle(mask, *_corners(astuple(overlay), shrink, 4), 0, cv2.FILLED)
    return mask


def _corners(edges: tuple[float, ...], shrink: float, grow_px: int) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, right, bottom = (int(edge * shrink) for edge in edges)
    return (left - grow_px, top - grow_px), (right + grow_px - 1, bottom + grow_px - 1)


def register(first: np.ndarray, second: np.ndarray, mask: np.ndarray) -> Similarity | None:
    """Return the similarity from `first` to `second`; None if too little of the scene is seen in both.

    Corners (Shi & Tomasi 1994) are tracked with pyramidal Lucas-Kanade and back, and fitted with RANSAC; then the
    first picture is warped by the result and the rest is tracked again, which leaves no bias from the change of
    scale inside the windows.

    Parameters
    ----------
    first, second : luma, uint8, shape (height, width).
    mask : uint8, not 0 where features are allowed: inside the picture and outside overlays.
    """
    import cv2

    points = cv2.goodFeaturesToTrack(first, MAX_FEATURES, 0.005, 7, mask=mask, blockSize=5)
    if points is None or len(points) < MIN_FEATURES:
        return None
    points = points.reshape(-1, 2).astype(np.float32)
    height, width = first.shape
    centre = ((width - 1) / 2, (height - 1) / 2)
    estimate = np.array([[1.0, 0, 0], [0, 1, 0]])
    found: _Fit | None = None
    for window in ROUNDS:
        found = _refined(first, second, points, estimate, mask, window)
        if found is None:
            return None
        estimate = found.matrix
    assert found is not None
    hull = cv2.convexHull(found.targets[found.agree].astype(np.float32))
    if cv2.contourArea(hull) < MIN_HULL_SHARE * np.count_nonzero(mask):
        return None
    return _similarity(found, len(points), centre)


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """Similarity, and the features tracked there and back, of which some agree with it."""

    matrix: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    agree: np.ndarray

    def other_motion_share(self) -> float:
        """Return the share of tracked features that agree on another motion; 0 if none do."""
        sources, targets = self.sources[~self.agree], self.targets[~self.agree]
        if len(sources) < MIN_INLIERS:
            return 0.0
        _, agree = _fit(sources, targets)
        off = targets[agree] - (sources[agree] @ self.matrix[:, :2].T + self.matrix[:, 2])
        is_other = agree.any() and np.linalg.norm(off, axis=1).mean() >= OTHER_MOTION_PX
        return float(agree.sum() / len(self.agree)) if is_other else 0.0


def _fit(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the similarity that most points agree on, and which points do: bool, shape (points,)."""
    import cv2

    cv2.setRNGSeed(1)
    matrix, agree = cv2.estimateAffinePartial2D(
        sources, targets, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX, maxIters=1000, confidence=0.999
    )
    return matrix, np.zeros(len(sources), bool) if matrix is None else agree.ravel().astype(bool)


def _refined(
    first: np.ndarray,
    second: np.ndarray,
    points: np.ndarray,
    estimate: np.ndarray,
    mask: np.ndarray,
    window: dict[str, Any],
) -> _Fit | None:
    """Return a better estimate; None if too few features are tracked or agree."""
    import cv2

    size = (second.shape[1], second.shape[0])
    warped = cv2.warpAffine(first, estimate, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    started = (points @ estimate[:, :2].T + estimate[:, 2]).astype(np.float32)
    inside = np.all((started >= 0) & (started <= np.array(size) - 1), axis=1)
    if inside.sum() < MIN_FEATURES:
        return None
    points, started = points[inside], started[inside]
    ended, there, _ = cv2.calcOpticalFlowPyrLK(warped, second, started, None, **window)  # type: ignore[call-overload]
    home, back, _ = cv2.calcOpticalFlowPyrLK(second, warped, ended, None, **window)  # type: ignore[call-overload]
    kept = (there.ravel() & back.ravel()).astype(bool) & (np.linalg.norm(home - started, axis=1) < RETURN_PX)
    rows = np.clip(np.rint(ended[:, 1]), 0, size[1] - 1).astype(int)
    columns = np.clip(np.rint(ended[:, 0]), 0, size[0] - 1).astype(int)
    kept &= mask[rows, columns] > 0
    if kept.sum() < MIN_INLIERS:
        return None
    better, agree = _fit(points[kept], ended[kept])
    if better is None or int(agree.sum()) < MIN_INLIERS:
        return None
    return _Fit(matrix=better, sources=points[kept], targets=ended[kept], agree=agree)


def _similarity(fit: _Fit, feature_count: int, centre: tuple[float, float]) -> Similarity:
    matrix, sources, targets = fit.matrix, fit.sources[fit.agree], fit.targets[fit.agree]
    shift = matrix[:, :2] @ np.array(centre) + matrix[:, 2] - np.array(centre)
    off = targets - (sources @ matrix[:, :2].T + matrix[:, 2])
    return Similarity(
        scale=hypot(matrix[0, 0], matrix[1, 0]),
        rotation_degrees=degrees(atan2(matrix[1, 0], matrix[0, 0])),
        shift_x_px=float(shift[0]),
        shift_y_px=float(shift[1]),
        inliers=len(sources),
        inlier_share=len(sources) / feature_count,
        residual_px=float(np.sqrt(np.square(off).sum(axis=1).mean())),
        other_motion_share=fit.other_motion_share(),
    )
