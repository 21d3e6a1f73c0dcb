"""Impulses: sudden rises of the envelope, in the sample-to-sample change or in the swing of the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from processors.audio.envelope import EnvelopeFacts, EnvelopeSteps, steps_of

RUN_SECONDS = 60.0
BACKGROUND_SECONDS = 1.0
"""Background on each side with which an impulse is compared, in s."""
RISE_SECONDS = 0.004
"""Time within which it must rise by half the threshold, in s. A recording that begins loud rises from an unknown level:
a rise that starts within this time of the first sample is no impulse."""
QUIET_BEFORE_SECONDS = 0.05
"""Quiet time before a thump, in s: a swing of 20 Hz, so that the swings of wind and hum do not count."""
END_ABOVE_DB = 6.0
"""Level above the background at which it ends, in dB."""
END_SMOOTH_SECONDS = 0.02
MAX_SECONDS = 1.0
MIN_AFTER_SECONDS = 0.01
"""Minimum time from an impulse to the last sample, in s: audio that stops within a codec's block ends in a click of the
codec. Measured: AAC makes one 5 ms before the end."""
GAP_SECONDS = 0.1
"""Margin around missing samples, in s, in which a start or stop is no impulse; a decoder takes so long to settle."""
APART_SECONDS = 0.05
"""Time within which impulses are merged, in s."""
FLOOR = 1e-12
MIN_STEP_SAMPLES = 2
"""Minimum number of samples per step: the power of a single noise sample varies as much as an impulse's."""


@dataclass(frozen=True, kw_only=True)
class Impulse:
    """Rise of the level; times are in the source, half open."""

    start_seconds: float
    end_seconds: float
    peak: float
    """Highest magnitude over all channels; full scale is 1."""
    excess_db: float


def why_no_impulses(facts: EnvelopeFacts) -> str | None:
    """Return the reason why impulses cannot be distinguished from noise; None if they can.

    Parameters
    ----------
    facts : of the envelope.
    """
    if facts.step_samples >= MIN_STEP_SAMPLES and facts.step_seconds <= RISE_SECONDS:
        return None
    return f"impulses are not looked for at {facts.rate_hz} Hz: they rise within {1000 * RISE_SECONDS:g} ms"


def impulses(path: Path, facts: EnvelopeFacts, threshold_db: float) -> Iterator[Impulse]:
    """Yield the impulses of a whole recording, in order.

    Parameters
    ----------
    facts : facts of the envelope.
    threshold_db : minimum rise of the change's power above its running median.
    """
    step_seconds, first_seconds = facts.step_seconds, facts.first_seconds
    margin = round((BACKGROUND_SECONDS + MAX_SECONDS) / step_seconds)
    total_seconds = first_seconds + facts.sample_count / facts.rate_hz
    last_end, missing = -np.inf, facts.missing_seconds
    for steps in steps_of(path, round(RUN_SECONDS / step_seconds), margin):
        for onset, end, excess_db in _found(steps, step_seconds, threshold_db):
            start_seconds = first_seconds + (steps.first_step + onset) * step_seconds
            outside = not first_seconds + RISE_SECONDS <= start_seconds <= total_seconds - MIN_AFTER_SECONDS
            at_gap = any(first - GAP_SECONDS <= start_seconds <= end + GAP_SECONDS for first, end in missing)
            if outside or at_gap or start_seconds - last_end < APART_SECONDS:
                continue
            last_end = first_seconds + (steps.first_step + end) * step_seconds
            peak = max(float(steps.highest[:, onset:end].max()), -float(steps.lowest[:, onset:end].min()))
            yield Impulse(start_seconds=start_seconds, end_seconds=last_end, peak=peak, excess_db=excess_db)


