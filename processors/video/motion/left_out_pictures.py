"""Pictures that a clip leaves out: the step to the next is a multiple of those around it, in the usual time."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, radians

import numpy as np

from processors.video.motion.registration import Similarity

NEIGHBOURS = 4
"""Number of the nearest steps to which one is compared."""
MIN_AGREEING = 3
"""Minimum number of them that are like their median: one may itself be of a missing or repeated picture."""
TOLERANCE = 0.3
"""Maximum difference, as a share of the expected step: of neighbours from their median, of a step from a multiple."""
MIN_STEP_PX = 0.5
"""Minimum length of the expected step: of a shorter one, a multiple cannot be distinguished from noise."""
MAX_MISSING = 4


def missing_before(times: Sequence[float], steps: Sequence[Similarity | None], radius_px: float) -> list[int]:
    """Return how many pictures seem to be missing before each frame of a segment, from 0 to `MAX_MISSING`.

    Parameters
    ----------
    times : presentation times, in s; a longer time between two frames makes a longer step, and none is missing.
    steps : motion from the frame before; the first frame has none.
    radius_px : distance from the centre at which growth and rotation are counted, in px of the registered picture.
    """
    missing = [0] * len(steps)
    moves = np.array([_move(step, radius_px) for step in steps[1:] if step is not None])
    if len(moves) <= NEIGHBOURS:
        return missing
    seconds = np.diff(np.asarray(times, float))[:, None]
    speeds = moves / seconds
    for k in range(len(moves)):
        first = min(max(0, k - NEIGHBOURS // 2), len(moves) - NEIGHBOURS - 1)
        near = [n for n in range(first, first + NEIGHBOURS + 1) if n != k]
        missing[k + 1] = _extra(moves[k], speeds[near] * seconds[k])
    return missing


def _move(step: Similarity, radius_px: float) -> tuple[float, float, float, float]:
    """Return growth, rotation and shift of a step, all in px."""
    turn = radians(step.rotation_degrees)
    return log(step.scale) * radius_px, turn * radius_px, step.shift_x_px, step.shift_y_px


def _extra(move: np.ndarray, others: np.ndarray) -> int:
    """Return how many extra steps this step spans, judged by its neighbours in the same time."""
    expected = np.median(others, axis=0)
    length = float(np.linalg.norm(expected))
    if length < MIN_STEP_PX or (np.linalg.norm(others - expected, axis=1) <= TOLERANCE * length).sum() < MIN_AGREEING:
        return 0
    times = round(float(move @ expected) / length**2)
    is_multiple = float(np.linalg.norm(move - times * expected)) <= TOLERANCE * length
    return times - 1 if is_multiple and 2 <= times <= MAX_MISSING + 1 else 0
