"""Lines in a power spectrum: frequency and level of steady tones, correct for every window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from processors.audio.spectrogram.stft import WindowName, window_of

NEIGHBOUR_BANDS = 31
"""Number of bands around a line, above whose median it rises."""
HALF_LOBE_BANDS: dict[WindowName, int] = {"hann": 2, "hamming": 2, "blackman": 3, "blackmanharris": 4, "flattop": 5}
"""Half width of the main lobe: the first zero of the transform (Harris 1978, doi:10.1109/PROC.1978.10837)."""
MIN_LINE_POWER = 1e-14
"""Minimum power of a line, −140 dBFS: the rounding of a constant gives hundreds of lines below it, and no tone."""
FLOOR, FLOOR_SHARE = 1e-20, 1e-15
"""Limits of rounding noise, absolute and relative to the strongest band."""
OFFSET_STEPS = 500
MAX_RESPONSE_SAMPLES = 2048
"""A window's transform, counted in bands, is the same for all lengths above: within 1e-6."""


@dataclass(frozen=True, kw_only=True)
class Line:
    hz: float
    power: float
    """Power of the sine: 1 is full scale."""
    excess_db: float
    """Rise of its band above the median of the neighbouring bands, in dB."""


@dataclass(frozen=True)
class LineFinder:
    """Finder of lines in spectra made with one window.

    A sine between two bands is in both; the ratio of the two amplitudes gives its position, by the window's own
    transform. Its power is the sum over the main lobe, divided by the window's noise bandwidth in bands.
    """

    window: WindowName
    window_samples: int
    band_hz: float

    @cached_property
    def _noise_bands(self) -> float:
        weights = window_of(self.window, self.window_samples)
        return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)

    def find(self, power: np.ndarray, threshold_db: float) -> list[Line]:
        """Return the lines of one spectrum in the order of frequency.

        Parameters
        ----------
        power : shape (bands,), 1 is a sine of full scale.
        threshold_db : minimum rise above the median of the neighbouring bands, and above the valleys on both sides.
        """
        import scipy.ndimage  # imported late: 0.1 s that a plan need not pay

        spectrum = np.asarray(power, np.float64)
        if len(spectrum) < 5:
            return []
        level_db = 10 * np.log10(np.maximum(spectrum, max(FLOOR, FLOOR_SHARE * float(spectrum.max()))))
        around_db = scipy.ndimage.median_filter(level_db, NEIGHBOUR_BANDS, mode="nearest")
        peaks = peaks_of(level_db, around_db + threshold_db, threshold_db)
        return [
            Line(
                hz=(peak + self._offset_bands(spectrum, peak)) * self.band_hz,
                power=self._lobe_power(spectrum, peak),
                excess_db=float(level_db[peak] - around_db[peak]),
            )
            for peak in peaks.tolist()
            if 2 <= peak <= len(spectrum) - 3 and spectrum[peak] >= MIN_LINE_POWER
        ]

    def _offset_bands(self, spectrum: np.ndarray, peak: int) -> float:
        """Return the distance of the sine from the peak's band: −0.5 to 0.5."""
        side = 1 if spectrum[peak + 1] >= spectrum[peak - 1] else -1
        ratios, offsets = _offsets_of(self.window, self.window_samples)
        return side * float(np.interp(np.sqrt(spectrum[peak + side] / spectrum[peak]), ratios, offsets))

    def _lobe_power(self, spectrum: np.ndarray, peak: int) -> float:
        half = HALF_LOBE_BANDS[self.window] + 1
        left, right = max(1, peak - half), min(len(spectrum) - 1, peak + half + 1)
        left += int(np.argmin(spectrum[left : peak + 1]))  # up to a neighbour's lobe
        right = peak + 1 + int(np.argmin(spectrum[peak:right]))
        return float(spectrum[left:right].sum() / self._noise_bands)


def peaks_of(levels: np.ndarray, height: np.ndarray, prominence: float) -> np.ndarray:
    """Return the places of maxima that reach a height and rise by a prominence: int, in order.

    A flat maximum counts at its middle, one at either end not at all. The same as `scipy.signal.find_peaks`, which is
    not used because scipy.signal takes longer to import than most sounds to measure.

    Parameters
    ----------
    levels, height : float64, shape (places,), without NaN.
    prominence : minimum rise above the higher of the two valleys between the maximum and the next higher level, or the
        end, on its left and on its right.
    """
    changes = np.flatnonzero(np.diff(levels))
    firsts, lasts = np.append(0, changes + 1), np.append(changes, len(levels) - 1)
    flats = levels[firsts]
    inner = 1 + np.flatnonzero((flats[1:-1] > flats[:-2]) & (flats[1:-1] > flats[2:]))
    maxima = (firsts[inner] + lasts[inner]) // 2
    maxima = maxima[levels[maxima] >= height[maxima]]
    rises = np.array([_prominence(levels, peak) for peak in maxima.tolist()])
    return maxima[rises >= prominence]


def _prominence(levels: np.ndarray, peak: int) -> float:
    before, after = levels[peak::-1], levels[peak:]
    valleys = []
    for side in (before, after):
        higher = side > levels[peak]
        valleys.append(side[: int(higher.argmax()) if higher.any() else len(side)].min())
    return float(levels[peak] - max(valleys))


@lru_cache(32)
def _offsets_of(window: WindowName, window_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rising amplitude ratios of a sine's second strongest band to its strongest, and their offsets."""
    offsets = np.linspace(0.0, 0.5, OFFSET_STEPS + 1)
    length = min(window_samples, MAX_RESPONSE_SAMPLES)
    weights = window_of(window, length)
    places = np.arange(length) - length / 2  # about the middle, so that the transform is real
    ratios = np.array(
        [_response(weights, places, 1 - offset) / _response(weights, places, offset) for offset in offsets]
    )
    return ratios, offsets


def _response(weights: np.ndarray, places: np.ndarray, bands: float) -> float:
    """Return the magnitude of the window's transform at this distance from its middle, in bands."""
    return float(abs(weights @ np.cos(2 * np.pi * bands / len(weights) * places)))
