"""What an encoder added at the end of a sound to fill its last packet."""

from __future__ import annotations

import numpy as np

MAX_AAC_SAMPLES = 2048
"""AAC's frame, twice as long with spectral band replication (ISO/IEC 14496-3, 4.5.2.1 and 4.6.18)."""
MAX_OPUS_SAMPLES = 5760
"""Of a packet, at 48 kHz (RFC 6716, 3.2.5)."""

TICKS_PER_SECOND = 1000
"""Of most MP4 movies, in which their edit lists count: the length that they give may be up to a tick too short."""


def tick_samples(rate_hz: int) -> int:
    """Samples in a tick of the movie, rounded up."""
    return -(-rate_hz // TICKS_PER_SECOND)


class EndPadding:
    """Holds back what lies beyond the length that the container gives; lets it go where it is too much for padding.

    Parameters
    ----------
    sample_count : what is sound for certain; None: nothing is held back.
    max_samples : more than this is no padding: the length is wrong.
    """

    def __init__(self, sample_count: int | None, max_samples: int) -> None:
        self._left, self._max = None if sample_count is None else max(0, sample_count), max_samples
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
        if self.sample_count <= self._max:
            return inside
        parts = [inside, *self._held]  # the length is wrong: all of it is sound
        self._left, self._held = None, []
        return np.concatenate(parts, axis=1)

    def release(self, sample_count: int) -> np.ndarray | None:
        """The first of what is held back, that turns out to be sound; None where there is none."""
        if self._left is None or sample_count <= 0 or not self._held:
            return None
        held = np.concatenate(self._held, axis=1)
        self._held = [held[:, sample_count:]]
        return held[:, :sample_count]
