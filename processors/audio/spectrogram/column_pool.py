"""Columns of mean power over ever longer runs of frames, so that any length fits a picture of constant width."""

from __future__ import annotations

import numpy as np


def means_of_runs(power: np.ndarray, run_frames: int) -> np.ndarray:
    """Return means of each `run_frames` frames: from float32, shape (frames, ...), to (frames / run_frames, ...)."""
    if run_frames == 1:
        return power
    return power.reshape(-1, run_frames, *power.shape[1:]).mean(axis=1, dtype=np.float32)


class ColumnPool:
    """Pool of `columns` to twice as many columns; each but the last represents the same number of frames."""

    def __init__(self, columns: int, column_shape: tuple[int, ...]) -> None:
        self.frames_per_column = 1
        self._columns = np.empty((2 * columns, *column_shape), np.float32)
        self._count = 0
        self._sum = np.zeros(column_shape)
        self._summed = 0

    def add(self, power: np.ndarray, frames_each: int = 1) -> None:
        """Add frames, float32, shape (frames, ...), or the means of runs of `frames_each`, which divides a column."""
        first = 0
        while first < len(power):
            per_column = self.frames_per_column // frames_each
            whole = (len(power) - first) // per_column if not self._summed else 0
            if whole:
                count = min(whole, len(self._columns) - self._count)
                end = first + count * per_column
                self._keep(means_of_runs(power[first:end], per_column))
            else:
                end = min(first + per_column - self._summed // frames_each, len(power))
                self._sum += power[first:end].sum(axis=0, dtype=np.float64) * frames_each
                self._summed += (end - first) * frames_each
                if self._summed == self.frames_per_column:
                    self._keep((self._sum / self._summed).astype(np.float32)[None])
                    self._sum[...], self._summed = 0, 0
            first = end

    def _keep(self, columns: np.ndarray) -> None:
        self._columns[self._count : self._count + len(columns)] = columns
        self._count += len(columns)
        if self._count == len(self._columns):
            self._count //= 2
            self._columns[: self._count] = (self._columns[::2] + self._columns[1::2]) / 2
            self.frames_per_column *= 2

    def columns(self) -> np.ndarray:
        """Return the columns, float32, shape (columns, ...); the last may represent fewer frames."""
        kept = self._columns[: self._count]
        return np.concatenate([kept, (self._sum / self._summed).astype(np.float32)[None]]) if self._summed else kept

    def mean(self) -> np.ndarray:
        """Return the mean over all frames, float64, shape (...)."""
        total = self._columns[: self._count].sum(axis=0, dtype=np.float64) * self.frames_per_column + self._sum
        return total / (self._count * self.frames_per_column + self._summed)
