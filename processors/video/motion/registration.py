"""Registration of the frames of one scene: a similarity from each to the next, from features followed through them."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Any, NamedTuple

import numpy as np

from processors.video.audit.bars_and_overlays import StaticRegions

MAX_FEATURES = 250
"""Maximum number of features: the synthetic descent's rate of scale change is then at most 0.6 % off; with 400, whose
last are weak corners, 0.9 %, and with 200 0.7 %."""
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
KEPT_STEP_PX = 3.0
"""Maximum distance that a corner of the picture moves in a step for which a frame is kept: a longer step is well above
what pulls short ones towards no motion, which are pixels that coding holds, and overlays that nobody knows of."""
KEPT_PX = 6.0
"""Maximum distance that a corner of the picture moves from its place in the kept frame, to which the next ones are
registered: errors of steps then cancel, and what is held falls behind and is left out. Adding up single steps, the
scale of a flag filmed for 741 frames ended at 0.991, in place of 1.002, and of ground that dust hides, which grew by
8 %, at 1.05."""
KEPT_INLIERS = 24
"""Minimum number of the kept frame's features that agree on where it went; with fewer, the next frame is kept."""
KEPT_SHARE = 0.5
"""Minimum share of them that agree after `FOLLOWED_FRAMES` frames of a still camera; with fewer, as after a fade, the
next is kept."""
STILL_FROM_PX = 1.0
STILL_SHARE = 0.3
"""A feature is still, and left out, if it moved by less than this share of what the motion moves it, if that is 1 px or
more."""
DISAGREEMENT_SHARE = 0.3
"""Share of the difference between a step by itself and by the kept frame that counts as its error: of made descents
with dust, coding that holds pixels and an overlay, the truth is then within the errors as often as they say."""
FOLLOWED_FRAMES = 12
FOLLOWED_SHARE = 0.7
"""Number of frames for which features are followed, while this share of them is left, before new ones are found."""

EXPECTED_SHARE = 0.8
"""Minimum share of features that agree, of that in the step before: the camera moves on as it did."""

COARSE_SIDE_PX = 160
"""Longer side of the reduced picture that shows roughly how the frame moved."""
COARSE_FEATURES = 100
COARSE_TRACKING: dict[str, Any] = {"winSize": (15, 15), "maxLevel": 2, "criteria": (3, 10, 0.03)}
TRACKING: dict[str, Any] = {"winSize": (15, 15), "maxLevel": 0, "criteria": (3, 10, 0.03)}
"""`criteria`: maximum number of steps, and the length in px that ends them. A window of 15 px is turned and enlarged by
less than a px between two frames, so that neither picture needs to be warped, which would blur one of them: the total
scale of the synthetic descent is 0.04 % off, with a warped picture 0.2 %."""


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
    """Share of the followed features, or of the kept frame's, that agree on the motion."""
    residual_px: float
    """Root mean square distance of the inliers from their mapped positions."""
    other_motion_share: float
    """Share of the tracked features that agree on another motion than the inliers'."""
    sigma: float
    """Standard error of ln(scale), and of the rotation in radians: that of the fit (`standard_error`) or, if it is
    larger, `DISAGREEMENT_SHARE` of its difference from the step by the kept frame."""

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


