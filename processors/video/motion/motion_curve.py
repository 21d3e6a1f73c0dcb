"""Curves from steps between frames: scale, rotation, rate of change and time to contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from processors.video.motion.registration import Similarity

FITTED_FRAMES = 5
"""Number of frames, fewer at the ends, of the line through ln(scale) whose slope is the rate at a frame."""

END_FRAMES = 9
"""Number of frames of the parabola used at the ends: a line there lags behind a growing rate."""

MIN_GROWTH = 1.1
"""Minimum growth of the picture over a segment of an approach."""

STEADY_SHARE = 0.9
MIN_INLIER_SHARE = 0.5
MAX_RESIDUAL_PX = 1.0
OTHER_MOTION_SHARE = 0.2
"""Minimum share of the followed features in another motion; fewer that move together are a shadow, or picture grain."""
MAX_OTHER_MOTION_STEPS = 0.1
"""Maximum share of steps in which a part of a picture moves differently; above it the picture does not move as one. Of
the single cameras among the sample videos none exceeds 0.05; two cameras side by side exceed 0.15."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Curve of one segment; a list has one entry for each of its frames."""

    time_seconds: list[float]
    scale: list[float]
    """Scale since the first frame, which is 1."""
    rotation_degrees: list[float]
    scale_change_per_second: list[float | None]
    time_to_contact_seconds: list[float | None]
    """1 over the rate: remaining time at a steady speed (Lee 1976, doi:10.1068/p050437); None if the camera does not
    look along its motion or the picture does not grow."""
    looks_along_motion: bool
    median_residual_px: float
    median_inlier_share: float
    has_other_motion: list[bool]
    """True, in one entry per step, if a part of the picture moves differently from the rest."""


def curve_of(
    times: Sequence[float], steps: Sequence[Similarity | None], half_size_px: tuple[float, float], px: float
) -> Curve:
    """Accumulate a segment's steps; the first frame has none.

    Parameters
    ----------
    half_size_px : half of the picture's width and height, in px of the video.
    px : number of px of the video that one px of the registered picture covers.
    """
    known = [step for step in steps[1:] if step is not None]
    scale_logs = np.concatenate([[0.0], np.cumsum([log(step.scale) for step in known])])
    rotation = np.concatenate([[0.0], np.cumsum([step.rotation_degrees for step in known])])
    rate = _slopes(np.asarray(times), scale_logs)
    residual = float(np.median([step.residual_px for step in known]) * px) if known else 0.0
    share = float(np.median([step.inlier_share for step in known])) if known else 0.0
    has_other_motion = [step.other_motion_share >= OTHER_MOTION_SHARE for step in known]
    along = (
        len(known) > 1
        and float(np.mean(has_other_motion)) <= MAX_OTHER_MOTION_STEPS
        and scale_logs[-1] > log(MIN_GROWTH)
        and float((np.diff(scale_logs) > 0).mean()) >= STEADY_SHARE
        and share >= MIN_INLIER_SHARE
        and residual <= MAX_RESIDUAL_PX * max(px, 1)
        and _grows_around_a_point_inside(known, half_size_px, px)
    )
    return Curve(
        time_seconds=list(times),
        scale=np.exp(scale_logs).tolist(),
        rotation_degrees=rotation.tolist(),
        scale_change_per_second=[None if rate is None else float(rate[k]) for k in range(len(times))],
        time_to_contact_seconds=[
            float(1 / rate[k]) if along and rate is not None and rate[k] > 0 else None for k in range(len(times))
        ],
        looks_along_motion=bool(along),
        median_residual_px=residual,
        median_inlier_share=share,
        has_other_motion=has_other_motion,
    )


def _slopes(times: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """Return the slope of a line through the frames around each one; None for a single frame."""
    if len(values) < 2:
        return None
    slopes = np.empty(len(values))
    for k in range(len(values)):
        near = slice(max(0, k - FITTED_FRAMES // 2), k + FITTED_FRAMES // 2 + 1)
        t = times[near] - times[near].mean()
        slopes[k] = float((t * values[near]).sum() / np.square(t).sum())
    if len(values) >= END_FRAMES:
        for ends in (range(FITTED_FRAMES // 2), range(-1, -1 - FITTED_FRAMES // 2, -1)):
            near = slice(END_FRAMES) if ends[0] == 0 else slice(-END_FRAMES, None)
            middle = times[near].mean()
            bend, slope, _ = np.polyfit(times[near] - middle, values[near], 2)
            for k in ends:
                slopes[k] = slope + 2 * bend * (times[k] - middle)
    return slopes


def _grows_around_a_point_inside(steps: Sequence[Similarity], half_size_px: tuple[float, float], px: float) -> bool:
    """Return True if the fixed point of the motion, over all steps, is inside the picture."""
    growth = sum(step.scale - 1 for step in steps)
    x, y = (-sum(shift) * px / growth for shift in zip(*((s.shift_x_px, s.shift_y_px) for s in steps), strict=True))
    return abs(x) <= half_size_px[0] and abs(y) <= half_size_px[1]
