"""Octave and third-octave bands, and the strongest tone, from a spectral density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.audio.spectrogram.spectral_lines import LineFinder

OCTAVE_RATIO = 10**0.3
"""Octave ratio G of IEC 61260-1:2014, base ten."""
REFERENCE_HZ = 1000.0
MIN_BANDS_INSIDE = 2.0
"""Minimum width of a band in bands of the transform; narrower ones cannot be separated from their neighbours."""
MIN_TONE_BANDS = 5
"""Minimum frequency of a tone in bands of the transform; lower ones cannot be distinguished from an offset."""
LINE_DB = 10.0
"""Minimum rise of a line above the median of its neighbours, in dB, as for a tone of `audio.events`."""


@dataclass(frozen=True, kw_only=True)
class OctaveBand:
    octave_fraction: int
    """1: octave; 3: third of an octave."""
    middle_hz: float
    """Exact centre frequency, base ten."""
    lower_hz: float
    upper_hz: float
    rms_dbfs: float | None
    """Root mean square, re full scale 1.0 (a sine of full scale has −3.01). None: silent."""


@dataclass(frozen=True, kw_only=True)
class Tone:
    """Strongest line of the mean spectrum."""

    hz: float
    """Frequency, interpolated between bands with the window's own transform."""
    peak_dbfs: float
    """Peak of the sine, re full scale 1.0: the power summed over the line."""


def fractional_octaves(frequency_hz: np.ndarray, density: np.ndarray, octave_fraction: int) -> list[OctaveBand]:
    """Return the bands wholly within the spectrum; a transform band across an edge is divided by width.

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
