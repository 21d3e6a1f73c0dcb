"""Spectra of a whole recording: densities, bands, the strongest tone and the codec's cut-off."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.levels.calibration import REFERENCE_PASCALS, Calibration, calibration_for
from processors.audio.reading.missing_samples import missing_share
from processors.audio.spectrogram.codec_cutoff import Cutoff, find_cutoff
from processors.audio.spectrogram.netcdf import mean_power_of, power_frames
from processors.audio.spectrogram.octave_bands import (
    MIN_BANDS_INSIDE,
    OctaveBand,
    Tone,
    fractional_octaves,
    strongest_tone,
)
from processors.audio.spectrogram.percentiles import DensityTally
from processors.audio.spectrogram.spectral_lines import LineFinder
from processors.audio.spectrogram.spectrogram import ARRAY, Spectrogram, SpectrogramFacts
from processors.audio.spectrogram.stft import Scale, window_of
from processors.contract import Inputs, Item, Reads, ReleaseContext, require
from processors.json_records import as_json
from processors.tables import Column, Table, csv_item

PERCENTS = (1, 5, 50, 95, 99)
WHICH = {"mean": "mean", **{f"p{percent}": f"percentile {percent} of the" for percent in PERCENTS}}
"""Statistic over the frames of the spectrogram, by its name in a column."""
SILENT = "empty for silence"

SPECTRA = Table(
    item="spectra.csv",
    title="Power spectral density",
    row="a channel and a frequency",
    columns=(
        Column("channel", "text", "number of the channel, from 0, or `mean`: the mean power of all channels"),
        Column("frequency_hz", "Hz", "middle of the band"),
        *(
            Column(f"{name}_dbfs_per_hz", "dBFS/Hz", f"{which} density; 0 is a mean square of 1.0 per Hz; {SILENT}")
            for name, which in WHICH.items()
        ),
        Column("mean_square_pascals_per_hz", "Pa2/Hz", "mean density through the named calibration", is_optional=True),
        *(
            Column(
                f"{name}_db_re_20_upa_per_hz",
                "dB re (20 uPa)2/Hz",
                f"{which} density through the named calibration; {SILENT}",
                is_optional=True,
            )
            for name, which in WHICH.items()
        ),
    ),
)

OCTAVE_BANDS = Table(
    item="octave_bands.csv",
    title="Levels in octaves and thirds of octaves",
    row="a channel and a band of IEC 61260-1, base ten: the octaves, then the thirds, each with rising frequency",
    columns=(
        Column("channel", "text", "number of the channel, from 0, or `mean`: the mean power of all channels"),
        Column("octave_fraction", "1", "1: octave; 3: third of an octave"),
        Column("middle_hz", "Hz", "exact middle of the band"),
        Column("lower_hz", "Hz", "lower edge"),
        Column("upper_hz", "Hz", "upper edge"),
        Column("rms_dbfs", "dBFS", f"level in the band; 0 is an rms of full scale 1.0; {SILENT}"),
        Column("rms_pascals", "Pa", f"sound pressure through the named calibration; {SILENT}", is_optional=True),
        Column(
            "rms_db_re_20_upa",
            "dB re 20 uPa",
            f"sound pressure level through the named calibration; {SILENT}",
            is_optional=True,
        ),
    ),
)


LINES = "spectra.json"
"""Item with the strongest tone and the codec's cut-off of each channel."""


@dataclass(frozen=True, kw_only=True)
class BandPressure:
    """Level of one band through a named calibration; None: silent."""

    octave_fraction: int
    middle_hz: float
    rms_pascals: float | None
    rms_db_re_20_upa: float | None


@dataclass(frozen=True, kw_only=True)
class ChannelSpectrum:
    channel: str
    frame_count: int
    """Number of frames without missing samples; if the recording is shorter than a window, all frames count."""
    bands: tuple[OctaveBand, ...]
    pressures: tuple[BandPressure, ...]
    """Calibrated levels of the bands, in their order; empty without a calibration."""
    strongest_tone: Tone | None
    """Strongest tone; None: see `strongest_tone_reason`."""
    strongest_tone_reason: str | None
    cutoff: Cutoff | None
    """Codec's edge; None if none was found: see `cutoff_reason`."""
    cutoff_reason: str | None


