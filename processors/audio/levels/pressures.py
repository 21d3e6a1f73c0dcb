"""Sound pressures of a recording through a calibration: RMS with the response at each frequency, peak without."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from processors.audio.levels.calibration import REFERENCE_PASCALS, Calibration

UNCORRECTED_PEAK = (
    "the response is not applied: it has no phase, without which the height of a single sample cannot be corrected"
)


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """Levels of one channel through a named calibration, both without the offset."""

    channel: int
    peak_pascals: float | None
    """Pressure of the sample furthest from the mean, by the sensitivity alone; see `peak_note`."""
    peak_note: str | None
    """What the peak leaves out; None if the response is flat."""
    rms_pascals: float | None
    """RMS, in Pa, with the response removed at each frequency."""
    rms_db_re_20_upa: float | None
    """The same in dB re 20 µPa."""


class PressureTally:
    """Tally of one channel; each run is transformed whole, so the sum over its bands is its power (Parseval).

    Missing samples of a run get the mean of the others, which has no power, and do not count. Changes slower than a
    run, other than the offset, get the response of the lowest known frequency.
    """

    def __init__(self, channel: int, rate_hz: int, calibration: Calibration) -> None:
        self._channel, self._rate_hz, self._calibration = channel, rate_hz, calibration
        self._samples, self._lowest, self._highest = 0, math.inf, -math.inf
        self._sum = self._sum_of_means_squared = self._heard = 0.0
        self._weights: dict[int, np.ndarray] = {}

    def add(self, samples: np.ndarray, is_there: np.ndarray) -> None:
        """Take a run: float32, shape (samples,), of which only those count where `is_there`, of that shape, is True."""
        present = samples[is_there]
        if not present.size:
            return
        count = len(present)
        mean = float(present.mean(dtype=np.float64))
        self._samples += count
        self._sum += mean * count
        self._sum_of_means_squared += mean * mean * count
        self._lowest, self._highest = min(self._lowest, float(present.min())), max(self._highest, float(present.max()))
        power = np.abs(np.fft.rfft(np.where(is_there, samples.astype(np.float64) - mean, 0))) ** 2
        self._heard += float(power @ self._weights_of(len(samples)))

    def _weights_of(self, count: int) -> np.ndarray:
        """Return the factor of each band of a run of this many samples: power of a sample, in Pa²."""
        if count not in self._weights:
            both_sides = np.full(count // 2 + 1, 2.0)
            both_sides[0] = 1
            if count % 2 == 0:
                both_sides[-1] = 1
            hz = np.fft.rfftfreq(count, 1 / self._rate_hz)
            self._weights[count] = self._calibration.square_pascals(both_sides / count, hz)
        return self._weights[count]

    def finish(self) -> Pressure:
        """Return the pressures of all runs; None for silence."""
        if not self._samples:
            return Pressure(
                channel=self._channel, peak_pascals=None, peak_note=None, rms_pascals=None, rms_db_re_20_upa=None
            )
        mean = self._sum / self._samples
        slow = max(0.0, self._sum_of_means_squared - mean * mean * self._samples)
        slow_heard = float(self._calibration.square_pascals(np.array([slow]), np.array([0.0]))[0])
        rms_pascals = math.sqrt((self._heard + slow_heard) / self._samples)
        peak = max(self._highest - mean, mean - self._lowest)
        return Pressure(
            channel=self._channel,
            peak_pascals=peak * self._calibration.full_scale_pascals if peak > 0 else None,
            peak_note=UNCORRECTED_PEAK if self._calibration.response else None,
            rms_pascals=rms_pascals or None,
            rms_db_re_20_upa=20 * math.log10(rms_pascals / REFERENCE_PASCALS) if rms_pascals else None,
        )
