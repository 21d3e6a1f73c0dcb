"""Detection of frames that repeat the previous picture, from the measurements alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.runs_of_true import runs_of_true
from processors.video.audit.measured_frames import MeasuredFrames

DRIFT_LEVELS = 4
"""Maximum drift of a thumbnail pixel from the first frame of a held picture, unless there is a jump."""

SAME_LEVELS = 0.3
"""Maximum change of a repeated block; rounding in the decoder changes a moving picture more, a skipped block has 0."""

JUMP_RATIO = 3.0

DOUBLED_RATIO = 8.0
DOUBLED_HELD_LEVELS = 4
"""Multiple of `held_levels` that coding may leave in a picture shown twice between changes `DOUBLED_RATIO` times
as large: as in video of 15 pictures per second in a file of 30."""

DRIFT_RATIO = 16.0
"""Ratio of a great jump to the drift that a coarsely coded picture may have next to it while it settles."""


EMPTY_LEVEL = 24
"""Level that all thumbnail pixels of an empty black frame are below; a moon in a night sky is content."""


@dataclass(frozen=True, kw_only=True)
class RepeatedRun:
    """Frames `first_frame` up to, not including, `end_frame`, that show one picture."""

    first_frame: int
    end_frame: int

    @property
    def frame_count(self) -> int:
        return self.end_frame - self.first_frame


def black_frames(measured: MeasuredFrames) -> np.ndarray:
    """Return where a frame is all black: bool, shape (frames,)."""
    return measured.column("dark_share") >= 0.99


def empty_frames(measured: MeasuredFrames) -> np.ndarray:
    """Return where a black frame shows nothing at all, not even something small: bool, shape (frames,)."""
    black = black_frames(measured)
    if black.any():
        black[black] = measured.thumbnails[black].max(axis=(1, 2)) < EMPTY_LEVEL
    return black


def repeated_frames(measured: MeasuredFrames, held_levels: float) -> np.ndarray:
    """Return where a frame repeats the picture before it: bool, shape (frames,); black frames are not counted.

    It repeats if no 8 px block of the measured picture changes by more than `SAME_LEVELS`; or by less than
    `held_levels` within a picture that does not drift and starts or ends with a change `JUMP_RATIO` times as large;
    coarser coding is accepted if the changes before and after are `DOUBLED_RATIO` times as large.
    Thus coding noise in a held picture is not a new one, and no frame of a slow motion is a repetition.
    """
    change = np.nan_to_num(measured.column("block_difference_levels"), nan=np.inf)
    beside = np.minimum(np.append(np.inf, change[:-1]), np.append(change[1:], np.inf))
    beside[~np.isfinite(beside)] = 0.0
    is_doubled = (change < DOUBLED_HELD_LEVELS * held_levels) & (change <= beside / DOUBLED_RATIO)
    quiet = ((change < held_levels) | is_doubled) & ~black_frames(measured)
    repeated = quiet & (change <= SAME_LEVELS)
    thumbnails = measured.thumbnails
    for first, end in runs_of_true(quiet):
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


def repeated_runs(repeated: np.ndarray) -> list[RepeatedRun]:
    """Return every distinct picture with its frames, in order; most have one frame."""
    if not len(repeated):
        return []
    starts = np.flatnonzero(~repeated).tolist()
    return [RepeatedRun(first_frame=a, end_frame=b) for a, b in zip(starts, [*starts[1:], len(repeated)], strict=True)]
