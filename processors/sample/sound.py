"""Sound of the drive-off: motor hum, wheel impacts on the ramp, wind, and a small DC offset.

Levels are dB relative to full scale 1.0: of the peak if the name contains `peak`, otherwise RMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from processors.sample.files import Tags

Samples = NDArray[np.float64]
"""Samples, shape (samples,), full scale 1.0."""

_SEED = 2021
_SAMPLE_RATE_HZ = 48_000
_WAV_STARTS_EARLIER_SAMPLES = 61_440
_HUM_HZ = 118.0
_HUM_PEAK_DBFS = {1: -30.0, 2: -36.0, 3: -33.0, 4: -42.0, 6: -47.0}
_DC_OFFSET = 0.004
_WIND_DBFS = -42.0
_WIND_BAND_HZ = (6.0, 70.0)
_IMPACTS = ((0.873, -6.0), (2.214, -9.0), (3.391, -5.0), (4.402, -8.0), (6.127, -6.5), (7.318, -10.0), (8.955, -5.5))
"""Impacts: seconds into the clip, and peak level in dBFS."""


@dataclass(frozen=True, kw_only=True)
class Harmonic:
    number: int
    frequency_hz: float
    peak_dbfs: float
    rms_dbfs: float


@dataclass(frozen=True, kw_only=True)
class Impact:
    """One wheel impact; the onset is its first non-zero sample."""

    clip_seconds: float
    wav_seconds: float
    clip_sample: int
    wav_sample: int
    peak_dbfs: float


@dataclass(frozen=True, kw_only=True)
class SoundTruth:
    """Truth about the recording; the clip's sound is its part from `wav_starts_earlier_samples` on."""

    sample_rate_hz: int
    wav_sample_count: int
    clip_sample_count: int
    """Samples given to the encoder; a decoder may append up to one AAC frame of padding."""

    wav_starts_earlier_samples: int
    wav_starts_earlier_seconds: float
    """WAV time minus clip time of the same sound."""

    dc_offset: float
    """DC offset in units of full scale."""

    hum_fundamental_hz: float
    hum: list[Harmonic]
    wind_rms_dbfs: float
    wind_lowest_hz: float
    wind_highest_hz: float
    """Frequency at which the wind's spectrum has fallen by 3 dB."""

    impacts: list[Impact]


def sound_truth(clip_seconds: float) -> SoundTruth:
    """Return the truth for a clip of this length; the WAV file ends with the clip."""
    clip_sample_count = round(clip_seconds * _SAMPLE_RATE_HZ)
    return SoundTruth(
        sample_rate_hz=_SAMPLE_RATE_HZ,
        wav_sample_count=clip_sample_count + _WAV_STARTS_EARLIER_SAMPLES,
        clip_sample_count=clip_sample_count,
        wav_starts_earlier_samples=_WAV_STARTS_EARLIER_SAMPLES,
        wav_starts_earlier_seconds=_WAV_STARTS_EARLIER_SAMPLES / _SAMPLE_RATE_HZ,
        dc_offset=_DC_OFFSET,
        hum_fundamental_hz=_HUM_HZ,
        hum=[
            Harmonic(number=n, frequency_hz=n * _HUM_HZ, peak_dbfs=level, rms_dbfs=level - 10 * float(np.log10(2)))
            for n, level in _HUM_PEAK_DBFS.items()
        ],
        wind_rms_dbfs=_WIND_DBFS,
        wind_lowest_hz=_WIND_BAND_HZ[0],
        wind_highest_hz=_WIND_BAND_HZ[1],
        impacts=[_impact(round(seconds * _SAMPLE_RATE_HZ), level) for seconds, level in _IMPACTS],
    )


def synthesised_recording(truth: SoundTruth) -> Samples:
    """Synthesise the whole recording, as long as the WAV file."""
    rng = np.random.default_rng(_SEED)
    seconds = np.arange(truth.wav_sample_count) / truth.sample_rate_hz
    samples = _wind(rng, truth) + truth.dc_offset
    for sine in truth.hum:
        samples += _gain(sine.peak_dbfs) * np.sin(2 * np.pi * sine.frequency_hz * seconds + rng.uniform(0, 2 * np.pi))
    for impact in truth.impacts:
        burst = _burst(rng, truth.sample_rate_hz) * _gain(impact.peak_dbfs)
        samples[impact.wav_sample : impact.wav_sample + burst.size] += burst
    return samples


def write_wav(path: Path, samples: Samples, sample_rate_hz: int, tags: Tags | None = None) -> None:
    """Write a 24-bit WAV file with `tags` in a LIST-INFO chunk."""
    with soundfile.SoundFile(path, "w", sample_rate_hz, 1, "PCM_24", format="WAV") as file:
        if tags:
            file.title = tags.title
            file.comment = tags.comment
        file.write(samples)


def _impact(clip_sample: int, peak_dbfs: float) -> Impact:
    wav_sample = clip_sample + _WAV_STARTS_EARLIER_SAMPLES
    return Impact(
        clip_seconds=clip_sample / _SAMPLE_RATE_HZ,
        wav_seconds=wav_sample / _SAMPLE_RATE_HZ,
        clip_sample=clip_sample,
        wav_sample=wav_sample,
        peak_dbfs=peak_dbfs,
    )


def _gain(dbfs: float) -> float:
    return 10 ** (dbfs / 20)


def _wind(rng: np.random.Generator, truth: SoundTruth) -> Samples:
    """Synthesise low-frequency noise that swells and fades within seconds."""
    frequency_hz = np.fft.rfftfreq(truth.wav_sample_count, 1 / truth.sample_rate_hz)[1:]
    falls = (1 + (truth.wind_lowest_hz / frequency_hz) ** 2) * (1 + (frequency_hz / truth.wind_highest_hz) ** 4)
    spectrum = np.fft.rfft(rng.standard_normal(truth.wav_sample_count)) * np.concatenate([[0], falls**-0.5])
    noise = np.fft.irfft(spectrum, truth.wav_sample_count)
    knots = rng.uniform(0.35, 1.6, truth.wav_sample_count // truth.sample_rate_hz + 3)
    gusts = np.interp(np.arange(truth.wav_sample_count) / truth.sample_rate_hz, np.arange(knots.size), knots)
    wind = noise * gusts
    return wind * _gain(truth.wind_rms_dbfs) / np.sqrt(np.mean(wind**2))


def _burst(rng: np.random.Generator, sample_rate_hz: int) -> Samples:
    """Synthesise ringing metal with an initial clack, peak 1 within the first millisecond."""
    seconds = np.arange(round(0.45 * sample_rate_hz)) / sample_rate_hz
    ring = np.zeros(seconds.size)
    for frequency_hz, decay_seconds, weight in (
        (410, 0.060, 0.9),
        (760, 0.040, 0.8),
        (1330, 0.025, 0.7),
        (2250, 0.012, 0.6),
    ):
        tuned_hz = frequency_hz * rng.uniform(0.94, 1.06)
        ring += weight * np.exp(-seconds / decay_seconds) * np.cos(2 * np.pi * tuned_hz * seconds)
    low_pass = np.exp(-np.arange(64) * 2 * np.pi * 3000 / sample_rate_hz)
    clack = np.convolve(rng.standard_normal(seconds.size) * np.exp(-seconds / 0.004), low_pass)[: seconds.size]
    burst = ring + 0.5 * clack
    return burst / np.abs(burst).max()
