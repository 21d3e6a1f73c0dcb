"""The edge where a lossy codec, or a resampler, has cut the high frequencies off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST_HZ = 2000.0
SIDE_HZ = 700.0
"""How much of the spectrum on each side of the edge is compared."""
LEAST_DROP_DB = 15.0
"""Air and distance damp smoothly; a filter of a codec falls at least this far within `EDGE_HZ`."""
EDGE_HZ = 500.0
FLOOR_MARGIN_DB = 8.0
"""What lies above the edge stays within this of the level just above it: nothing is heard there."""
FLAT_DB = 10.0
"""A voice or the wind goes on falling above a steep place; above a codec's edge there is only a floor."""


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """A low-pass edge."""

    hz: float
    """Where the level is halfway, in decibels, between the two sides."""
    drop_db: float


def find_cutoff(frequency_hz: np.ndarray, density: np.ndarray) -> Cutoff | None:
    """The steepest fall above which nothing follows; None where the spectrum goes on or fades smoothly.

    Parameters
    ----------
    density : mean square per Hz, float64, shape (bands,), of the whole recording.
    """
    band_hz = frequency_hz[1] - frequency_hz[0]
    side, gap = max(3, round(SIDE_HZ / band_hz)), max(1, round(EDGE_HZ / 2 / band_hz))
    levels_db = 10 * np.log10(np.maximum(density, 1e-30))
    bands = len(levels_db)
    best: Cutoff | None = None
    for edge in range(max(side + gap, int(LOWEST_HZ / band_hz)), bands - gap - 3):
        under = float(np.median(levels_db[edge - gap - side : edge - gap]))
        over = float(np.median(levels_db[edge + gap : edge + gap + side]))
        if under - over < max(LEAST_DROP_DB, best.drop_db if best else 0.0):
            continue
        if levels_db[edge + gap : -1].max() > max(over + FLOOR_MARGIN_DB, under - LEAST_DROP_DB):
            continue
        if over - float(np.median(levels_db[edge + gap :])) > FLAT_DB:
            continue
        inside = levels_db[edge - gap - side : edge + gap + side]
        lower = np.flatnonzero(inside > (under + over) / 2)
        if len(lower):
            best = Cutoff(hz=float(frequency_hz[edge - gap - side + lower[-1]] + band_hz / 2), drop_db=under - over)
    return best
