"""Detection of the same sound in two recordings, and their offset, by correlating the courses of their spectra."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import comb
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from processors.audio.spectrogram.netcdf import power_frames
from processors.store.progress_steps import Steps, silently

STEP_SECONDS = 0.01
BANDS_HZ = tuple(round(80 * 2 ** (n / 3), 1) for n in range(17))
"""Edges of third-octave bands from 80 Hz to 3.2 kHz: above, a phone's codec or Mars' air leaves little."""
FLOOR_POWER = 1e-9
"""Power added before the logarithm so that sound below -90 dBFS does not count."""
SLOW_STEPS = 151
"""Steps (1.5 s) of the running mean that is subtracted from levels: a steady hum or an equaliser does not count."""
MIN_OVERLAP_SECONDS = 2.0
MIN_OVERLAP_PART = 0.5
"""Minimum overlap as a fraction of the shorter recording."""
MIN_SCORE = 0.7
"""Minimum score: of 1596 pairs of sample sounds, the same ones reach 0.83 to 1, all others at most 0.54."""
MIN_CONFIDENCE = 1.3
WHOLE_PART, WHOLE_SCORE = 0.95, 0.95
"""Overlap and score from which a match is accepted even if a repetitive sound fits at several offsets."""
BESIDE_SECONDS = 0.25
"""Offsets this close to the best one count as the same."""
MAX_PAIRS = 500_000
"""Pairs compared; of recordings of a few minutes they take about two hours."""
MAX_SECONDS = 360_000
"""Total length of the recordings compared, 100 hours; their courses take 2.3 GB."""
MAX_TRANSFORM_BYTES = 1 << 30

NotCompared = Literal["shorter than 2 s", "sampled below 6.5 kHz", "nothing in them changes"]
"""Why a recording cannot be compared."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """Course of one recording's spectrum over time."""

    name: str
    """Identifier chosen by the caller; any text."""
    first_seconds: float
    """Presentation time of the first step."""
    levels: np.ndarray
    """float32, shape (bands, steps): log power minus its slow mean and minus the mean of all bands, so that neither
    hum nor mere loudness counts; all bands have the same spread."""

    @property
    def seconds(self) -> float:
        return self.levels.shape[1] * STEP_SECONDS


