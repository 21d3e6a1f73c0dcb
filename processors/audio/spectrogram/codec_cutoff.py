"""Edge above which a lossy codec or a resampler has removed the high frequencies."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np

LOWEST_HZ = 2000.0
SIDE_HZ = 700.0
"""Width of the spectrum compared on each side of the edge, in Hz."""
MIN_SIDE_BANDS = 10
"""Minimum number of bands on each side: more than twice a tone's main lobe, at rates with broad bands."""
EDGE_HZ = 500.0
MIN_DROP_DB = 15.0
"""Minimum drop within `EDGE_HZ`, in dB: air and distance damp smoothly, a codec's filter falls at least this far."""
EDGE_DB = 3.0
"""Fall that defines the edge, in dB, as in the definition of an encoder's `cutoff`."""
DEAD_DB = 40.0
"""Minimum drop above a codec's edge, in dB below the level under it, or ..."""
FLAT_DB = 10.0
"""... maximum distance to the recording's floor, in dB. A voice or wind continues, lower, above a steep drop."""
BROAD_SIDES = 4
"""Width of the spectrum under the edge that must be louder, in sides: the flank of a lone tone is no edge."""
LEAK_DB = 6.0
"""Minimum level under the edge above the leakage of louder lines, in dB: a lone tone has no edge, nor have tones with
only their leakage in between."""
MAX_LEAK_BANDS = 1024
"""Distance from a line beyond which its leakage, less than −190 dB, is nothing."""
NO_FALL = "no steep fall to a floor above 2 kHz"
ONLY_LINES = "what falls steeply is the flank of a tone, with no sound of its own under the edge"


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """Low-pass edge."""

    hz: float
    """Frequency at which the level has fallen by 3 dB."""
    drop_db: float
    """Drop from under the edge to above it."""


def find_cutoff(frequency_hz: np.ndarray, density: np.ndarray) -> Cutoff | str:
    """Return the first steep fall to silence; or why there is none: the spectrum continues, or fades smoothly.

    Parameters
    ----------
    density : mean square per Hz, float64, shape (bands,), of the whole recording.
    """
    band_hz = frequency_hz[1] - frequency_hz[0]
    side, gap = max(MIN_SIDE_BANDS, round(SIDE_HZ / band_hz)), max(1, round(EDGE_HZ / 2 / band_hz))
    import scipy.ndimage  # imported late: 0.1 s that a plan need not pay

    levels_db = scipy.ndimage.median_filter(10 * np.log10(np.maximum(density, 1e-30)), 5)
    medians = _medians(levels_db, side)
    heard: np.ndarray | None = None
    best: Cutoff | None = None
    reason = NO_FALL
    for edge in range(max(side + gap, int(LOWEST_HZ / band_hz)), len(levels_db) - gap - 3):
        under, over = float(medians[edge - gap - side]), float(medians[edge + gap])
        if under - over < MIN_DROP_DB or not _is_last(levels_db, edge, side, gap, under, over):
            if best:
                break  # the following steps are in the residual noise of the codec
            continue
        heard = density > _leaked(density) * 10 ** (LEAK_DB / 10) if heard is None else heard
        below = slice(edge - gap - side, edge - gap)
        quiet = levels_db[below] <= np.median(levels_db[below])
        if heard[below].mean() < 0.5 or heard[below][quiet].mean() < 0.5:
            reason = ONLY_LINES
            continue
        if best and under - over < best.drop_db:
            continue
        loud = np.flatnonzero(levels_db[edge - gap - side : edge + gap + side] > under - EDGE_DB)
        place = edge - gap - side + int(loud[-1])
        if frequency_hz[place] < LOWEST_HZ:
            continue
        best = Cutoff(hz=float(frequency_hz[place] + band_hz / 2), drop_db=under - over)
    return best or reason


def _medians(levels: np.ndarray, length: int) -> np.ndarray:
    """Return the median of `length` levels from each on, of fewer at the end; the shape of `levels`."""
    length = min(length, len(levels))
    whole = np.median(np.lib.stride_tricks.sliding_window_view(levels, length), axis=1)
    last: list[float] = []
    medians: list[float] = []
    for level in levels[: len(whole) - 1 : -1].tolist():  # sorted as they come: a call of `np.median` for each is slow
        bisect.insort(last, level)
        medians.append((last[(len(last) - 1) // 2] + last[len(last) // 2]) / 2)
    return np.append(whole, medians[::-1])


def _leaked(density: np.ndarray) -> np.ndarray:
    """Return the maximum leakage of the window from all bands that are 3 or more bands away.

    The side lobes of a Hann window stay under 1 / (π x (x² − 1)) at x bands from the line (Harris 1978).
    """
    away = np.arange(3.0, min(len(density), MAX_LEAK_BANDS) + 3)
    side = 1 / (np.pi * away * (away**2 - 1)) ** 2
    kernel = np.concatenate([side[::-1], np.zeros(5), side])
    first = len(kernel) // 2
    return np.convolve(density, kernel)[first : first + len(density)]


def _is_last(levels_db: np.ndarray, edge: int, side: int, gap: int, under: float, over: float) -> bool:
    """Return True if the spectrum is broad under the edge, and dead above it."""
    broad = float(np.median(levels_db[max(1, edge - BROAD_SIDES * side) : edge - gap]))
    above = levels_db[edge + gap : -1]
    soon = float(np.median(above[2 * side : 3 * side] if len(above) > 2 * side + 3 else above[-side:]))
    dead = under - soon >= DEAD_DB or soon - float(np.median(above)) <= FLAT_DB
    return broad - over >= MIN_DROP_DB / 2 and dead and float(above.max()) <= under - MIN_DROP_DB / 2
