"""Frequency axis of a picture: where the sound ends, and whether it shows on a logarithmic axis or a linear one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

AxisKind = Literal["log", "linear"]

SILENT_POWER = 1e-14
"""Power below which a band is silent, −140 dBFS: the window's rounding of a constant stays below it."""
ABOVE_FLOOR_DB = 6.0
"""Minimum level of sound above the recording's floor, the level that a tenth of the bands do not reach, in dB."""
RANGE_DB = 70.0
"""Maximum distance of sound to the loudest band, in dB: below is the residue of a codec or of 16 bits."""
HEADROOM = 1.25
"""Factor from the highest frequency of the sound to the end of the axis."""
MIN_HIGHEST_HZ = 2000.0
"""Minimum end of the axis: a lone low tone is shown with the silence above it."""
LOW_SHARE = 1 / 3
"""Share of a linear axis: if half of the energy is below, more of it shows on a logarithmic axis."""
OCTAVES_SHOWN = 10
"""Maximum length of a logarithmic axis, in octaves."""


@dataclass(frozen=True, kw_only=True)
class FrequencyAxis:
    """Axis from `lowest_hz` at the bottom to `highest_hz` at the top."""

    kind: AxisKind
    lowest_hz: float
    highest_hz: float
    first_hz: float
    """Lower edge of the first band that the removal of each window's mean leaves as it was."""
    sound_ends_hz: float | None
    """Upper edge of the highest band that stands out; None if none does."""
    reason: str
    """Reason for its kind and its end, in a sentence."""

    def share(self, hz: float) -> float:
        """Return the position of a frequency: 0 at the bottom, 1 at the top."""
        if self.kind == "log":
            return math.log(hz / self.lowest_hz) / math.log(self.highest_hz / self.lowest_hz)
        return (hz - self.lowest_hz) / (self.highest_hz - self.lowest_hz)

    def edges_hz(self, row_count: int) -> np.ndarray:
        """Return the edges of rows of equal height, rising: float64, shape (row_count + 1,)."""
        if self.kind == "log":
            return np.geomspace(self.lowest_hz, self.highest_hz, row_count + 1)
        return np.linspace(self.lowest_hz, self.highest_hz, row_count + 1)

    def ticks(self, most: float) -> list[float]:
        """Return round frequencies for ticks, in Hz: as many as possible, at most `most`."""
        octaves = math.log2(self.highest_hz / self.lowest_hz) if self.kind == "log" else 0.0
        for ticks in self._tick_choices():
            apart = min((b / a for a, b in itertools.pairwise(ticks)), default=math.inf) if octaves else 0.0
            if (octaves / math.log2(apart) if octaves else len(ticks)) <= most:
                return ticks
        return [self.highest_hz]

    def _tick_choices(self) -> Iterator[list[float]]:
        """Yield frequencies for ticks, in Hz: many first, then fewer."""
        if self.kind == "log":
            for digits in ((1, 2, 5), (1, 3), (1,)):
                every = (digit * 10.0**power for power in range(-3, 8) for digit in digits)
                yield [hz for hz in every if self.lowest_hz <= hz <= self.highest_hz]
            return
        for step in (digit * 10.0**power for power in range(-2, 7) for digit in (1, 2, 5)):
            yield [number * step for number in range(min(math.floor(self.highest_hz / step + 1e-9), 100) + 1)]


def lowest_band(window: np.ndarray) -> int:
    """Return the first band that an offset, or the removal of each window's mean, does not reach through the window."""
    reached = np.abs(np.fft.rfft(window)) > 1e-4 * window.sum()
    return int(np.flatnonzero(~reached)[0])


def choose_axis(
    loud: np.ndarray,
    mean: np.ndarray,
    band_hz: float,
    first_band: int,
    kind: AxisKind | None = None,
    *,
    is_whole: bool = False,
) -> FrequencyAxis:
    """Choose the axis on which the sound shows.

    Parameters
    ----------
    loud, mean : power that each band reaches at its loudest, and its mean over time: float64, shape (bands,).
    first_band : the first band that the removal of each window's mean leaves as it was: a logarithmic axis begins at
        its lower edge.
    kind : requested kind of axis; None chooses by the distribution of the energy.
    is_whole : end the axis at half the sampling rate.
    """
    half_rate_hz = band_hz * (len(mean) - 1)
    lowest_hz = (first_band - 0.5) * band_hz
    is_silent = float(loud[first_band:].max()) < SILENT_POWER
    end_hz = None if is_silent else _end_of_sound_hz(loud, band_hz, first_band)
    if is_whole:
        highest_hz, because = half_rate_hz, "all frequencies were asked for"
    elif end_hz is None:
        highest_hz, because = half_rate_hz, "no frequency stands out: the axis ends at half the sampling rate"
    else:
        highest_hz = min(max(end_hz * HEADROOM, MIN_HIGHEST_HZ), half_rate_hz)
        because = f"sound reaches up to {_words(end_hz)}"
    half_hz = None if is_silent else _half_of_energy_hz(mean, band_hz, first_band)
    low = "the recording is silent" if half_hz is None else f"half of its energy is below {_words(half_hz)}"
    chosen: AxisKind = kind or ("log" if half_hz is None or half_hz < LOW_SHARE * highest_hz else "linear")
    why = "as asked" if kind else low
    if chosen == "log":
        lowest_hz = max(lowest_hz, highest_hz / 2**OCTAVES_SHOWN)
    return FrequencyAxis(
        kind=chosen,
        lowest_hz=min(lowest_hz, highest_hz / 2) if chosen == "log" else 0.0,
        highest_hz=highest_hz,
        first_hz=(first_band - 0.5) * band_hz,
        sound_ends_hz=end_hz,
        reason=f"{'logarithmic' if chosen == 'log' else chosen}: {why}; {because}",
    )


def _end_of_sound_hz(loud: np.ndarray, band_hz: float, first_band: int) -> float | None:
    """Return the upper edge of the highest band with sound; None if no band stands out."""
    import scipy.ndimage  # imported late: 0.1 s that a plan need not pay

    levels_db = 10 * np.log10(np.maximum(loud[first_band:], 1e-30))
    levels_db = scipy.ndimage.median_filter(levels_db, 3, mode="nearest")
    least_db = max(float(np.percentile(levels_db, 10)) + ABOVE_FLOOR_DB, float(levels_db.max()) - RANGE_DB)
    heard = np.flatnonzero(levels_db >= least_db)
    return float((heard[-1] + first_band + 0.5) * band_hz) if heard.size else None


def _half_of_energy_hz(mean: np.ndarray, band_hz: float, first_band: int) -> float | None:
    """Return the frequency below which half of the energy is, from `first_band` on; None for silence."""
    total = np.cumsum(mean[first_band:])
    if not total[-1] > 0:
        return None
    return float((np.searchsorted(total, total[-1] / 2) + first_band) * band_hz)


def _words(hz: float) -> str:
    return f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.3g} kHz"