class Registration:
    """Registration of one camera's frames, each with the one before; give them to `step` in order.

    Corners (Shi & Tomasi 1994) are followed from frame to frame. The step before, or a reduced picture, shows roughly
    where they moved; from there they are tracked with Lucas-Kanade and back, and a similarity is fitted with RANSAC.
    Steps of up to `KEPT_STEP_PX` are differences of the picture's places relative to one kept frame, which is replaced
    once the picture has moved by `KEPT_PX` or too few of its features agree.

    Parameters
    ----------
    mask : uint8, shape (height, width), not 0 where features are allowed: inside the picture and outside overlays.
    """

    def __init__(self, mask: np.ndarray) -> None:
        import cv2

        height, width = mask.shape
        self._mask = mask
        self._area_px = np.count_nonzero(mask)
        self._centre = ((width - 1) / 2, (height - 1) / 2)
        self._reduction = max(1.0, max(mask.shape) / COARSE_SIDE_PX)
        self._coarse_size = max(1, round(width / self._reduction)), max(1, round(height / self._reduction))
        self._coarse_mask = cv2.resize(mask, self._coarse_size, interpolation=cv2.INTER_AREA) // 255
        self._last: _Picture | None = None
        self._points = np.zeros((0, 2), np.float32)
        self._found_count = self._age_frames = 0
        self._before: _Fit | None = None
        """Fit of the step before; None at the start of a segment."""
        self._kept: _Kept | None = None

    def step(self, luma: np.ndarray) -> Similarity | None:
        """Return the similarity from the previous frame to this one.

        None for the first frame, or if too little of the scene is seen in both.

        Parameters
        ----------
        luma : uint8, shape of the mask.
        """
        import cv2

        last = self._last
        self._last = _Picture(luma, cv2.resize(luma, self._coarse_size, interpolation=cv2.INTER_AREA))
        fit = None
        if last is not None and self._have_points(last):
            fit = self._fit_to(last, self._last)
        if fit is None or last is None:
            self._points, self._before, self._kept = self._points[:0], None, None
            return None
        self._points, self._before = fit.targets, fit
        return _similarity(fit, self._from_kept(fit, last, self._last), self._centre)

    def _have_points(self, picture: _Picture) -> bool:
        """Find new features if too few are left; return False if the picture has too few."""
        self._age_frames += 1
        needed = max(FOLLOWED_SHARE * self._found_count, MIN_FEATURES)
        if len(self._points) < needed or self._age_frames > FOLLOWED_FRAMES:
            self._find_points(picture)
        return len(self._points) >= MIN_FEATURES

    def _find_points(self, picture: _Picture) -> None:
        self._points = _corners_of(picture.luma, self._mask, MAX_FEATURES, spacing_px=7)
        self._found_count, self._age_frames = len(self._points), 1

    def _from_kept(self, fit: _Fit, last: _Picture, now: _Picture) -> _Step:
        """Return the step as the difference of two places relative to the kept frame, or as it was fitted.

        This frame is kept in place of one from which the picture has moved away, or of which few features agree.
        """
        of_fit = _Step(fit.matrix, len(fit.sources[fit.agree]), fit.share)
        kept, self._kept = self._kept or _Kept(last, fit.sources, np.eye(3), 0, False), None
        if not self._is_near(np.vstack([fit.matrix, [0, 0, 1]]), KEPT_STEP_PX):
            return of_fit
        found = self._place_from(kept, fit.matrix, now)
        if found is None:
            return of_fit
        matrix, inliers = np.vstack([found[0], [0, 0, 1]]), found[1]
        share, few = inliers / len(kept.points), inliers < KEPT_INLIERS
        is_still = self._is_near(matrix, STILL_FROM_PX)
        is_stale = is_still and share < KEPT_SHARE and kept.frames >= FOLLOWED_FRAMES
        if self._is_near(matrix, KEPT_PX) and not few and not is_stale:
            self._kept = _Kept(kept.picture, kept.points, matrix, kept.frames + 1, kept.after_few)
        else:
            self._find_points(now)
            self._kept = _Kept(now, self._points, np.eye(3), 0, few)
        step = (matrix @ np.linalg.inv(kept.to_last))[:2]
        is_told = few or kept.after_few or not is_still
        return _Step(step, inliers, share) if is_told else of_fit._replace(matrix=step)

    def _place_from(self, kept: _Kept, step: np.ndarray, now: _Picture) -> tuple[np.ndarray, int] | None:
        """Return the similarity from the kept frame, and how many of its features agree; None as `_fit_to`.

        `step` is roughly the motion from the frame before. What stands still while the picture moves is left out.
        """
        import cv2

        points, guess = kept.points, (np.vstack([step, [0, 0, 1]]) @ kept.to_last)[:2]
        there, ended = _track(kept.picture.luma, now.luma, points, guess, TRACKING)
        back, home = _track(now.luma, kept.picture.luma, ended, cv2.invertAffineTransform(guess), TRACKING)
        found = there & back & (np.linalg.norm(home - points, axis=1) < RETURN_PX) & self._is_inside(ended)
        expected_px = np.linalg.norm(points @ guess[:, :2].T + guess[:, 2] - points, axis=1)
        moved_px = np.linalg.norm(ended - points, axis=1)
        found &= (expected_px < STILL_FROM_PX) | (moved_px >= STILL_SHARE * expected_px)
        if found.sum() < MIN_INLIERS:
            return None
        matrix, agree = _fit(points[found], ended[found])
        if matrix is None or not self._agree_widely(ended[found][agree]):
            return None
        return matrix, int(agree.sum())

    def _agree_widely(self, points: np.ndarray) -> bool:
        """Return whether features that agree are enough, and spread over enough of the picture."""
        import cv2

        return len(points) >= MIN_INLIERS and cv2.contourArea(cv2.convexHull(points)) >= MIN_HULL_SHARE * self._area_px

    def _is_near(self, matrix: np.ndarray, most_px: float) -> bool:
        """Return whether no corner of the picture moves farther than that."""
        height, width = self._mask.shape
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]).T
        return float(np.linalg.norm((matrix @ corners - corners)[:2], axis=0).max()) <= most_px

    def _fit_to(self, first: _Picture, second: _Picture) -> _Fit | None:
        """Return the similarity with the features tracked; None if too few are, or too few agree.

        They are looked for where the step before would take them; only if few are found there, and in a first step,
        where the reduced pictures show.
        """
        if self._before is not None:
            fit = self._fit_from(self._before.matrix, first, second)
            if fit is not None and fit.share >= EXPECTED_SHARE * self._before.share:
                return fit
        rough = self._rough(first, second)
        return None if rough is None else self._fit_from(rough, first, second)

    def _fit_from(self, rough: np.ndarray, first: _Picture, second: _Picture) -> _Fit | None:
        """Return the similarity with the features tracked from where `rough` maps them; None as `_fit_to`."""
        import cv2

        there, ended = _track(first.luma, second.luma, self._points, rough, TRACKING)
        back, home = _track(second.luma, first.luma, ended, cv2.invertAffineTransform(rough), TRACKING)
        kept = there & back & (np.linalg.norm(home - self._points, axis=1) < RETURN_PX) & self._is_inside(ended)
        if kept.sum() < MIN_INLIERS:
            return None
        sources, targets = self._points[kept], ended[kept]
        matrix, agree = _fit(sources, targets)
        if matrix is None or not self._agree_widely(targets[agree]):
            return None
        share = np.count_nonzero(agree) / len(self._points)
        return _Fit(matrix=matrix, sources=sources, targets=targets, agree=agree, share=share)

    def _rough(self, first: _Picture, second: _Picture) -> np.ndarray | None:
        """Return the similarity of the reduced pictures, in px of the frame; None if too few features agree."""
        points = _corners_of(first.coarse, self._coarse_mask, COARSE_FEATURES, spacing_px=3)
        if len(points) < MIN_FEATURES:
            return None
        there, ended = _track(first.coarse, second.coarse, points, np.eye(2, 3), COARSE_TRACKING)
        if there.sum() < MIN_INLIERS:
            return None
        matrix, agree = _fit(points[there], ended[there])
        if matrix is None or int(agree.sum()) < MIN_INLIERS:
            return None
        edge = (self._reduction - 1) / 2  # from the first pixel's centre to that of the reduced picture
        shift = self._reduction * matrix[:, 2] + edge - matrix[:, :2].sum(axis=1) * edge
        return np.column_stack([matrix[:, :2], shift])

    def _is_inside(self, points: np.ndarray) -> np.ndarray:
        """Return which points are where features are allowed: bool, shape (points,)."""
        columns, rows = np.rint(points).astype(int).T
        height, width = self._mask.shape
        in_picture = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        return in_picture & (self._mask[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] > 0)


