"""Gusts: swells of the lowest frequencies, detected in the power spectrogram."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from processors.runs_of_true import runs_of_true

HIGHEST_HZ = 100.0
"""Upper limit of wind noise on a microphone, in Hz."""
MIN_BANDS = 2
STEP_SECONDS = 0.25
MIN_SECONDS = 0.5
END_SHARE = 0.5
"""Share of the threshold, in dB, to which the level falls at the end of a gust."""


@dataclass(frozen=True, kw_only=True)
class Gust:
    """Range of steps, half open."""

    first_step: int
    end_step: int
    power: float
    """Highest median power of a step, summed over the bands."""
    excess_db: float


def wind_bands(band_hz: float) -> slice:
    """Return the bands in which gusts are detected: above 0 Hz, at least two."""
    return slice(1, max(MIN_BANDS, int(HIGHEST_HZ / band_hz)) + 1)


def gusts(step_power: np.ndarray, is_missing: np.ndarray, threshold_db: float) -> Iterator[Gust]:
    """Yield swells above the recording's own median, in order.

    Parameters
    ----------
    step_power : float64, shape (steps,), median power in the wind's bands over each `STEP_SECONDS`; NaN where it is
        unknown: there no gust begins, and one ends; at an end of the recording the nearest known value is taken.
    is_missing : bool, shape (steps,): unknown because samples are missing; next to them no value is taken at the ends.
    """
    step_power = _with_ends(step_power, is_missing)
    known = ~np.isnan(step_power)
    if known.sum() < 4 or not np.median(step_power[known]) > 0:
        return
    smooth = np.full(len(step_power), np.nan)
    for first_known, end in runs_of_true(known):
        run = step_power[first_known:end]
        smooth[first_known:end] = np.convolve(np.pad(run, 1, "edge"), np.ones(3) / 3, "valid")
    above_db = np.full(len(step_power), -np.inf)
    above_db[known] = 10 * np.log10(np.maximum(smooth[known], 1e-20) / np.median(smooth[known]))
    first: int | None = None
    for step, value in enumerate([*above_db.tolist(), -np.inf]):
        if first is None and value >= threshold_db * END_SHARE:
            first = step
        elif first is not None and value < threshold_db * END_SHARE:
            excess_db = float(above_db[first:step].max())
            if excess_db >= threshold_db and (step - first) * STEP_SECONDS >= MIN_SECONDS:
                yield Gust(first_step=first, end_step=step, power=float(smooth[first:step].max()), excess_db=excess_db)
            first = None


def _with_ends(step_power: np.ndarray, is_missing: np.ndarray) -> np.ndarray:
    """Return the steps with the nearest known value at the ends, where frames are incomplete but no samples missing."""
    known = np.flatnonzero(~np.isnan(step_power))
    if not known.size:
        return step_power
    filled, first, last = step_power.copy(), known[0], known[-1]
    if not is_missing[:first].any():
        filled[:first] = step_power[first]
    if not is_missing[last:].any():
        filled[last:] = step_power[last]
    return filled
