"""What an encoder added at the end of a sound to fill its last packet."""

from __future__ import annotations

import numpy as np

MOST_SAMPLES = 2048
"""AAC's frame, twice as long with spectral band replication (ISO/IEC 14496-3, 4.5.2.1 and 4.6.18)."""


TICKS_PER_SECOND = 1000
"""Of most MP4 movies, in which their edit lists count: the length that they give may be up to a tick too short."""


class EndPadding:
    """Holds back what lies beyond the length that the container gives; lets it go where more than a frame does.

    Parameters
    ----------
    sample_count : what the container says; None: nothing is held back.
    """

    def __init__(self, sample_count: int | None, rate_hz: int) -> None:
        self._left = None if sample_count is None else sample_count + -(-rate_hz // TICKS_PER_SECOND)
        self._held: list[np.ndarray] = []

    @property
    def sample_count(self) -> int:
        """Samples per channel that are held back: at the end, what was left out."""
        return 0 if self._left is None else sum(part.shape[1] for part in self._held)

    def passed(self, sample_count: int) -> None:
        """So many samples are not there."""
        if self._left is not None:
            self._left = max(0, self._left - sample_count)

    def without(self, samples: np.ndarray) -> np.ndarray:
        """What is sound for certain, of float32, shape (channels, samples), and of what was held back before."""
        if self._left is None:
            return samples
        inside, beyond = samples[:, : self._left], samples[:, self._left :]
        self._left -= inside.shape[1]
        self._held.append(beyond)
        if sum(part.shape[1] for part in self._held) <= MOST_SAMPLES:
            return inside
        self._left, parts = None, [inside, *self._held]  # the length is wrong: all of it is sound
        return np.concatenate(parts, axis=1)
