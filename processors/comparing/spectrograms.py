"""Comparison of two power spectrograms in dB, also of files larger than memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

FLOOR_POWER = 1e-12
"""Power at -120 dB re full scale, below the range of 16-bit audio; lower values are clipped to it."""
RUN_FRAMES = 512
STEP_DB, MAX_DB = 0.01, 400.0
PICTURE_COLUMNS, PICTURE_ROWS = 1200, 512


def compare_power(first: Path, second: Path, out: Path | None) -> dict[str, float | str | None]:
    """Compute second minus first, at the times and frequencies of the coarser one and the nearest ones of the other.

    Parameters
    ----------
    out : file for a plot of the difference; None draws none.

    Returns
    -------
    dict : mean, mean absolute, 95th percentile absolute and maximum absolute difference in dB, the last two to
        0.01 dB; empty for a netCDF file without power or with different channels.
    """
    import h5py

    with h5py.File(first, "r") as one, h5py.File(second, "r") as other:
        if "power" not in one or "power" not in other:
            return {}
        a, b = _dataset(one, "power"), _dataset(other, "power")
        if a.shape[0] != b.shape[0] or 0 in (a.size, b.size):
            return {}
        (time_a, time_b), (hz_a, hz_b) = (
            (_dataset(one, axis)[:], _dataset(other, axis)[:]) for axis in ("time", "frequency")
        )
        times = _common(time_a, time_b)
        hz = _common(hz_a, hz_b)
        at_a, at_b = _nearest(time_a, times), _nearest(time_b, times)
        bands_a, bands_b = _nearest(hz_a, hz), _nearest(hz_b, hz)
        seen = _Seen(len(times), len(hz))
        for begin in range(0, len(times), RUN_FRAMES):
            run = slice(begin, begin + RUN_FRAMES)
            seen.add(begin, _db(b, at_b[run], bands_b) - _db(a, at_a[run], bands_a))
    if out:
        seen.draw(out, times, hz)
    return seen.numbers()


def _common(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the points of the coarser axis that are within both."""
    coarse = a if len(a) <= len(b) else b
    low, high = max(a[0], b[0]), min(a[-1], b[-1])
    inside = coarse[(coarse >= low) & (coarse <= high)]
    return inside if len(inside) else coarse[:1]


def _nearest(axis: np.ndarray, points: np.ndarray) -> np.ndarray:
    right = np.clip(np.searchsorted(axis, points), 1, max(1, len(axis) - 1))
    right = np.minimum(right, len(axis) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(points - axis[left] <= axis[right] - points, left, right)


def _db(power: Any, frames: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Return the mean of the channels' dB, float32, shape (frames, bands)."""
    first, last = int(frames.min()), int(frames.max())
    block = power[:, first : last + 1, :][:, frames - first, :][:, :, bands]
    return (10 * np.log10(np.maximum(block, FLOOR_POWER))).mean(axis=0)


def _dataset(file: Any, name: str) -> Any:
    return file[name]


class _Seen:
    """Accumulator of differences: statistics, and pooled values for a plot."""

    def __init__(self, frames: int, bands: int) -> None:
        self._counts = np.zeros(int(MAX_DB / STEP_DB), np.int64)
        self._sum = self._absolute = 0.0
        self._count = 0
        self._column = np.minimum(np.arange(frames) * PICTURE_COLUMNS // frames, PICTURE_COLUMNS - 1)
        if frames <= PICTURE_COLUMNS:
            self._column = np.arange(frames)
        self._row = np.arange(bands) * min(bands, PICTURE_ROWS) // bands
        self._pooled = np.zeros((self._column[-1] + 1, self._row[-1] + 1))
        self._in_pool = np.zeros_like(self._pooled)

    def add(self, begin: int, difference: np.ndarray) -> None:
        size = np.abs(difference)
        at = np.minimum((size / STEP_DB).astype(np.int64), len(self._counts) - 1)
        self._counts += np.bincount(at.ravel(), minlength=len(self._counts))
        self._sum += float(difference.sum(dtype=np.float64))
        self._absolute += float(size.sum(dtype=np.float64))
        self._count += difference.size
        columns = self._column[begin : begin + len(difference)]
        np.add.at(self._pooled, (columns[:, None], self._row[None, :]), difference)
        np.add.at(self._in_pool, (columns[:, None], self._row[None, :]), 1)

    def numbers(self) -> dict[str, float | str | None]:
        return {
            "mean_db": round(self._sum / self._count, 4),
            "mean_absolute_db": round(self._absolute / self._count, 4),
            "percentile_95_db": self._quantile(0.95),
            "largest_db": round(float(np.flatnonzero(self._counts)[-1]) * STEP_DB, 2),
            "compared_frames": len(self._column),
            "compared_bands": len(self._row),
        }

    def _quantile(self, share: float) -> float:
        reached = np.cumsum(self._counts) >= share * self._count
        return round(float(np.argmax(reached)) * STEP_DB, 2)

    def draw(self, path: Path, times: np.ndarray, hz: np.ndarray) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 5), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        most = max(1.0, self._quantile(0.99))
        shown = axes.imshow(
            (self._pooled / self._in_pool).T,
            origin="lower",
            aspect="auto",
            cmap="RdBu_r",
            vmin=-most,
            vmax=most,
            extent=(float(times[0]), float(times[-1]), float(hz[0]), float(hz[-1])),
            interpolation="nearest",
        )
        axes.set(xlabel="presentation time (s)", ylabel="frequency (Hz)", title="second minus first")
        figure.colorbar(shown, ax=axes, label="difference (dB)")
        figure.savefig(path)
