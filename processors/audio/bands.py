"""Octave and third-octave bands, and the strongest tone, out of a spectral density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OCTAVE_RATIO = 10**0.3
"""The octave ratio G of IEC 61260-1:2014, base ten."""
REFERENCE_HZ = 1000.0
LEAST_BANDS_INSIDE = 2.0
"""A band narrower than this many steps of the transform is not told apart from its neighbours."""
MAIN_LOBE_BANDS = 5
"""Half the width of the widest window's main lobe (flat top), in bands."""
NEIGHBOUR_BANDS = 31
LINE_DB = 10.0
"""How far a line rises above the median of its neighbours, as a tone of `audio.events` does."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """One fractional-octave band."""

    octave_fraction: int
    """1: octave; 3: third of an octave."""
    middle_hz: float
    """Exact, base ten."""
    lower_hz: float
    upper_hz: float
    rms_dbfs: float | None
    """Root mean square, re full scale 1.0 (a sine of full scale has −3.01). None: silent."""


@dataclass(frozen=True, kw_only=True)
class Tone:
    """The strongest line of the mean spectrum."""

    hz: float
    """Between bands: the mean of the bands of its line, weighted with their power."""
    peak_dbfs: float
    """Peak of the sine, re full scale 1.0: the power summed over the line."""


def fractional_octaves(frequency_hz: np.ndarray, density: np.ndarray, octave_fraction: int) -> list[Band]:
    """Bands that lie wholly within the spectrum; a step of the transform across an edge is shared out by width.

    Parameters
    ----------
    density : mean square per Hz, float64, shape (bands,).
    """
    step_hz = frequency_hz[1] - frequency_hz[0]
    edges = np.concatenate([[0.0], frequency_hz[:-1] + step_hz / 2, [frequency_hz[-1]]])
    total = np.concatenate([[0.0], np.cumsum(density * np.diff(edges))])
    found = []
    for number in range(-12 * octave_fraction, 9 * octave_fraction):
        middle = REFERENCE_HZ * OCTAVE_RATIO ** (number / octave_fraction)
        half = OCTAVE_RATIO ** (0.5 / octave_fraction)
        lower, upper = middle / half, middle * half
        if upper > frequency_hz[-1] or upper - lower < LEAST_BANDS_INSIDE * step_hz:
            continue
        mean_square = float(np.interp(upper, edges, total) - np.interp(lower, edges, total))
        level = float(10 * np.log10(mean_square)) if mean_square > 0 else None
        found.append(
            Band(octave_fraction=octave_fraction, middle_hz=middle, lower_hz=lower, upper_hz=upper, rms_dbfs=level)
        )
    return found


def strongest_tone(frequency_hz: np.ndarray, density: np.ndarray) -> Tone | str:
    """The highest line of the mean spectrum, or why there is none. Whether it lasts is for `audio.events`."""
    import scipy.ndimage
    import scipy.signal

    step_hz = float(frequency_hz[1] - frequency_hz[0])
    if not density.max() > 0:
        return "silence"
    level_db = 10 * np.log10(np.maximum(density, density.max() * 1e-15))
    around_db = scipy.ndimage.median_filter(level_db, NEIGHBOUR_BANDS, mode="nearest")
    lines, _ = scipy.signal.find_peaks(level_db, height=around_db + LINE_DB)
    lines = lines[(lines >= MAIN_LOBE_BANDS) & (lines < len(density) - 1)]
    if not lines.size:
        return f"above {MAIN_LOBE_BANDS * step_hz:g} Hz no line rises {LINE_DB:g} dB above its neighbours"
    peak = int(lines[np.argmax(density[lines])])
    left, right = max(1, peak - MAIN_LOBE_BANDS), min(len(density) - 1, peak + MAIN_LOBE_BANDS + 1)
    left += int(np.argmin(density[left : peak + 1]))  # as far as a neighbour's lobe, and no further
    right = peak + 1 + int(np.argmin(density[peak:right]))
    mean_square = float(density[left:right].sum() * step_hz)
    near = slice(max(1, peak - 2), min(len(density) - 1, peak + 3))
    hz = float((frequency_hz[near] * density[near]).sum() / density[near].sum())
    return Tone(hz=hz, peak_dbfs=10 * float(np.log10(2 * mean_square)))
