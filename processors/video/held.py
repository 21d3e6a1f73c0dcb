"""Which frames repeat the picture before them, from the measurements alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.video.using import Measured

DRIFT_LEVELS = 4
"""A run ends where some pixel of the thumbnail has moved this far from the run's first frame: a slow change is none."""

BLACK_LEVEL = 16
"""A frame with 99 % of its pixels below this is black."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Frames `first_frame` up to, not including, `end_frame`, that show one picture."""

    first_frame: int
    end_frame: int

    @property
    def frame_count(self) -> int:
        return self.end_frame - self.first_frame


def black_frames(measured: Measured) -> np.ndarray:
    """Where a frame shows nothing but black: bool, shape (frames,)."""
    return measured.column("dark_share") >= 0.99


def repeated_frames(measured: Measured, held_levels: float) -> np.ndarray:
    """Where a frame shows the same picture as the one before it: bool, shape (frames,); black frames are not counted.

    The same: in no 8 px block of the measured picture is the mean difference `held_levels` or more, and nothing has
    drifted since the picture first came.
    """
    change = measured.column("block_difference_levels")
    candidates = np.nan_to_num(change, nan=np.inf) < held_levels
    candidates &= ~black_frames(measured)
    thumbnails = measured.thumbnails
    repeated = np.zeros(measured.frame_count, bool)
    first = 0
    for frame in range(1, measured.frame_count):
        repeated[frame] = candidates[frame] and not _drifted(thumbnails[first], thumbnails[frame])
        if not repeated[frame]:
            first = frame
    return repeated


def _drifted(first: np.ndarray, now: np.ndarray) -> bool:
    return int(np.abs(first.astype(np.int16) - now).max()) >= DRIFT_LEVELS


def runs(repeated: np.ndarray) -> list[Run]:
    """Every distinct picture with the frames that show it, in order; most are one frame long."""
    starts = np.flatnonzero(~repeated).tolist()
    return [Run(first_frame=a, end_frame=b) for a, b in zip(starts, [*starts[1:], len(repeated)], strict=True)]
