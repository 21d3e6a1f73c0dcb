"""Frames that damage reaches: from a damaged or missing one up to the next keyframe."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

TOLERANCE_SECONDS = 1e-6
"""Difference by which times that are floats may miss the start of a frame."""


def reached_by_damage(
    times_seconds: np.ndarray,
    is_keyframe: np.ndarray,
    is_corrupt: np.ndarray,
    lost_seconds: Iterable[tuple[float, float]],
    unsure_seconds: Iterable[tuple[float, float]],
) -> np.ndarray:
    """Return where a frame is damaged, or depends on a damaged or lost one: bool, shape (frames,).

    Every frame up to the next keyframe is predicted from those before it, and decoders do not report how far damage
    propagates.

    Parameters
    ----------
    times_seconds, is_keyframe, is_corrupt : of the decoded frames, in order of presentation.
    lost_seconds : half-open spans of missing frames.
    unsure_seconds : half-open spans of frames whose bytes do not match the file's own checksums.
    """
    numbers, begins = np.arange(len(times_seconds)), is_corrupt.copy()
    for _, end_seconds in lost_seconds:
        behind = int(np.searchsorted(times_seconds, end_seconds - TOLERANCE_SECONDS))
        if behind < len(times_seconds) and not is_keyframe[behind]:
            begins[behind] = True
    for span in unsure_seconds:
        begins |= is_within(times_seconds, span)
    last_begin, last_keyframe = (np.maximum.accumulate(np.where(where, numbers, -1)) for where in (begins, is_keyframe))
    return (last_begin >= 0) & (last_begin >= last_keyframe)


def is_within(times_seconds: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Return which times are in a half-open span: bool, of the same shape."""
    start_seconds, end_seconds = span
    return (times_seconds >= start_seconds - TOLERANCE_SECONDS) & (times_seconds < end_seconds - TOLERANCE_SECONDS)