class Transforms:
    """Fourier transforms of courses; those used last are kept, up to a limit of memory."""

    def __init__(self, most_bytes: int = MAX_TRANSFORM_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[int, int], tuple[Course, np.ndarray]] = OrderedDict()
        self.kept_bytes = self.made_count = 0

    def of(self, course: Course, size: int) -> np.ndarray:
        """Return the transform of the levels, zero-padded to `size` steps: complex64, shape (bands, frequencies)."""
        place = id(course), size  # the course is kept, too, so that no other one gets its id
        if place in self._kept:
            self._kept.move_to_end(place)
            return self._kept[place][1]
        made = np.fft.rfft(course.levels, size, axis=1).astype(np.complex64)
        self.made_count += 1
        while self._kept and self.kept_bytes + made.nbytes > self._most_bytes:
            self.kept_bytes -= self._kept.popitem(last=False)[1][1].nbytes
        if self.kept_bytes + made.nbytes <= self._most_bytes:
            self._kept[place] = course, made
            self.kept_bytes += made.nbytes
        return made

    def group_size(self, courses: Sequence[Course]) -> int:
        """Return of how many courses, of about the length of these, two groups fit into the memory; at least 1."""
        total = sum(8 * one.levels.shape[0] * (1 << one.levels.shape[1].bit_length()) for one in courses)
        return max(1, self._most_bytes * len(courses) // (2 * max(1, total)))


@dataclass(frozen=True, kw_only=True)
class SameSound:
    """Two recordings that hold the same sound."""

    first: str
    second: str
    offset_seconds: float
    """Offset: time t of the second recording corresponds to t + offset of the first."""
    overlap_seconds: float
    score: float
    """Correlation of the courses in their overlap, -1 to 1."""
    confidence: float
    """Ratio of the score to the best one at any other offset."""


def course_of(name: str, spectrogram: Path) -> Course | NotCompared:
    """Read how a recording's power in bands changes, or return why it cannot be compared."""
    with h5py.File(spectrogram, "r") as file:
        frequency, time = np.asarray(file["frequency"]), np.asarray(file["time"])
        is_density = file.attrs.get("scaling") == "density"
        mean_square = np.asarray(file.attrs["noise_bandwidth_hz"]).item() if is_density else 1.0  # of a value
    edges = np.searchsorted(frequency, BANDS_HZ)
    if edges[-1] >= len(frequency):
        return "sampled below 6.5 kHz"
    if len(time) < 2:
        return "shorter than 2 s"
    rows = [_bands(run.power.mean(axis=0), edges) for run in power_frames(spectrogram)]
    power = np.concatenate(rows)
    steps = np.arange(time[0], time[-1], STEP_SECONDS)
    if len(steps) * STEP_SECONDS < MIN_OVERLAP_SECONDS:
        return "shorter than 2 s"
    levels = np.stack([np.interp(steps, time, np.log(band * mean_square + FLOOR_POWER)) for band in power.T])
    levels = levels - _slow(levels)
    levels = levels - levels.mean(axis=0)  # otherwise any two sounds with a sudden onset are alike
    spread = levels.std(axis=1, keepdims=True)
    levels = np.where(spread > 0.05, levels / np.maximum(spread, 1e-9), 0)
    if not levels.any():
        return "nothing in them changes"
    return Course(name=name, first_seconds=float(time[0]), levels=np.clip(levels, -3, 3).astype(np.float32))


def same_sounds(
    courses: Sequence[Course], steps: Steps = silently, transforms: Transforms | None = None
) -> list[SameSound]:
    """Return which of `MAX_PAIRS` pairs of recordings hold the same sound, in the order given.

    Parameters
    ----------
    transforms : room for intermediate results; None: `MAX_TRANSFORM_BYTES`.
    """
    transforms = transforms or Transforms()
    pairs = islice(_pairs(len(courses), transforms.group_size(courses)), MAX_PAIRS)
    found: dict[tuple[int, int], SameSound] = {}
    total = min(MAX_PAIRS, comb(len(courses), 2))
    for here, there in steps("Comparing sounds", pairs, total, noun="pair"):
        if same := compare_courses(courses[here], courses[there], transforms):
            found[here, there] = same
    return [found[pair] for pair in sorted(found)]


def _pairs(count: int, group_size: int) -> Iterator[tuple[int, int]]:
    """Yield all pairs of numbers below `count`, group against group, so that each number recurs soon."""
    for first in range(0, count, group_size):
        for second in range(first, count, group_size):
            for here in range(first, min(first + group_size, count)):
                for there in range(max(here + 1, second), min(second + group_size, count)):
                    yield here, there


def compare_courses(one: Course, other: Course, transforms: Transforms | None = None) -> SameSound | None:
    """Return the best offset between two recordings; None if none is distinct."""
    lengths = one.levels.shape[1], other.levels.shape[1]
    least = max(MIN_OVERLAP_SECONDS / STEP_SECONDS, MIN_OVERLAP_PART * min(lengths))
    lags = np.arange(-(lengths[1] - 1), lengths[0])
    overlaps = np.minimum(lengths[0], lags + lengths[1]) - np.maximum(0, lags)
    kept = overlaps >= least
    if not kept.any():
        return None
    size = 1 << (sum(lengths) - 1).bit_length()
    transforms = transforms or Transforms()
    bands = zip(transforms.of(one, size), transforms.of(other, size), strict=True)
    product = np.zeros(size // 2 + 1, np.complex64)
    for here, there in bands:
        product += here * there.conj()
    products = np.fft.irfft(product, size)[lags]  # a negative lag counts from the end
    energies = _energy(one, np.maximum(0, lags), np.minimum(lengths[0], lags + lengths[1]))
    energies *= _energy(other, np.maximum(0, -lags), np.minimum(lengths[1], lengths[0] - lags))
    scores = np.where(kept, products / np.sqrt(np.maximum(energies, 1e-6)), -1)
    best = int(scores.argmax())
    score = float(scores[best])
    if score < MIN_SCORE:
        return None
    beside = np.abs(lags - lags[best]) > BESIDE_SECONDS / STEP_SECONDS
    confidence = score / max(float(scores[beside].max(initial=0)), 0.05)
    is_whole = overlaps[best] >= WHOLE_PART * max(lengths) and score >= WHOLE_SCORE
    if confidence < MIN_CONFIDENCE and not is_whole:
        return None
    lag = lags[best] + _between(scores, best)
    offset = lag * STEP_SECONDS + one.first_seconds - other.first_seconds
    return SameSound(
        first=one.name,
        second=other.name,
        offset_seconds=round(float(offset), 4),
        overlap_seconds=round(float(overlaps[best] * STEP_SECONDS), 2),
        score=round(score, 4),
        confidence=round(confidence, 2),
    )


def _bands(power: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.add.reduceat(power, edges, axis=1)[:, :-1].astype(np.float64)


def _slow(levels: np.ndarray) -> np.ndarray:
    """Return the mean over `SLOW_STEPS` around each step, or over the available ones."""
    half = SLOW_STEPS // 2
    count = levels.shape[1]
    total = np.concatenate([np.zeros((levels.shape[0], 1)), np.cumsum(levels, axis=1)], axis=1)
    first, end = np.maximum(0, np.arange(count) - half), np.minimum(count, np.arange(count) + half + 1)
    return (total[:, end] - total[:, first]) / (end - first)


def _energy(course: Course, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum((course.levels.astype(np.float64) ** 2).sum(axis=0))])
    return total[np.clip(end, 0, len(total) - 1)] - total[np.clip(first, 0, len(total) - 1)]


def _between(scores: np.ndarray, best: int) -> float:
    """Return the vertex of a parabola through the best score and its neighbours, in steps from the best."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    before, at, after = scores[best - 1 : best + 2]
    curve = before - 2 * at + after
    return float(0.5 * (before - after) / curve) if curve < 0 and min(before, after) > -1 else 0.0
