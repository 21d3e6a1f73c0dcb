"""Sound in runs of one fixed length, so that no result depends on the block lengths of a decoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from processors.audio.reading.block import AudioBlock
from processors.audio.reading.missing_samples import MissingRuns


class BlockRechunker:
    """Collector that passes samples on to `take` in consecutive runs of `run_samples`.

    A run is float32, shape (channels, samples); NaN and infinities are counted, and zero in it.

    Parameters
    ----------
    keeps_missing : NaN and infinities stay as they are, for a measurement of which zeros are no part.
    """

    def __init__(self, run_samples: int, take: Callable[[np.ndarray], None], *, keeps_missing: bool = False) -> None:
        self._run_samples = run_samples
        self._take = take
        self._keeps_missing = keeps_missing
        self._waiting: list[np.ndarray] = []
        self._waiting_samples = 0
        self.non_finite = 0
        """NaN and infinities so far, over all channels."""
        self.missing = MissingRuns()

    def add(self, block: AudioBlock) -> None:
        """Take a block, and pass on the runs that it completes."""
        if block.non_finite_count:
            self.non_finite += block.non_finite_count
            self.missing.add(block.first_sample, np.asarray(np.isfinite(block.samples).all(axis=0)))
        samples = block.samples if self._keeps_missing else block.finite_samples
        self._waiting.append(samples)
        self._waiting_samples += samples.shape[1]
        if self._waiting_samples < self._run_samples:
            return
        joined = np.concatenate(self._waiting, axis=1) if len(self._waiting) > 1 else samples
        whole = joined.shape[1] // self._run_samples * self._run_samples
        self._waiting_samples = joined.shape[1] - whole
        self._waiting = [joined[:, whole:].copy()] if self._waiting_samples else []
        for first in range(0, whole, self._run_samples):
            self._take(joined[:, first : first + self._run_samples])

    def finish(self) -> None:
        """Pass on the last, shorter run, unless the sound ends with a complete one."""
        if self._waiting_samples:
            self._take(np.concatenate(self._waiting, axis=1))
