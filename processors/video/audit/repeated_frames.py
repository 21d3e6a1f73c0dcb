"""Which frames repeat the picture before them, from the measurements alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.video.audit.measured import FrameTable

DRIFT_LEVELS = 4
"""A picture is not held where some pixel of the thumbnail moves this far from its first frame without a jump."""

SAME_LEVELS = 0.3
"""Less than rounding in the decoder makes of a moving picture; a skipped block has 0."""

JUMP_RATIO = 3.0

DOUBLED_RATIO = 8.0
DOUBLED_HELD_LEVELS = 4
"""A picture between two changes so many times as large as its own is shown twice, even where coding left up to so many
times `held_levels` in it: as in film of 15 pictures a second in a file of 30."""

DRIFT_RATIO = 16.0
"""Beside great jumps a coarsely coded picture may drift by this part of them while it settles."""

BLACK_LEVEL = 16
"""A frame with 99 % of its pixels below this is black."""


EMPTY_LEVEL = 24
"""A black frame whose brightest thumbnail pixel is below this shows nothing; a moon in a night sky is something."""


@dataclass(frozen=True, kw_only=True)
class RepeatedRun:
    """Frames `first_frame` up to, not including, `end_frame`, that show one picture."""

    first_frame: int
    end_frame: int

    @property
    def frame_count(self) -> int:
        return self.end_frame - self.first_frame


def black_frames(measured: FrameTable) -> np.ndarray:
    """Where a frame shows nothing but black: bool, shape (frames,)."""
    return measured.column("dark_share") >= 0.99


def empty_frames(measured: FrameTable) -> np.ndarray:
    """Where a black frame shows nothing at all, not even something small: bool, shape (frames,)."""
    black = black_frames(measured)
    if black.any():
        black[black] = measured.thumbnails[black].max(axis=(1, 2)) < EMPTY_LEVEL
    return black


def repeated_frames(measured: FrameTable, held_levels: float) -> np.ndarray:
    """Where a frame shows the same picture as the one before it: bool, shape (frames,); black frames are not counted.

    It repeats where no 8 px block of the measured picture changes by more than `SAME_LEVELS`; or by less than
    `held_levels` within a picture that does not drift and that comes or goes by a change `JUMP_RATIO` times as large;
    coarser coding is allowed for where the changes before and after are `DOUBLED_RATIO` times as large.
    So coding noise in a held picture is none of its own, and no frame of a slow motion is a repetition.
    """
    change = np.nan_to_num(measured.column("block_difference_levels"), nan=np.inf)
    beside = np.minimum(np.append(np.inf, change[:-1]), np.append(change[1:], np.inf))
    beside[~np.isfinite(beside)] = 0.0
    is_doubled = (change < DOUBLED_HELD_LEVELS * held_levels) & (change <= beside / DOUBLED_RATIO)
    quiet = ((change < held_levels) | is_doubled) & ~black_frames(measured)
    repeated = quiet & (change <= SAME_LEVELS)
    thumbnails = measured.thumbnails
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        around = [change[frame] for frame in (first - 1, end) if 0 < frame < len(change)]
        if not around:
            continue
        drift_levels = max(DRIFT_LEVELS, min(around) / DRIFT_RATIO)
        if any(_drift(thumbnails[first - 1], thumbnails[frame]) >= drift_levels for frame in range(first, end)):
            continue
        repeated[first:end] |= change[first:end] <= min(around) / JUMP_RATIO
    return repeated


def _drift(first: np.ndarray, now: np.ndarray) -> int:
    return int(np.abs(first.astype(np.int16) - now).max())


def runs(repeated: np.ndarray) -> list[RepeatedRun]:
    """Every distinct picture with the frames that show it, in order; most are one frame long."""
    if not len(repeated):
        return []
    starts = np.flatnonzero(~repeated).tolist()
    return [RepeatedRun(first_frame=a, end_frame=b) for a, b in zip(starts, [*starts[1:], len(repeated)], strict=True)]
