"""Block of decoded audio samples with cached views."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, kw_only=True)
class AudioBlock:
    """A block of consecutive samples."""

    samples: np.ndarray
    """float32, shape (channels, samples); full scale is −1 to 1; integers are divided by their full scale."""
    first_sample: int
    """Index of the first sample, counted from the first decoded one."""
    is_rounded: bool = False
    """True if the file's own number has more significant bits than float32 holds, for any of them."""

    @cached_property
    def non_finite_count(self) -> int:
        """Count NaN and infinities over all channels; a finite sum quickly shows that there are none."""
        with np.errstate(all="ignore"):
            if np.isfinite(self.samples.sum()):
                return 0
        return int(self.samples.size - np.count_nonzero(np.isfinite(self.samples)))

    @cached_property
    def finite_samples(self) -> np.ndarray:
        """Return the samples with zero in place of NaN and infinities; treat as read-only."""
        if not self.non_finite_count:
            return self.samples
        return np.where(np.isfinite(self.samples), self.samples, np.float32(0))
