"""Runs of true in an array. On the ground."""

from __future__ import annotations

import numpy as np


def runs_of_true(values: np.ndarray) -> list[tuple[int, int]]:
    """Return each run of true as half-open pair (first, end), in order; `values` is bool, shape (length,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], values, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
