"""Levels of one channel, accumulated run by run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from processors.audio.levels.true_peak import TruePeak
from processors.runs_of_true import runs_of_true

BLOCK_SECONDS = 0.05
"""Block in which short-term level, silence and noise floor are measured, in s."""
CLIP_LEVEL = 32766 / 32768
"""Minimum magnitude of a clipped sample: the last two steps of 16 bit."""
CLIP_LEAST_SAMPLES = 3
FLOAT_CODECS = frozenset({"float", "double", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"})
"""Codecs that hold values beyond full scale: only a flat top is clipped."""
NOISE_PERCENT = 5


@dataclass(frozen=True, kw_only=True)
class SampleSpan:
    """Time range in the source, half open."""

    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class ChannelLevels:
    """Levels re full scale 1.0: a full-scale sine has a peak of 0 and an RMS of −3.01 dBFS. None: see `reason`."""

    channel: int
    peak_dbfs: float | None
    true_peak_dbtp: float | None
    """Oversampled 4 times; 2 times from 96 kHz; from 192 kHz on, as the standard allows, it is the peak."""
    rms_dbfs: float | None
    rms_without_dc_dbfs: float | None
    crest_factor_db: float | None
    """Peak over RMS, in dB."""
    dc_offset: float
    """Mean of the samples, in units of full scale. Reported, never removed."""
    noise_floor_dbfs: float | None
    """5th percentile of the RMS without DC over blocks of 50 ms."""
    clipped_sample_count: int
    """Number of clipped samples in runs of 3 or more."""
    clipping_run_count: int
    longest_clipping_run_samples: int
    reason: str | None


def decibels(amplitude: float) -> float | None:
    """Return 20 log10 of an amplitude; None for 0: silence has no level."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None


class ChannelTally:
    """Tally of one channel; every run but the last has the same length, a multiple of `block_samples`."""

    def __init__(self, channel: int, rate_hz: int, block_samples: int, *, codec: str) -> None:
        self._channel, self._block = channel, block_samples
        self._holds_more_than_full_scale = codec in FLOAT_CODECS
        self._true_peak = TruePeak(rate_hz)
        self._peak = self._sum = self._squares = 0.0
        self._samples = self._missing = self._clip_run = self._clip_runs = self._clipped = self._longest = 0
        self._variances: list[np.ndarray] = []
        self.quiet: list[np.ndarray] = []
        """Highest magnitude of each block."""

    def add(self, samples: np.ndarray, is_there: np.ndarray) -> None:
        """Add samples: float32, shape (samples,), zero where `is_there`, of the same shape, is False."""
        self._samples += len(samples)
        self._missing += len(samples) - int(np.count_nonzero(is_there))
        whole = len(samples) // self._block * self._block
        for part in (samples[:whole].reshape(-1, self._block), samples[whole:][None]):
            if part.size:
                means = part.mean(axis=1, dtype=np.float64)
                squares = np.einsum("ij,ij->i", part, part, dtype=np.float64)
                self._sum += float(means.sum() * part.shape[1])
                self._squares += float(squares.sum())
                self._variances.append(np.maximum(squares / part.shape[1] - means**2, 0))
                self.quiet.append(np.maximum(part.max(axis=1), -part.min(axis=1)))
        peak = max(float(magnitudes.max()) for magnitudes in self.quiet[-2:])
        self._peak = max(self._peak, peak)
        if peak >= CLIP_LEVEL or self._clip_run:
            clipped = np.abs(samples) >= CLIP_LEVEL
            if self._holds_more_than_full_scale:
                flat = np.concatenate([[False], samples[1:] == samples[:-1], [False]])
                clipped &= flat[1:] | flat[:-1]
            self._count_clipping(clipped)
        self._true_peak.add(samples, is_there)

    def _count_clipping(self, clipped: np.ndarray) -> None:
        """Count runs of clipped samples, one of which may have begun in the previous run."""
        runs = runs_of_true(clipped)
        if self._clip_run and not (runs and runs[0][0] == 0):
            self._end_clipping()
        for first, end in runs:
            self._clip_run = end - first + (self._clip_run if first == 0 else 0)
            if end < len(clipped):
                self._end_clipping()

    def _end_clipping(self) -> None:
        if self._clip_run >= CLIP_LEAST_SAMPLES:
            self._clip_runs += 1
            self._clipped += self._clip_run
            self._longest = max(self._longest, self._clip_run)
        self._clip_run = 0

    def finish(self, incomplete_blocks: list[int]) -> ChannelLevels:
        """Return the levels of the available samples.

        Parameters
        ----------
        incomplete_blocks : numbers of the blocks with missing samples, in this channel or another.
        """
        self._end_clipping()
        there = max(1, self._samples - self._missing)
        mean = self._sum / there
        rms = math.sqrt(self._squares / there)
        peak_db, rms_db = decibels(self._peak), decibels(rms)
        variances = np.concatenate(self._variances)
        whole = np.delete(variances, incomplete_blocks)
        variances = whole if whole.size else variances
        rms_without_dc_db = decibels(math.sqrt(max(rms * rms - mean * mean, 0.0)))
        floor_db = decibels(math.sqrt(float(np.percentile(variances, NOISE_PERCENT))))
        zero = "every sample is zero" + (", or no number and taken as zero" if self._missing else "")
        reasons = (
            (peak_db is None, zero),
            (rms_without_dc_db is None, "every sample is the same"),
            (floor_db is None, f"the quietest {NOISE_PERCENT} percent hold nothing, so there is no noise floor"),
        )
        return ChannelLevels(
            channel=self._channel,
            peak_dbfs=peak_db,
            true_peak_dbtp=decibels(self._true_peak.finish()),
            rms_dbfs=rms_db,
            rms_without_dc_dbfs=rms_without_dc_db,
            crest_factor_db=peak_db - rms_db if peak_db is not None and rms_db is not None else None,
            dc_offset=mean,
            noise_floor_dbfs=floor_db,
            clipped_sample_count=self._clipped,
            clipping_run_count=self._clip_runs,
            longest_clipping_run_samples=self._longest,
            reason=next((reason for is_missing, reason in reasons if is_missing), None),
        )


def silences(peaks: np.ndarray, least_blocks: int, limit: float) -> list[tuple[int, int]]:
    """Return runs of at least this many blocks, half open, whose highest magnitude is at most `limit`."""
    return [(first, end) for first, end in runs_of_true(peaks <= limit) if end - first >= least_blocks]
