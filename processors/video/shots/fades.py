"""Fades from and to black or white, detected in the curve of brightness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

MIN_FRAMES = 3
"""Minimum length of a fade: a rise within fewer frames is a cut from black."""

FLAT_SHARE = 0.35
"""Share of its median change until there, below which the change of brightness ends a fade."""

MIN_STEP_LEVELS = 0.4
FLOOR_LEVELS = 0.5


@dataclass(frozen=True, kw_only=True)
class Fade:
    """Frames `first_frame` up to, not including, `end_frame`, that are neither black nor fully lit."""

    kind: Literal["fade in", "fade out"]
    first_frame: int
    end_frame: int


def find_fades(brightness: np.ndarray, black: np.ndarray) -> list[Fade]:
    """Return fades next to black frames, in order; for white ones pass 255 less the brightness, and the white frames.

    Parameters
    ----------
    brightness : mean luma level of each frame, shape (frames,).
    black : where a frame is black: bool, shape (frames,).
    """
    count = len(brightness)
    backwards = [
        Fade(kind="fade out", first_frame=count - end, end_frame=count - first)
        for first, end in _rises(brightness[::-1], black[::-1])
    ]
    forwards = [Fade(kind="fade in", first_frame=first, end_frame=end) for first, end in _rises(brightness, black)]
    return sorted(forwards + backwards, key=lambda fade: fade.first_frame)


def _rises(brightness: np.ndarray, black: np.ndarray) -> list[tuple[int, int]]:
    """Return half-open ranges of frames over which brightness rises steadily out of a run of black frames."""
    found = []
    for last_black in np.flatnonzero(black[:-1] & ~black[1:]).tolist():
        first_black = last_black
        while first_black and black[first_black - 1]:
            first_black -= 1
        dark = brightness[first_black : last_black + 1]
        floor = float(dark.min())
        # from the darkest on: earlier frames may end a fade-out, dim enough to count as black
        start = first_black + int(np.flatnonzero(dark <= floor + FLOOR_LEVELS)[-1]) + 1
        end, steps = start, [float(brightness[start]) - floor]
        while end + 1 < len(brightness):
            step = float(brightness[end + 1] - brightness[end])
            if step < max(MIN_STEP_LEVELS, FLAT_SHARE * float(np.median(steps))):
                break
            steps.append(step)
            end += 1
        if end - start >= MIN_FRAMES and max(steps) < 0.5 * (brightness[end] - floor):
            found.append((start, end))
    return found