def _found(steps: EnvelopeSteps, step_seconds: float, threshold_db: float) -> list[tuple[int, int, float]]:
    """Return onset, end and excess of the impulses that begin in the run's own steps, in order.

    A click shows in the sample-to-sample change; a thump, whose samples change slowly, in the range of its samples.
    """
    middle = (steps.highest + steps.lowest).mean(axis=0) / 2
    rest = np.repeat(_median(middle[::8], step_seconds), 8)[: len(middle)]
    swing = np.maximum(steps.highest.max(axis=0) - rest, rest - steps.lowest.min(axis=0))
    clicks = _rises(steps, steps.change_power, step_seconds, threshold_db, _lowest_before, threshold_db / 2)
    thumps = _rises(steps, swing * swing, step_seconds, threshold_db, _highest_before, threshold_db)
    taken = np.zeros(len(middle) + 1, bool)
    apart = round(APART_SECONDS / step_seconds)
    for onset, end, _ in clicks:
        taken[max(0, onset - apart) : end + apart] = True
    return sorted([*clicks, *(one for one in thumps if not taken[one[0] : one[1]].any())])


def _rises(
    steps: EnvelopeSteps,
    power: np.ndarray,
    step_seconds: float,
    threshold_db: float,
    before: Callable[[np.ndarray, float], np.ndarray],
    least_rise_db: float,
) -> list[tuple[int, int, float]]:
    """Return onset, end and excess of power above its background, and suddenly above the power `before`."""
    found = []
    level_db = 10 * np.log10(np.maximum(power, FLOOR))
    above = level_db - np.repeat(_median(level_db[::8], step_seconds), 8)[: len(level_db)]
    rise = max(1, round(RISE_SECONDS / step_seconds))
    sudden = (above >= threshold_db) & (level_db - before(level_db, step_seconds) >= least_rise_db)
    smooth_db = _smooth(power, 2 * round(END_SMOOTH_SECONDS / step_seconds / 2) + 1)
    quiet_again = smooth_db - np.repeat(_median(smooth_db[::8], step_seconds), 8)[: len(level_db)] < END_ABOVE_DB
    longest, free_from = round(MAX_SECONDS / step_seconds), 0
    for place in np.flatnonzero(sudden).tolist():
        if place < free_from:
            continue
        onset = place
        while onset > max(0, place - rise) and above[onset - 1] > threshold_db / 2:
            onset -= 1
        ends = np.flatnonzero(quiet_again[place + 1 : place + longest])
        end = place + 1 + (int(ends[0]) if len(ends) else min(longest, len(above) - place) - 1)
        free_from = end + round(APART_SECONDS / step_seconds)
        if steps.core.start <= onset < steps.core.stop:
            found.append((onset, end, float(above[onset:end].max())))
    return found


def _lowest_before(level_db: np.ndarray, step_seconds: float) -> np.ndarray:
    """Return the lowest level within `RISE_SECONDS` before each step."""
    import scipy.ndimage

    half = max(1, round(RISE_SECONDS / step_seconds)) // 2
    return scipy.ndimage.minimum_filter1d(level_db, size=2 * half + 3, origin=half + 1)


def _highest_before(level_db: np.ndarray, step_seconds: float) -> np.ndarray:
    """Return the highest level within `QUIET_BEFORE_SECONDS` before the rise to each step: slow swings rise once."""
    import scipy.ndimage

    half = max(1, round(QUIET_BEFORE_SECONDS / step_seconds)) // 2
    highest = scipy.ndimage.maximum_filter1d(level_db, size=2 * half + 1, origin=half)
    rise = 2 * (max(1, round(RISE_SECONDS / step_seconds)) // 2) + 3
    return np.concatenate([np.full(rise, highest[0]), highest])[: len(highest)]


def _median(level_db: np.ndarray, step_seconds: float) -> np.ndarray:
    """Return the running median of every 8th step: sufficient over seconds, and 8 times as fast."""
    import scipy.ndimage

    return scipy.ndimage.median_filter(level_db, size=max(3, round(2 * BACKGROUND_SECONDS / step_seconds / 8)))


def _smooth(power: np.ndarray, size: int) -> np.ndarray:
    """Return the power over `size` steps from each on, in dB, so that a hum's swing does not end an impulse."""
    import scipy.ndimage

    ahead = scipy.ndimage.uniform_filter1d(power.astype(np.float64), size, origin=-(size // 2))
    return 10 * np.log10(np.maximum(ahead, FLOOR))
