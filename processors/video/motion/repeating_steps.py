"""Steps that repeat, in a clip whose rate was converted or whose codec treats pictures of different types differently.

After a conversion of the rate, pictures that were taken at uneven times are shown at even ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PERIODS = range(3, 9)
"""Numbers of steps that may repeat: 5 after 30 to 25 frames per second, 4 after 25 to 20, and 4 of the
three B-frames that x264 has by default; one of 2 is found as 4."""
MIN_REPEATS = 6
MAX_CHANCE = 1e-7
"""Probability of the F test above which a pattern is chance. Of 3,600 made curves without one, with errors of steps, of
positions or that last over several steps, the smallest is 7e-7."""
MIN_EXPLAINED = 0.25
"""Minimum share of the steps' scatter about their trend that a pattern explains."""


@dataclass(frozen=True, kw_only=True)
class RepeatingSteps:
    """Pattern of the steps of ln(scale) about their trend."""

    shares: tuple[float, ...]
    """Mean deviation of each step of the pattern from the trend, as a share of the trend."""
    trend: np.ndarray
    """ln(scale) per second of each step without the pattern."""

    @property
    def frames(self) -> int:
        """Return the number of frames after which the steps repeat."""
        return len(self.shares)

    @property
    def rms_share(self) -> float:
        """Return the rms of the deviations, as a share of the trend."""
        return float(np.sqrt(np.mean(np.square(self.shares))))

    def waves(self, seconds: np.ndarray) -> np.ndarray:
        """Return what the pattern adds to each step of ln(scale), shape (frames, steps): from each of its steps on.

        Parameters
        ----------
        seconds : time from each frame to the next.
        """
        starts, steps = np.arange(self.frames)[:, None], np.arange(len(seconds))
        return np.array(self.shares)[(starts + steps) % self.frames] * self.trend * seconds


def repeating_steps(times: np.ndarray, scale_logs: np.ndarray, missing: Sequence[int]) -> RepeatingSteps | None:
    """Return the pattern in which the steps of a growing or shrinking picture repeat; None if there is none.

    The trend is the mean over one period around each step, and a pattern is fitted to what is left (classical seasonal
    decomposition, with an analysis of variance). The pattern of least probability under chance counts.

    Parameters
    ----------
    missing : number of pictures that seem to be missing before each frame; its step is shared out.
    """
    steps = np.diff(scale_logs) / (1 + np.asarray(missing[1:])) / np.diff(times)
    found = [fit for period in PERIODS if len(steps) >= MIN_REPEATS * period and (fit := _fitted(steps, period))]
    best = min(found, key=lambda one: one[0], default=None)
    return best[1] if best else None


def _fitted(rates: np.ndarray, period: int) -> tuple[float, RepeatingSteps] | None:
    """Return the probability of a pattern under chance, and the pattern; None if it is chance."""
    window = np.ones(period) if period % 2 else np.array([0.5, *np.ones(period - 1), 0.5])
    trend = np.convolve(rates, window / period, "valid")
    first = len(window) // 2
    inside = rates[first : first + len(trend)]
    if not (np.all(trend > 0) or np.all(trend < 0)):
        return None
    away, place = inside - trend, np.arange(first, first + len(trend)) % period
    shares = np.array([(away * trend)[place == k].sum() / np.square(trend[place == k]).sum() for k in range(period)])
    shares -= shares.mean()
    left = float(np.square(away - shares[place] * trend).sum())
    explained = float(np.square(away).sum()) - left
    freedom = len(trend) - period
    if explained < MIN_EXPLAINED * (explained + left) or explained <= 0:
        return None
    from scipy.special import fdtrc  # imported late: 0.2 s that a plan need not pay

    chance = float(fdtrc(period - 1, freedom, explained / (period - 1) / max(left / freedom, 1e-300)))
    if chance > MAX_CHANCE:
        return None
    whole = np.pad(trend, (first, len(rates) - first - len(trend)), mode="edge")
    return chance, RepeatingSteps(shares=tuple(shares.tolist()), trend=whole)
