"""True peak: the highest value of the signal between its samples (ITU-R BS.1770-5, Annex 2)."""

from __future__ import annotations

import numpy as np

TAPS = 12
"""Number of samples from which each value in between is interpolated."""
SEGMENT_SAMPLES = 256
MAX_EXACT = 1e37
"""Maximum magnitude; products of larger ones may exceed 32-bit numbers."""


class TruePeak:
    """Highest magnitude of one channel, oversampled 4 times (2 times from 96 kHz, not at all from 192 kHz).

    Interpolated with a Hann-windowed sinc. A segment that cannot exceed the highest value so far, even if all its
    samples were at their peak with the worst signs, is not interpolated.
    """

    def __init__(self, rate_hz: int) -> None:
        self._factor = 4 if rate_hz < 96_000 else 2 if rate_hz < 192_000 else 1
        place = np.arange(TAPS * self._factor + 1) - TAPS * self._factor / 2
        self._filter = (np.sinc(place / self._factor) * np.hanning(len(place))).astype(np.float32)
        phases = [np.abs(self._filter[phase :: self._factor]).sum() for phase in range(self._factor)]
        self._most_gain = float(max(phases))
        self._held: np.ndarray | None = None
        """Samples for the next values, or short of a segment. Before the first sample its value is repeated: a
        step from silence, which is not in the file, would ring."""
        self.highest = 0.0
        """Highest magnitude so far; full scale is 1."""

    def add(self, samples: np.ndarray, is_there: np.ndarray | None = None) -> None:
        """Add samples: float32, shape (samples,), finite; a value between them that needs a missing one is not guessed.

        Parameters
        ----------
        is_there : bool, same shape: False where a sample is missing; None: nowhere.
        """
        if not samples.size:
            return
        if is_there is not None and not is_there.all():
            samples = np.where(is_there, samples, np.float32(np.nan))
        self.highest = max(self.highest, float(_highest(samples)))
        if self._factor == 1:
            return
        held = np.full(TAPS, samples[0]) if self._held is None else self._held
        joined = np.concatenate([held, samples])
        whole = (len(joined) - TAPS) // SEGMENT_SAMPLES * SEGMENT_SAMPLES
        self._held = joined[whole:].copy()
        if not whole:
            return
        windows = np.lib.stride_tricks.sliding_window_view(joined, SEGMENT_SAMPLES + TAPS)[:whole:SEGMENT_SAMPLES]
        reach = _highest(windows, axis=1).astype(np.float64) * self._most_gain
        first = int(np.argmax(reach))
        self._interpolate(windows[first : first + 1])
        self._interpolate(windows[reach > self.highest])

    def _interpolate(self, windows: np.ndarray) -> None:
        """Interpolate segments, float32, shape (segments, length + TAPS)."""
        length = windows.shape[1] - TAPS
        if not windows.size or length < 1:
            return
        if self.highest > MAX_EXACT:
            windows = windows.astype(np.float64)
        total = np.empty((len(windows), length), windows.dtype)
        product = np.empty_like(total)
        for phase in range(1, self._factor):  # phase 0 is the samples themselves
            taps = self._filter[phase :: self._factor]
            np.multiply(windows[:, 1 : 1 + length], taps[0], out=total)
            for tap in range(1, TAPS):
                np.multiply(windows[:, 1 + tap : 1 + tap + length], taps[tap], out=product)
                total += product
            self.highest = max(self.highest, float(_highest(total)))

    def finish(self) -> float:
        """Return the highest value; values between the last samples and missing ones are not guessed."""
        if self._held is not None:
            self._interpolate(self._held[None])
        return self.highest


def _highest(samples: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return the highest magnitude along an axis, or of all, among those that are not NaN; 0 if none is."""
    found = np.maximum(samples.max(axis=axis), -samples.min(axis=axis))
    return np.fmax.reduce(np.abs(samples), axis=axis, initial=0) if np.isnan(found).any() else found