@dataclass(frozen=True, kw_only=True)
class SpectraFacts:
    reference: str
    lowest_band_hz: float | None
    """Centre of the lowest third-octave band; None if there is none."""
    lowest_band_reason: str
    channels: tuple[ChannelSpectrum, ...]
    calibration: Calibration | None


@dataclass(frozen=True, kw_only=True)
class Spectra:
    """Power spectral density in dBFS/Hz (Welch) with percentiles, octave and third-octave bands, tone and cut-off.

    0 dBFS/Hz is a mean square of full scale 1.0 squared, per Hz, as from `scipy.signal.welch`: without the mean of
    each window, and of the windows that are wholly inside the recording.
    """

    name: ClassVar[str] = "audio.spectra"
    version: ClassVar[int] = 11
    reads: ClassVar[Reads] = "results"
    tables: ClassVar[tuple[Table, ...]] = (SPECTRA, OCTAVE_BANDS)

    calibration: Calibration | None = None
    """Calibration that adds pascals and dB re 20 µPa to dBFS, for the sounds of its instrument; its response is removed
    at each frequency. None: that of the spectrogram, or the one that the release names."""
    spectrogram: Spectrogram = field(default_factory=Spectrogram)

    def __post_init__(self) -> None:
        require(self.spectrogram.keep == "array", "spectrogram", self.spectrogram.keep, "must keep the array")

    def for_release(self, context: ReleaseContext) -> Spectra:
        """Return this processor with the calibration of the sound's instrument, or none."""
        own = self.calibration or self.spectrogram.calibration
        return replace(self, calibration=calibration_for(own, context))

    def inputs(self) -> tuple[Spectrogram, ...]:
        return (self.spectrogram,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the densities and bands of all channels as tables, and tone and cut-off as JSON."""
        result = inputs.results[self.spectrogram.name]
        path, facts = result.path(ARRAY), result.facts(ARRAY, SpectrogramFacts)
        size, rate_hz = facts.window_samples, facts.rate_hz
        names: list[str] = ["mean"] if facts.channel_count == 1 else list(map(str, range(facts.channel_count)))
        tallies = _tallies(path, facts)
        scale = Scale(window=window_of(self.spectrogram.window, size), rate_hz=rate_hz)
        factor = scale.per_mean_square("density") / scale.per_mean_square(facts.scaling)
        per_sine = scale.per_mean_square("power") / scale.per_mean_square("density")
        frequency_hz = np.fft.rfftfreq(size, 1 / rate_hz)
        step_hz = float(frequency_hz[1] - frequency_hz[0])
        finder = LineFinder(self.spectrogram.window, size, step_hz)
        rows: list[tuple[str, ...]] = []
        spectra: list[ChannelSpectrum] = []
        for name, tally, power in zip(names, tallies, mean_power_of(path), strict=True):
            mean = power * factor
            densities = [mean, *(tally.percentile(percent) * factor for percent in PERCENTS)]
            for hz, *cells in zip(frequency_hz, *self._cells(densities, frequency_hz), strict=True):
                rows.append((name, f"{hz:.6g}", *cells))
            tone = strongest_tone(mean * per_sine, finder)
            spectra.append(self._spectrum(name, frequency_hz, mean, tally.frame_count, tone))
        thirds = [band.middle_hz for band in spectra[0].bands if band.octave_fraction == 3]
        found = SpectraFacts(
            lowest_band_hz=min(thirds, default=None),
            lowest_band_reason=f"a window of {size} samples has steps of {step_hz:.4g} Hz, and a band that is narrower "
            f"than {MIN_BANDS_INSIDE:g} steps is left out; a smaller band_hz gives lower bands",
            reference="full scale 1.0; a sine of full scale has −3.01 dBFS rms",
            channels=tuple(spectra),
            calibration=self.calibration,
        )
        yield csv_item(SPECTRA, rows, columns=self._columns(SPECTRA), facts=found)
        bands = (row for channel in spectra for row in _band_rows(channel))
        yield csv_item(OCTAVE_BANDS, bands, columns=self._columns(OCTAVE_BANDS), facts=found)
        yield Item.of_json(LINES, [_lines(channel) for channel in spectra], facts=found)

    def _columns(self, table: Table) -> list[str]:
        return [one.name for one in table.columns if self.calibration or not one.is_optional]

    def _cells(self, densities: list[np.ndarray], frequency_hz: np.ndarray) -> Iterator[list[str]]:
        """Yield columns of text, each over all bands."""
        calibration = self.calibration
        for density in densities:
            yield [_decibels(value) for value in density]
        if calibration:
            pressures = [calibration.square_pascals(density, frequency_hz) for density in densities]
            yield [f"{value:.6g}" for value in pressures[0]]
            for pressure in pressures:
                yield [_decibels(value / REFERENCE_PASCALS**2) for value in pressure]

    def _spectrum(
        self, name: str, frequency_hz: np.ndarray, density: np.ndarray, frame_count: int, tone: Tone | str
    ) -> ChannelSpectrum:
        calibration = self.calibration
        pressures: list[BandPressure] = []
        if calibration:
            heard = calibration.square_pascals(density, frequency_hz)
            pressures = [_pressure(band) for band in _bands(frequency_hz, heard)]
        cutoff = find_cutoff(frequency_hz, density)
        return ChannelSpectrum(
            channel=name,
            frame_count=frame_count,
            bands=tuple(_bands(frequency_hz, density)),
            pressures=tuple(pressures),
            strongest_tone=None if isinstance(tone, str) else tone,
            strongest_tone_reason=tone if isinstance(tone, str) else None,
            cutoff=None if isinstance(cutoff, str) else cutoff,
            cutoff_reason=cutoff if isinstance(cutoff, str) else None,
        )


def _band_rows(channel: ChannelSpectrum) -> Iterator[tuple[str | float | None, ...]]:
    for number, band in enumerate(channel.bands):
        edges = (f"{hz:.6g}" for hz in (band.middle_hz, band.lower_hz, band.upper_hz))
        row = (channel.channel, band.octave_fraction, *edges, _rounded(band.rms_dbfs))
        if channel.pressures:
            pressure = channel.pressures[number]
            rms = pressure.rms_pascals and f"{pressure.rms_pascals:.6g}"
            row = (*row, rms, _rounded(pressure.rms_db_re_20_upa))
        yield row


def _tallies(path: Path, facts: SpectrogramFacts) -> list[DensityTally]:
    """Return each channel's tally of the frames without missing and padded samples; of all frames of a short sound."""
    size, hop, rate_hz = facts.window_samples, facts.hop_samples, facts.rate_hz
    first = -(-(size // 2) // hop)  # the first frame without padding, and the first one after the last
    end = (facts.sample_count - size // 2) // hop + 1
    if end <= first:
        first, end = 0, facts.frame_count
    tallies = [DensityTally(facts.band_count) for _ in range(facts.channel_count)]
    for run in power_frames(path):
        whole = slice(max(0, first - run.first_frame), max(0, end - run.first_frame))
        heard = run.power[:, whole]
        if facts.missing_seconds:
            numbers = np.arange(run.first_frame, run.first_frame + run.power.shape[1])[whole]
            starts = facts.first_frame_seconds + (numbers * hop - size // 2) / rate_hz
            heard = heard[:, missing_share(facts.missing_seconds, starts, size / rate_hz) == 0]
        for tally, power in zip(tallies, heard, strict=True):
            tally.add(power)
    return tallies


def _lines(channel: ChannelSpectrum) -> dict[str, object]:
    """Return strongest tone and cut-off of a channel, or why there is none."""
    names = ("channel", "strongest_tone", "strongest_tone_reason", "cutoff", "cutoff_reason")
    return {name: as_json(getattr(channel, name)) for name in names}


def _rounded(level_db: float | None) -> str:
    """Return a level as text; empty for silence."""
    return "" if level_db is None else f"{level_db:.3f}"


def _bands(frequency_hz: np.ndarray, density: np.ndarray) -> list[OctaveBand]:
    """Return the octaves, then the thirds."""
    return [band for fraction in (1, 3) for band in fractional_octaves(frequency_hz, density, fraction)]


def _pressure(band: OctaveBand) -> BandPressure:
    """Return the pressure of a band that was summed over Pa²/Hz."""
    level_db = band.rms_dbfs
    return BandPressure(
        octave_fraction=band.octave_fraction,
        middle_hz=band.middle_hz,
        rms_pascals=None if level_db is None else 10 ** (level_db / 20),
        rms_db_re_20_upa=None if level_db is None else level_db - 20 * math.log10(REFERENCE_PASCALS),
    )


def _decibels(mean_square: float) -> str:
    """Return decibels as text; empty for 0: silence has no level."""
    return f"{10 * np.log10(mean_square):.3f}" if mean_square > 0 else ""
