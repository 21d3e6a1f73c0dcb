"""Short-time Fourier transform, block by block: librosa's definition, in batches of one fixed size."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

BATCH_FRAMES = 256
"""Number of frames per transform, counted from the first: constant, so that the block size does not change any bit."""

CACHED_FRAMES = 32
"""Number of frames of a batch that are transformed at once, a multiple of those that scipy.fft transforms in parallel:
their spectra stay in the processor's cache, which saves a third of the time; the bits are those of the whole batch."""

DETREND = "constant: the mean of each window is removed before its transform, as scipy.signal.welch does by default"
"""Attribute on an offset of the samples. The window would spread it over the lowest bands, two with Hann, where
it could be 40 dB above the sound; `audio.levels` gives it as `dc_offset`."""

Scaling = Literal["mean_square", "power", "density"]
"""Meaning of an array's values. `mean_square`: re full scale 1.0, so that a sine of full scale reads 0.5 (−3.01 dBFS)
in its own band. `power`: re a sine of full scale, which reads 1. `density`: mean square per Hz, re full scale 1.0."""

WindowName = Literal["hann", "hamming", "blackman", "blackmanharris", "flattop"]

COSINES: dict[WindowName, tuple[float, ...]] = {
    "hann": (0.5, 0.5),
    "hamming": (0.54, 1 - 0.54),
    "blackman": (0.42, 0.50, 0.08),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
"""Weights of the cosines that each window is a sum of (Harris 1978; D'Antona and Ferrero 2006 for the flat top)."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Factors from |STFT|² to mean square relative to full scale 1.0, and from that to other scalings.

    With w the window: a sine of amplitude A at the middle of a band gives |X| = A·Σw/2, and its mean square is
    A²/2 = 2|X|²/(Σw)². The bands at 0 Hz and at half the rate have no mirror image: |X|²/(Σw)². Divided by the noise
    bandwidth this is the density, the mean square per Hz: 2|X|²/(rate·Σw²) and |X|²/(rate·Σw²) (Welch 1967,
    doi:10.1109/TAU.1967.1161901; scipy.signal.welch).
    """

    window: np.ndarray
    """Window, float64, shape (window_samples,), periodic."""
    rate_hz: int

    @property
    def mean_square(self) -> float:
        """Return the factor from |X|² to mean square, in the inner bands; half of it in the first and last."""
        return float(2 / self.window.sum() ** 2)

    @property
    def noise_bandwidth_hz(self) -> float:
        """Return the equivalent noise bandwidth of a band (Harris 1978, doi:10.1109/PROC.1978.10837)."""
        return float(self.rate_hz * (self.window**2).sum() / self.window.sum() ** 2)

    def per_mean_square(self, scaling: Scaling) -> np.ndarray:
        """Return the factor from mean square to a scaling; float64, shape (bands,)."""
        factor = np.ones(len(self.window) // 2 + 1)
        if scaling == "power":
            factor[1:-1] = 2
        return factor / self.noise_bandwidth_hz if scaling == "density" else factor


def window_of(name: WindowName, window_samples: int) -> np.ndarray:
    """Return the periodic window, float64, shape (window_samples,): bit for bit that of scipy.signal.get_window.

    Not taken from there because scipy.signal takes longer to import than the sound of a video to transform.
    """
    angle = np.linspace(-np.pi, np.pi, window_samples + 1)
    window = np.zeros(window_samples + 1)
    for number, weight in enumerate(COSINES[name]):
        window += weight * np.cos(number * angle)
    return window[:-1]


class _ThreadBuffers(threading.local):
    """Arrays of each thread, reused: allocating them for every batch costs twice the transform."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def of(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Return a float32 array of that shape with arbitrary content."""
        if name not in self._arrays or self._arrays[name].shape != shape:
            self._arrays[name] = np.empty(shape, np.float32)
        return self._arrays[name]


_rooms = _ThreadBuffers()


def power_of(samples: np.ndarray, scale: Scale, hop_samples: int, *, mean_of_channels: bool = False) -> np.ndarray:
    """Return the mean square of each band, re full scale 1.0: float32, shape (channels, frames, bands), not dB.

    The mean of each frame is removed first (`DETREND`): an offset would reach the lowest bands through the window.
    The array belongs to the thread: its next call overwrites it. A mean square that 32 bits cannot hold is infinite.

    Parameters
    ----------
    samples : float32, shape (channels, samples), exactly the span of the frames.
    mean_of_channels : return one channel, the mean of the power of all; channels in antiphase do not cancel.
    """
    import scipy.fft  # imported late: 15 MB that a plan need not load

    size = len(scale.window)
    frames = np.lib.stride_tricks.sliding_window_view(samples, size, axis=1)[:, ::hop_samples]
    # the window includes the scale, which saves a pass over the spectra
    window = (scale.window * np.sqrt(scale.mean_square)).astype(np.float32)
    room = _rooms.of("windowed", (CACHED_FRAMES, size))
    count = 1 if mean_of_channels else frames.shape[0]
    power = _rooms.of("power", (count, frames.shape[1], size // 2 + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, frames.shape[1], CACHED_FRAMES):
            for channel, rows in enumerate(frames[:, first : first + CACHED_FRAMES]):
                windowed = np.subtract(rows, rows.mean(axis=1, keepdims=True), out=room[: len(rows)])
                windowed *= window
                parts = np.asarray(scipy.fft.rfft(windowed, overwrite_x=True)).view(np.float32)
                np.multiply(parts, parts, out=parts)
                summed = power[channel if channel < count else 0, first : first + len(rows)]
                if channel < count:
                    np.add(parts[:, ::2], parts[:, 1::2], out=summed)
                else:
                    summed += parts[:, ::2]
                    summed += parts[:, 1::2]
        if mean_of_channels and frames.shape[0] > 1:
            power /= frames.shape[0]
    power[:, :, [0, -1]] /= 2
    return power


class FrameBatches:
    """Spans of whole batches cut from samples: centred frames, zeros before the first and after the last sample."""

    def __init__(self, window_samples: int, hop_samples: int) -> None:
        self._size, self._hop = window_samples, hop_samples
        self._waiting: np.ndarray | None = None
        self._pieces: list[np.ndarray] = []
        self._samples = 0

    def add(self, samples: np.ndarray) -> Iterator[np.ndarray]:
        """Add float32, shape (channels, samples); yield spans of `BATCH_FRAMES` frames, shape (channels, span)."""
        if self._waiting is None:
            self._waiting = np.zeros((samples.shape[0], self._size // 2), np.float32)
            self._pieces, self._samples = [self._waiting], self._size // 2
        self._pieces.append(samples)
        self._samples += samples.shape[1]
        span, step = (BATCH_FRAMES - 1) * self._hop + self._size, BATCH_FRAMES * self._hop
        if self._samples < span:
            return
        joined = np.concatenate(self._pieces, axis=1)
        first = 0
        while joined.shape[1] - first >= span:
            yield joined[:, first : first + span]
            first += step
        self._pieces = [joined[:, first:].copy()]
        self._samples = joined.shape[1] - first

    def finish(self) -> Iterator[np.ndarray]:
        """Yield the last spans, padded with zeros as in librosa; nothing without samples."""
        if self._waiting is None:
            return
        yield from self.add(np.zeros((self._waiting.shape[0], self._size // 2), np.float32))
        joined = np.concatenate(self._pieces, axis=1)
        if joined.shape[1] >= self._size:
            yield joined[:, : (joined.shape[1] - self._size) // self._hop * self._hop + self._size]
