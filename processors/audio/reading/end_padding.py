"""Encoder padding at the end of audio."""

from __future__ import annotations

import numpy as np

MAX_AAC_SAMPLES = 2048
"""Longest AAC frame, with spectral band replication (ISO/IEC 14496-3, 4.5.2.1 and 4.6.18)."""
MAX_OPUS_SAMPLES = 5760
"""Longest Opus packet, at 48 kHz (RFC 6716, 3.2.5)."""

TICKS_PER_SECOND = 1000
"""Time scale of most MP4 movies and their edit lists: a declared length may be up to one tick too short."""


def tick_samples(rate_hz: int) -> int:
    """Return the samples per tick of the movie, rounded up."""
    return -(-rate_hz // TICKS_PER_SECOND)


class EndPadding:
    """Buffer of samples beyond the container's length, released if there are too many for padding.

    Parameters
    ----------
    sample_count : samples that are certainly audio; None: nothing is held back.
    max_samples : maximum of padding; with more, the length is wrong.
    """

    def __init__(self, sample_count: int | None, max_samples: int) -> None:
        self._left, self._max = None if sample_count is None else max(0, sample_count), max_samples
        self._held: list[np.ndarray] = []
        self._held_count = 0

    @property
    def sample_count(self) -> int:
        """Return the samples per channel held back; at the end, those discarded."""
        return self._held_count

    def passed(self, sample_count: int) -> None:
        """Count missing samples."""
        if self._left is not None:
            self._left = max(0, self._left - sample_count)

    def without(self, samples: np.ndarray) -> np.ndarray:
        """Return the certain audio of float32, shape (channels, samples), including samples held back before."""
        if self._left is None:
            return samples
        inside, beyond = samples[:, : self._left], samples[:, self._left :]
        self._left -= inside.shape[1]
        if beyond.shape[1]:
            self._held.append(beyond)
            self._held_count += beyond.shape[1]
        if self._held_count <= self._max:
            return inside
        parts = [inside, *self._held]  # the length is wrong: all of it is audio
        self._left, self._held, self._held_count = None, [], 0
        return np.concatenate(parts, axis=1)

    def release(self, sample_count: int) -> np.ndarray | None:
        """Return the first held-back samples, which turn out to be audio, or None."""
        if self._left is None or sample_count <= 0 or not self._held:
            return None
        held = np.concatenate(self._held, axis=1)
        self._held = [held[:, sample_count:]]
        self._held_count = self._held[0].shape[1]
        return held[:, :sample_count]
