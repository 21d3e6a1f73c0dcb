"""Missing samples of a recording: where they are, and their share of a window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.runs_of_true import runs_of_true

MAX_RUNS = 1000
"""Maximum of runs; with more, the last one extends to the end of the last."""


class MissingRuns:
    """Half-open runs of samples that are NaN or infinite in any channel, in order."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, int]] = []

    def add(self, first_sample: int, finite: np.ndarray) -> None:
        """Add a mask of samples finite in all channels: bool, shape (samples,), from `first_sample` on."""
        for first, end in runs_of_true(~finite):
            joins = self.runs and (self.runs[-1][1] == first_sample + first or len(self.runs) == MAX_RUNS)
            start = self.runs.pop()[0] if joins else first_sample + first
            self.runs.append((start, first_sample + end))

    def seconds(self, rate_hz: int, start_seconds: float) -> tuple[tuple[float, float], ...]:
        """Return the runs in seconds, with the first sample at `start_seconds`."""
        return tuple((start_seconds + first / rate_hz, start_seconds + end / rate_hz) for first, end in self.runs)


def without_missing(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return samples with zero in place of NaN and infinities, and where they are numbers: bool, same shape."""
    is_there = np.isfinite(samples)
    return (samples if is_there.all() else np.where(is_there, samples, np.float32(0))), is_there


def missing_share(runs: Sequence[tuple[float, float]], starts: np.ndarray, length: float) -> np.ndarray:
    """Return the missing share of each window, 0 to 1, shape of `starts`; all in the same unit."""
    if not runs:
        return np.zeros(len(starts))
    places = np.asarray(runs, float).ravel()
    lengths = np.diff(places)[::2]
    before = np.concatenate([[0.0], np.repeat(np.cumsum(lengths), 2)])[:-1]  # missing before each place
    until = np.interp(starts + length, places, before, left=0.0, right=lengths.sum())
    return (until - np.interp(starts, places, before, left=0.0, right=lengths.sum())) / length
