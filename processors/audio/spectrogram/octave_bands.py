"""Octave and third-octave bands, and the strongest tone, out of a spectral density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.audio.spectrogram.spectral_lines import LineFinder

OCTAVE_RATIO = 10**0.3
"""The octave ratio G of IEC 61260-1:2014, base ten."""
REFERENCE_HZ = 1000.0
MIN_BANDS_INSIDE = 2.0
"""A band narrower than this many steps of the transform is not told apart from its neighbours."""
MIN_TONE_BANDS = 5
"""A tone lower than this many steps of the transform is not told from an offset."""
LINE_DB = 10.0
"""How far a line rises above the median of its neighbours, as a tone of `audio.events` does."""


@dataclass(frozen=True, kw_only=True)
class OctaveBand:
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
    """Between bands, by the window's own transform."""
    peak_dbfs: float
    """Peak of the sine, re full scale 1.0: the power summed over the line."""


def fractional_octaves(frequency_hz: np.ndarray, density: np.ndarray, octave_fraction: int) -> list[OctaveBand]:
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
        if upper > frequency_hz[-1] or upper - lower < MIN_BANDS_INSIDE * step_hz:
            continue
        mean_square = float(np.interp(upper, edges, total) - np.interp(lower, edges, total))
        level = float(10 * np.log10(mean_square)) if mean_square > 0 else None
        found.append(
            OctaveBand(
                octave_fraction=octave_fraction, middle_hz=middle, lower_hz=lower, upper_hz=upper, rms_dbfs=level
            )
        )
    return found


def strongest_tone(power: np.ndarray, finder: LineFinder) -> Tone | str:
    """Return the strongest line of the mean spectrum, or why there is none. Whether it lasts is for `audio.events`.

    Parameters
    ----------
    power : float64, shape (bands,), 1 is a sine of full scale.
    """
    if not power.max() > 0:
        return "silence"
    least_hz = MIN_TONE_BANDS * finder.band_hz
    lines = [line for line in finder.find(power, LINE_DB) if line.hz >= least_hz - finder.band_hz / 2]
    if not lines:
        return f"above {least_hz:g} Hz no line rises {LINE_DB:g} dB above its neighbours"
    line = max(lines, key=lambda line: line.power)
    return Tone(hz=line.hz, peak_dbfs=10 * float(np.log10(line.power)))
