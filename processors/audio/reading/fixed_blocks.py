"""Sound in runs of one fixed length, so that no result depends on the blocks that a decoder happens to give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from processors.audio.reading.block import AudioBlock
from processors.audio.reading.missing_samples import MissingRuns


class BlockRechunker:
    """Gives what it is fed in runs of `run_samples`, each starting where the one before ended.

    NaN and infinities are taken as zero, and counted.
    """

    def __init__(self, run_samples: int) -> None:
        self._run_samples = run_samples
        self._waiting: list[np.ndarray] = []
        self._waiting_samples = 0
        self.non_finite = 0
        """NaN and infinities so far, over all channels."""
        self.missing = MissingRuns()

    def add(self, block: AudioBlock) -> Iterator[np.ndarray]:
        """Take a block; give whole runs, float32, shape (channels, run_samples)."""
        if block.non_finite_count:
            self.non_finite += block.non_finite_count
            self.missing.add(block.first_sample, np.asarray(np.isfinite(block.samples).all(axis=0)))
        samples = block.finite_samples
        self._waiting.append(samples)
        self._waiting_samples += samples.shape[1]
        if self._waiting_samples < self._run_samples:
            return
        joined = np.concatenate(self._waiting, axis=1) if len(self._waiting) > 1 else samples
        whole = joined.shape[1] // self._run_samples * self._run_samples
        self._waiting_samples = joined.shape[1] - whole
        self._waiting = [joined[:, whole:].copy()] if self._waiting_samples else []
        for first in range(0, whole, self._run_samples):
            yield joined[:, first : first + self._run_samples]

    def rest(self) -> np.ndarray | None:
        """The last, shorter run; None where the sound ends with a whole one."""
        return np.concatenate(self._waiting, axis=1) if self._waiting_samples else None
