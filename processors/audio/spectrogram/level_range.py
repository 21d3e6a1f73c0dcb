"""Range of levels that a picture's colours show: from a recording's quietest to its loudest, without its offset."""

from __future__ import annotations

import math

import numpy as np

QUIET_PERCENT, LOUD_PERCENT = 5.0, 99.9
MIN_RANGE_DB = 30.0
"""Minimum range: the noise of a quiet recording is not made to look like an event."""
STEP_DB = 5.0


def level_range(levels_db: np.ndarray, most_db: float) -> tuple[float, float]:
    """Return the lowest and highest level of the colours, multiples of 5 dB.

    The 99.9th percentile is the top, and the 5th the bottom, at least 30 dB and at most `most_db` below.

    Parameters
    ----------
    levels_db : levels as they are shown, without silence and missing samples; any shape; may be empty.
    """
    if not levels_db.size:
        return -most_db, 0.0
    quiet, loud = np.percentile(levels_db, [QUIET_PERCENT, LOUD_PERCENT]).tolist()
    top_db = math.ceil(loud / STEP_DB) * STEP_DB
    bottom_db = math.floor(quiet / STEP_DB) * STEP_DB
    return max(top_db - most_db, min(bottom_db, top_db - MIN_RANGE_DB)), top_db
