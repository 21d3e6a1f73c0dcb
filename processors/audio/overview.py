"""Columns of mean power over ever longer runs of frames, so that any length fits a picture of constant width."""

from __future__ import annotations

import numpy as np


class ColumnPool:
    """Keeps from `columns` to twice as many columns; each but the last stands for the same number of frames."""

    def __init__(self, columns: int) -> None:
        self._limit = 2 * columns
        self.frames_per_column = 1
        self._full: list[np.ndarray] = []
        self._sum: np.ndarray | None = None
        self._summed = 0

    def add(self, power: np.ndarray) -> None:
        """Add frames, float32, shape (frames, ...)."""
        first = 0
        while first < len(power):
            whole = (len(power) - first) // self.frames_per_column if not self._summed else 0
            if whole:
                count = min(whole, self._limit - len(self._full))
                end = first + count * self.frames_per_column
                runs = power[first:end].reshape(count, self.frames_per_column, *power.shape[1:])
                self._keep(runs.mean(axis=1, dtype=np.float32))
            else:
                end = min(first + self.frames_per_column - self._summed, len(power))
                total = power[first:end].sum(axis=0, dtype=np.float64)
                if self._sum is not None:
                    total += self._sum
                self._sum, self._summed = total, self._summed + end - first
                if self._summed == self.frames_per_column:
                    self._keep((total / self._summed).astype(np.float32)[None])
                    self._sum, self._summed = None, 0
            first = end

    def _keep(self, columns: np.ndarray) -> None:
        self._full += list(columns)
        if len(self._full) == self._limit:
            self._full = [(a + b) / 2 for a, b in zip(self._full[::2], self._full[1::2], strict=True)]
            self.frames_per_column *= 2

    def columns(self) -> np.ndarray:
        """float32, shape (columns, ...); the last column may stand for fewer frames."""
        last = [(self._sum / self._summed).astype(np.float32)] if self._sum is not None else []
        return np.stack(self._full + last)
