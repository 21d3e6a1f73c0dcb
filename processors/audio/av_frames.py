"""Conversion of sample arrays to PyAV frames and back; packed, as PyAV 18 fails on eight planes (expects a ninth)."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from processors.errors import RefusedMedia

FORMAT = "flt"
PLANES_THAT_FAIL = 8


def as_float32(numbers: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return numbers as float32, integers divided by their full scale, and whether any of them was rounded.

    Raises
    ------
    RefusedMedia : one that is finite in 64 bits is beyond 32.
    """
    if numbers.dtype.kind == "f":
        narrow = _narrow(numbers)
        return narrow, narrow is not numbers and not np.array_equal(narrow, numbers, equal_nan=True)
    full = 1 << (numbers.dtype.itemsize * 8 - 1)
    zero = full if numbers.dtype.kind == "u" else 0
    narrow = ((numbers.astype(np.float64) - zero) / full).astype(np.float32)
    if numbers.dtype.itemsize <= 2:
        return narrow, False
    with np.errstate(invalid="ignore"):  # full scale itself is beyond integers
        return narrow, not np.array_equal((narrow.astype(np.float64) * full).astype(np.int64), numbers)


def _narrow(samples: np.ndarray) -> np.ndarray:
    if samples.dtype == np.float32:
        return samples
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = samples.astype(np.float32)
    beyond = np.isinf(narrow) & np.isfinite(samples)
    if beyond.any():
        highest = float(np.abs(samples[beyond]).max())
        raise RefusedMedia(
            f"samples reach {highest:.3g} times full scale, more than 32-bit numbers hold",
            "scale the recording to full scale 1.0",
        )
    return narrow


def audio_frame(samples: np.ndarray, *, rate_hz: int, layout: str, first_sample: int) -> av.AudioFrame:
    """Return a frame in `FORMAT` from float32 samples, shape (channels, samples), full scale 1."""
    packed = np.ascontiguousarray(samples.T, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format=FORMAT, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, first_sample, Fraction(1, rate_hz)
    return frame


def ints_of(frame: av.AudioFrame) -> np.ndarray:
    """Return the unscaled numbers of a frame, shape (samples, channels)."""
    channels = frame.layout.nb_channels
    if frame.format.is_planar and channels == PLANES_THAT_FAIL:
        (frame,) = av.AudioResampler(format=frame.format.packed).resample(frame)
    data = _array_of(frame)
    return data.T if frame.format.is_planar else data.reshape(-1, channels)


def samples_of(frame: av.AudioFrame) -> np.ndarray:
    """Return a frame's samples as float32, shape (channels, samples), integers divided by their full scale."""
    return as_float32(ints_of(frame).T)[0]


def _array_of(frame: av.AudioFrame) -> np.ndarray:
    """Return a frame's numbers, shape (planes, numbers); PyAV's `to_ndarray` lacks integers of 64 bits."""
    if frame.format.name not in ("s64", "s64p"):
        return frame.to_ndarray()
    count = frame.samples * (1 if frame.format.is_planar else frame.layout.nb_channels)
    return np.stack([np.frombuffer(bytes(plane), np.int64)[:count] for plane in frame.planes])
