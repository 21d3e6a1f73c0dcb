"""Percentiles of a spectral density over a whole recording, from a histogram of constant size."""

from __future__ import annotations

import numpy as np

STEPS_PER_OCTAVE_BITS = 5
"""Binary logarithm of the steps per doubling of power: 32 steps of at most 0.14 dB, interpolated inside."""
LOWEST_EXPONENT = -80
"""Exponent of the lowest step: powers below 2⁻⁸⁰ (−241 dB) count as this step."""
OCTAVES = 96
STEPS = OCTAVES << STEPS_PER_OCTAVE_BITS
_SHIFT = 23 - STEPS_PER_OCTAVE_BITS
_LOWEST = (127 + LOWEST_EXPONENT) << STEPS_PER_OCTAVE_BITS
FRAMES_AT_ONCE = 2048


class DensityTally:
    """Histogram of frames of one channel, power or density, float32, shape (frames, bands)."""

    def __init__(self, band_count: int) -> None:
        self._bands = band_count
        self._counts = np.zeros(band_count * STEPS, np.uint32)
        self._waiting: list[np.ndarray] = []
        self._waiting_frames = 0
        self._below: np.ndarray | None = None
        self.frame_count = 0

    def add(self, power: np.ndarray) -> None:
        self.frame_count += len(power)
        step = (np.ascontiguousarray(power, np.float32).view(np.int32) >> _SHIFT) - _LOWEST
        np.clip(step, 0, STEPS - 1, out=step)
        step += np.arange(self._bands, dtype=np.int32) * STEPS
        self._waiting.append(step.ravel())
        self._waiting_frames += len(power)
        if self._waiting_frames >= FRAMES_AT_ONCE:
            self._count()

    def _count(self) -> None:
        if self._waiting:
            counted = np.bincount(np.concatenate(self._waiting), minlength=len(self._counts))
            self._counts += counted.astype(np.uint32)
            self._waiting, self._waiting_frames, self._below = [], 0, None

    def percentile(self, percent: float) -> np.ndarray:
        """Return the value below which this percentage of the frames are: float64, shape (bands,); within 0.14 dB."""
        self._count()
        counts = self._counts.reshape(self._bands, STEPS)
        if self._below is None:
            self._below = np.cumsum(counts, axis=1, dtype=np.uint32)
        below = self._below
        wanted = percent / 100 * self.frame_count
        step = np.argmax(below >= max(wanted, 1), axis=1)
        band = np.arange(self._bands)
        inside = counts[band, step]
        share = (max(wanted, 1) - (below[band, step] - inside)) / np.maximum(inside, 1)
        per_octave = 1 << STEPS_PER_OCTAVE_BITS
        low = 2.0 ** (step // per_octave + LOWEST_EXPONENT) * (1 + step % per_octave / per_octave)
        width = 2.0 ** (step // per_octave + LOWEST_EXPONENT) / per_octave
        return np.where(step > 0, low + share * width, 0.0)