class _Picture(NamedTuple):
    luma: np.ndarray
    coarse: np.ndarray
    """The same, reduced."""


class _Step(NamedTuple):
    matrix: np.ndarray
    """Map of the frame before to this one; shape (2, 3)."""
    inliers: int
    share: float
    """Share of the features that agree: of the kept frame's if the picture has moved since, or too few agree, else of
    the followed."""


class _Kept(NamedTuple):
    """Frame to which those of a camera that moves little are registered."""

    picture: _Picture
    points: np.ndarray
    to_last: np.ndarray
    """Map from it to the last frame; shape (3, 3)."""
    frames: int
    """Number of frames registered to it."""
    after_few: bool
    """True if it was kept because too few features of the one before agreed."""


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """Similarity, and the features tracked there and back, of which some agree with it."""

    matrix: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    agree: np.ndarray
    share: float
    """Share of all features that were tracked and agree."""

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


def _corners_of(luma: np.ndarray, mask: np.ndarray, count: int, *, spacing_px: int) -> np.ndarray:
    """Return up to `count` corners, float32, shape (corners, 2): x and y."""
    import cv2

    found = cv2.goodFeaturesToTrack(luma, count, 0.005, spacing_px, mask=mask, blockSize=5)
    return np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def _track(
    first: np.ndarray, second: np.ndarray, points: np.ndarray, rough: np.ndarray, settings: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Track points from where `rough` maps them; return which were found (bool), and where (float32, x and y)."""
    import cv2

    started = (points @ rough[:, :2].T + rough[:, 2]).astype(np.float32)
    # eigenvalues are known anyway; the other kind of error, which is not used here either, takes a fifth of the time
    flags = cv2.OPTFLOW_USE_INITIAL_FLOW | cv2.OPTFLOW_LK_GET_MIN_EIGENVALS
    ended, found, _ = cv2.calcOpticalFlowPyrLK(first, second, points, started, flags=flags, **settings)
    window = np.array(settings["winSize"])
    corners = np.floor(ended - (window - 1) / np.float32(2))  # with that error, OpenCV gives up windows beyond the edge
    is_near = ((corners >= -window) & (corners < second.shape[::-1])).all(axis=1)
    return found.ravel().astype(bool) & is_near, ended


def _similarity(fit: _Fit, step: _Step, centre: tuple[float, float]) -> Similarity:
    """Return the record of a step, with the residuals of its fit."""
    matrix, sources, targets = fit.matrix, fit.sources[fit.agree], fit.targets[fit.agree]
    off = targets - (sources @ matrix[:, :2].T + matrix[:, 2])
    turned, moved = step.matrix[:, :2], step.matrix[:, 2]
    shift = turned @ np.array(centre) + moved - np.array(centre)
    difference = np.linalg.solve(matrix[:, :2], turned)[:, 0] - (1, 0)
    return Similarity(
        scale=hypot(turned[0, 0], turned[1, 0]),
        rotation_degrees=degrees(atan2(turned[1, 0], turned[0, 0])),
        shift_x_px=float(shift[0]),
        shift_y_px=float(shift[1]),
        inliers=step.inliers,
        inlier_share=step.share,
        residual_px=float(np.sqrt(np.square(off).sum(axis=1).mean())),
        other_motion_share=fit.other_motion_share(),
        sigma=max(
            standard_error(sources, off, hypot(matrix[0, 0], matrix[1, 0])),
            DISAGREEMENT_SHARE * float(np.linalg.norm(difference)),
        ),
    )


def standard_error(sources: np.ndarray, off: np.ndarray, scale: float) -> float:
    """Return the standard error of ln(scale), and of the rotation in radians, of a similarity fitted to points.

    The fit is linear in a = scale cos(rotation), b = scale sin(rotation) and the shift. With the points taken from
    their mean, its normal equations are diagonal: the variance of a and of b is the residuals' variance over the sum of
    squares of the points, and the residuals have 2 n - 4 degrees of freedom (Press et al., Numerical Recipes, 3rd ed.,
    15.4).

    Parameters
    ----------
    sources, off : points and their residuals, in px; shape (points, 2), of 3 points or more.
    """
    variance = float(np.square(off).sum()) / (2 * len(sources) - 4)
    spread = float(np.square(sources - sources.mean(axis=0)).sum())
    return (variance / spread) ** 0.5 / scale
