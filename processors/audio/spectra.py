"""What the power spectrogram says of a whole recording: densities, bands, the strongest tone and the codec's edge."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from processors.audio.bands import Band, Tone, fractional_octaves, strongest_tone
from processors.audio.cutoff import Cutoff, find_cutoff
from processors.audio.density import DensityTally
from processors.audio.power_file import frames_of, mean_power_of
from processors.audio.spectrogram import ARRAY, Spectrogram
from processors.audio.stft import Scale, window_of
from processors.contract import Item, Need, Reads, Using, require

PERCENTS = (1, 5, 50, 95, 99)


@dataclass(frozen=True, kw_only=True)
class ChannelSpectrum:
    """One channel of the spectrogram."""

    channel: str
    frame_count: int
    """Frames that hold nothing but samples; where the recording is shorter than a window, all frames count."""
    bands: tuple[Band, ...]
    strongest_tone: Tone | None
    cutoff: Cutoff | None
    """None: no edge was found."""


@dataclass(frozen=True, kw_only=True)
class SpectraFacts:
    """All channels."""

    reference: str
    channels: tuple[ChannelSpectrum, ...]


@dataclass(frozen=True, kw_only=True)
class Spectra:
    """Power spectral density in dBFS/Hz (Welch) with percentiles, octave and third-octave bands, tone and cut-off.

    0 dBFS/Hz is a mean square of full scale 1.0 squared, per Hz, as `scipy.signal.welch(..., detrend=False)` gives it.
    """

    name: ClassVar[str] = "audio.spectra"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "results"

    spectrogram: Spectrogram = field(default_factory=Spectrogram)

    def __post_init__(self) -> None:
        require(self.spectrogram.keep == "array", "spectrogram", self.spectrogram.keep, "must keep the array")

    def uses(self) -> tuple[Spectrogram, ...]:
        return (self.spectrogram,)

    def needs(self, info: Using) -> Need:
        return Need()

    def start(self, info: Using, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Spectra, info: Using) -> None:
        result = info.results[processor.spectrogram.name]
        self._path = result.path(ARRAY)
        self._facts: Any = result.facts(ARRAY)
        self._processor = processor

    def feed(self, unit: object) -> Iterator[Item]:
        yield from ()

    def finish(self) -> Iterator[Item]:
        facts = self._facts
        size, hop, rate_hz = facts["window_samples"], facts["hop_samples"], facts["rate_hz"]
        first = -(-(size // 2) // hop)  # the first frame without padding, and the first one after the last
        end = (facts["sample_count"] - size // 2) // hop + 1
        if end <= first:
            first, end = 0, facts["frame_count"]
        tallies = [DensityTally(facts["band_count"]) for _ in range(facts["channel_count"])]
        names: list[str] = ["mean"] if facts["channel_count"] == 1 else list(map(str, range(facts["channel_count"])))
        for run in frames_of(self._path):
            whole = slice(max(0, first - run.first_frame), max(0, end - run.first_frame))
            for tally, power in zip(tallies, run.power[:, whole], strict=True):
                tally.add(power)
        scale = Scale(window=window_of(self._processor.spectrogram.window, size), rate_hz=rate_hz)
        factor = scale.density_per_power() if facts["scaling"] == "power" else np.ones(facts["band_count"])
        frequency_hz = np.fft.rfftfreq(size, 1 / rate_hz)
        table = io.StringIO()
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["channel", "frequency_hz", "mean_dbfs_per_hz", *(f"p{p}_dbfs_per_hz" for p in PERCENTS)])
        spectra = []
        for name, tally, power in zip(names, tallies, mean_power_of(self._path), strict=True):
            mean = power * factor
            columns = [mean, *(tally.percentile(percent) * factor for percent in PERCENTS)]
            for hz, *values in zip(frequency_hz, *columns, strict=True):
                rows.writerow([name, f"{hz:.6g}", *(_decibels(value) for value in values)])
            spectra.append(_spectrum(name, frequency_hz, mean, tally.frame_count))
        found = SpectraFacts(
            reference="full scale 1.0; a sine of full scale has −3.01 dBFS rms", channels=tuple(spectra)
        )
        yield Item(name="spectra.csv", media_type="text/csv", data=table.getvalue().encode(), facts=found)


def _spectrum(name: str, frequency_hz: np.ndarray, density: np.ndarray, frame_count: int) -> ChannelSpectrum:
    return ChannelSpectrum(
        channel=name,
        frame_count=frame_count,
        bands=tuple(band for fraction in (1, 3) for band in fractional_octaves(frequency_hz, density, fraction)),
        strongest_tone=strongest_tone(frequency_hz, density),
        cutoff=find_cutoff(frequency_hz, density),
    )


def _decibels(mean_square: float) -> str:
    """Empty for none at all: silence has no level."""
    return f"{10 * np.log10(mean_square):.3f}" if mean_square > 0 else ""
