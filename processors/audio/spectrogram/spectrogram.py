"""Power spectrogram, measured once during decoding: the array with its coordinates, and an overview."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, get_args

import numpy as np

from processors.audio.levels.calibration import Calibration, calibration_for
from processors.audio.netcdf_provenance import Origin, origin_attributes, origin_of
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.fixed_blocks import BlockRechunker
from processors.audio.reading.missing_samples import missing_share
from processors.audio.spectrogram.column_pool import ColumnPool, means_of_runs
from processors.audio.spectrogram.netcdf import PowerFile, PressureScale, packed_batch
from processors.audio.spectrogram.stft import (
    BATCH_FRAMES,
    DETREND,
    FrameBatches,
    Scale,
    Scaling,
    WindowName,
    power_of,
    window_of,
)
from processors.contract import Item, Reads, ReleaseContext, require
from processors.decoding.ordered_executor import OrderedExecutor
from processors.errors import RefusedMedia

OVERVIEW_COLUMNS = 1200
ARRAY = "spectrogram.nc"
OVERVIEW = "overview.nc"
RUN_SAMPLES = 1 << 16
BATCHES_UNDER_WAY = 8

Channels = Literal["mean", "each"]
MIN_CHOSEN_SAMPLES, MAX_CHOSEN_SAMPLES = 256, 16384
"""Limits of a window chosen by `band_hz`: enough bands for a picture at any rate, and a bounded memory."""
LOW_RATE_BITS, LOW_RATE_SECONDS = 11, 0.1
"""At low rates the window stays at 2048 samples as long as this is no more than 0.1 s: harmonics close to each other
can be distinguished."""
PER_HZ = "value / noise_bandwidth_hz is the mean square per Hz"
IN_A_BAND = "sum of values * band_distance_hz / noise_bandwidth_hz is the mean square between two frequencies"
OF_A_SINE = "times 1/2, in the first and last band 1, is the mean square in the noise bandwidth of the band"
UNITS: dict[Scaling, dict[str, str]] = {
    "mean_square": {
        "units": "1",
        "long_name": "mean square in the noise bandwidth of the band, relative to full scale 1.0 (0 dBFS)",
        "comment": f"{PER_HZ}; {IN_A_BAND}",
    },
    "power": {
        "units": "1",
        "long_name": "power in the noise bandwidth of the band, relative to a sine of full scale (0 dBFS)",
        "comment": f"{OF_A_SINE}; of that: {PER_HZ}; {IN_A_BAND}",
    },
    "density": {
        "units": "Hz-1",
        "long_name": "mean square per Hz relative to full scale 1.0 (0 dBFS/Hz)",
        "comment": "sum of values * band_distance_hz is the mean square between two frequencies",
    },
}


@dataclass(frozen=True, kw_only=True)
class SpectrogramFacts:
    frame_count: int
    band_count: int
    channel_count: int
    """Number of channels of the array; 1 for the mean of all."""
    sample_count: int
    rate_hz: int
    window_samples: int
    hop_samples: int
    hop_seconds: float
    band_width_hz: float
    """Distance between the centres of two bands."""
    noise_bandwidth_hz: float
    """Equivalent noise bandwidth of a band: mean square / this = mean square per Hz. The sum of the mean squares of
    some bands, times `band_width_hz` / this, is the mean square of the sound in them."""
    scaling: Scaling
    first_frame_seconds: float
    """Presentation time of the centre of the first frame."""
    channels_mixed: int
    """Number of source channels whose power is in each of the array's."""
    peak_dbfs: float | None
    """Strongest single band of a single frame, mean square re full scale 1.0. None: digital silence."""
    non_finite_samples_taken_as_zero: int
    missing_seconds: tuple[tuple[float, float], ...]
    """Half-open spans of missing samples, in s; `missing_share` in the array gives their share of each frame."""
    frames_per_overview_column: int
    calibration: Calibration | None = None
    """Calibration whose factor to square pascals is in the file; None: there is none."""

    @property
    def recorded_seconds(self) -> tuple[float, float]:
        """Return the half-open span of the recording, in s; frames whose window reaches beyond it are padded."""
        return self.first_frame_seconds, self.first_frame_seconds + self.sample_count / self.rate_hz


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Power spectrogram as an array: librosa's short-time Fourier transform of windows without their mean, centred.

    The ends are padded with zeros; `padded_share` in the array marks the frames that reach beyond the recording.
    """

    name: ClassVar[str] = "audio.spectrogram"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "audio"

    band_hz: float = 20.0
    """Wanted distance between two bands, in Hz. The window is the power of two nearest to rate / this, from 256 to
    16384 samples: 40 to 100 ms at common rates."""
    window_samples: int | None = None
    """Length of the window and of the transform, a power of two from 64 to 65536. None: by `band_hz`."""
    hop_samples: int | None = None
    """Samples between the centres of two frames, at most the window. None: a quarter of it."""
    window: WindowName = "hann"
    channels: Channels = "mean"
    """`mean`: mean power of all channels. `each`: one spectrogram for each channel."""
    scaling: Scaling = "mean_square"
    keep: Literal["array", "overview"] = "array"
    """`overview`: only the data for a picture of the whole; the array of ten hours is gigabytes."""
    calibration: Calibration | None = None
    """Calibration that adds the factor to square pascals, for the sounds of its instrument. None: the one that the
    release names."""
    origin: Origin | None = None
    """When the sound began, for the file's attributes. None: as the release and labels state it, if they do."""

    def __post_init__(self) -> None:
        require(0.01 <= self.band_hz <= 10_000, "band_hz", self.band_hz, "must be from 0.01 to 10000")
        window, hop = self.window_samples, self.hop_samples
        if window is not None:
            usable = window & (window - 1) == 0 and 64 <= window <= 65536
            require(usable, "window_samples", window, "must be a power of two from 64 to 65536")
        if hop is not None:
            require(1 <= hop <= (window or 65536), "hop_samples", hop, "must be from 1 to window_samples")
        for name, choices in (("window", WindowName), ("channels", Channels), ("scaling", Scaling)):
            value = getattr(self, name)
            require(value in get_args(choices), name, value, f"must be one of {', '.join(get_args(choices))}")
        require(self.keep in ("array", "overview"), "keep", self.keep, "must be array or overview")

    def for_release(self, context: ReleaseContext) -> Spectrogram:
        """Return this processor with the calibration and the beginning of the sound."""
        origin = self.origin or origin_of(context)
        return replace(self, calibration=calibration_for(self.calibration, context), origin=origin)

    def window_at(self, rate_hz: int) -> int:
        """Return the length of the window at a sampling rate."""
        if self.window_samples is not None:
            return self.window_samples
        nearest = round(math.log2(rate_hz / self.band_hz))
        longest = math.floor(math.log2(max(1.0, rate_hz * LOW_RATE_SECONDS)))
        exponent = max(nearest, min(longest, LOW_RATE_BITS))
        return min(max(2**exponent, MIN_CHOSEN_SAMPLES), MAX_CHOSEN_SAMPLES)

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Measured batch."""

    frame_count: int
    columns: np.ndarray
    """Means of runs of `frames_each` frames, float32, shape (runs, channels, bands), scaled as configured."""
    frames_each: int
    chunks: list[bytes]
    """Chunks of the array; empty if it is not kept."""
    peak: float
    whole_count: int
    whole_sum: np.ndarray
    """Sum of the frames without missing samples, float64, shape (channels, bands)."""


class _Session:
    """Session that cuts samples into batches; transforms and packs them in the background, two at a time, in order."""

    def __init__(self, processor: Spectrogram, info: AudioInfo, scratch: Path) -> None:
        self._processor, self._info, self._scratch = processor, info, scratch
        self._window = processor.window_at(info.rate_hz)
        self._hop = min(processor.hop_samples or self._window // 4, self._window)
        self._scale = Scale(window=window_of(processor.window, self._window), rate_hz=info.rate_hz)
        factor = self._scale.per_mean_square(processor.scaling)
        self._factor = None if processor.scaling == "mean_square" else factor.astype(np.float32)
        self._channels = ("mean",) if processor.channels == "mean" else tuple(map(str, range(info.channel_count)))
        self._runs = BlockRechunker(RUN_SAMPLES, self._take)
        self._batches = FrameBatches(self._window, self._hop)
        self._beside: OrderedExecutor[_Batch] = OrderedExecutor(threads=2, most_under_way=BATCHES_UNDER_WAY)
        shape = (len(self._channels), self._window // 2 + 1)
        self._overview = ColumnPool(OVERVIEW_COLUMNS, shape)
        self._array = self._file(ARRAY, 1) if processor.keep == "array" else None
        self._frames = self._samples = self._submitted = 0
        self._peak = 0.0
        self._whole_sum, self._whole_count = np.zeros(shape), 0

    def feed(self, block: AudioBlock) -> None:
        self._runs.add(block)

    def finish(self) -> Iterator[Item]:
        self._runs.finish()
        for span in self._batches.finish():
            self._submit(span, self._samples)
        for batch in self._beside.rest():
            self._keep(batch)
        facts = self._facts()
        if self._array:
            self._array.close(self._mean_power(), facts.missing_seconds, facts.recorded_seconds)
            yield Item(name=ARRAY, media_type="application/x-netcdf", file=self._scratch / ARRAY, facts=facts)
        columns = self._overview.columns()
        small = self._file(OVERVIEW, self._overview.frames_per_column)
        for first in range(0, len(columns), BATCH_FRAMES):
            part = np.moveaxis(columns[first : first + BATCH_FRAMES], 1, 0)
            small.append(packed_batch(part), part.shape[1])
        small.close(self._mean_power(), facts.missing_seconds, facts.recorded_seconds)
        yield Item(name=OVERVIEW, media_type="application/x-netcdf", file=self._scratch / OVERVIEW, facts=facts)

    def _take(self, run: np.ndarray) -> None:
        self._samples += run.shape[1]
        for span in self._batches.add(run):
            self._submit(span)

    def _submit(self, span: np.ndarray, sample_count: int | None = None) -> None:
        """Measure a span of frames; `sample_count` if its end may be padded with zeros."""
        size, hop = self._window, self._hop
        first, self._submitted = self._submitted, self._submitted + (span.shape[1] - size) // hop + 1
        end = self._submitted if sample_count is None else (sample_count - size // 2) // hop + 1
        whole = slice(max(0, -(-(size // 2) // hop) - first), max(0, end - first))
        # frames known to share a column of the overview are averaged in the background
        is_whole = self._submitted - first == BATCH_FRAMES
        frames_each = min(self._overview.frames_per_column, BATCH_FRAMES) if is_whole else 1
        starts = np.arange(first, self._submitted)[whole] * hop - size // 2
        is_there = missing_share(self._runs.missing.runs, starts, size) == 0
        for batch in self._beside.start(functools.partial(self._measure, span, whole, is_there, frames_each)):
            self._keep(batch)

    def _measure(self, span: np.ndarray, whole: slice, is_there: np.ndarray, frames_each: int) -> _Batch:
        is_mean = self._processor.channels == "mean"
        power = power_of(span, self._scale, self._hop, mean_of_channels=is_mean)
        peak = float(power.max())
        if not np.isfinite(peak):
            raise RefusedMedia(
                f"samples reach {float(np.abs(span).max()):.3g} times full scale; their power exceeds 32-bit numbers",
                "scale the recording to full scale 1.0",
            )
        if self._factor is not None:
            power *= self._factor
        columns = means_of_runs(np.moveaxis(power, 1, 0), frames_each)
        inside = power[:, whole] if is_there.all() else power[:, whole][:, is_there]
        return _Batch(
            frame_count=power.shape[1],
            columns=columns.copy() if frames_each == 1 else columns,
            frames_each=frames_each,
            chunks=packed_batch(power) if self._array else [],
            peak=peak,
            whole_count=inside.shape[1],
            whole_sum=inside.sum(axis=1).astype(np.float64),
        )

    def _keep(self, batch: _Batch) -> None:
        self._peak = max(self._peak, batch.peak)
        self._whole_sum += batch.whole_sum
        self._whole_count += batch.whole_count
        self._overview.add(batch.columns, batch.frames_each)
        if self._array:
            self._array.append(batch.chunks, batch.frame_count)
        self._frames += batch.frame_count

    def _mean_power(self) -> np.ndarray:
        """Return the mean power, float64, shape (channels, bands)."""
        return self._whole_sum / self._whole_count if self._whole_count else self._overview.mean()

    def _file(self, name: str, frames_per_step: int) -> PowerFile:
        processor, rate_hz = self._processor, self._info.rate_hz
        hop_seconds = self._hop / rate_hz
        return PowerFile(
            self._scratch / name,
            channels=self._channels,
            frequency_hz=np.fft.rfftfreq(self._window, 1 / rate_hz),
            first_seconds=float(self._info.start) + (frames_per_step - 1) / 2 * hop_seconds,
            step_seconds=hop_seconds * frames_per_step,
            window_seconds=hop_seconds * (frames_per_step - 1) + self._window / rate_hz,
            power_attributes=UNITS[processor.scaling],
            pressures=self._pressures(),
            attributes={
                **origin_attributes(processor, processor.origin, self._info, "Power spectrogram"),
                "window": processor.window,
                "window_samples": self._window,
                "hop_samples": self._hop,
                "frames_per_step": frames_per_step,
                "band_distance_hz": rate_hz / self._window,
                "noise_bandwidth_hz": self._scale.noise_bandwidth_hz,
                "scaling": processor.scaling,
                "detrend": DETREND,
                "channels_mixed": self._info.channel_count if processor.channels == "mean" else 1,
            },
        )

    def _pressures(self) -> PressureScale | None:
        calibration, scaling = self._processor.calibration, self._processor.scaling
        if calibration is None:
            return None
        mean_square = 1 / self._scale.per_mean_square(scaling)
        if scaling == "density":
            mean_square = mean_square / self._scale.noise_bandwidth_hz
        frequency_hz = np.fft.rfftfreq(self._window, 1 / self._info.rate_hz)
        return PressureScale(
            square_pascals=calibration.square_pascals(mean_square, frequency_hz),
            attributes=calibration.attributes,
            units="Pa2/Hz" if scaling == "density" else "Pa2",
        )

    def _facts(self) -> SpectrogramFacts:
        processor, rate_hz = self._processor, self._info.rate_hz
        return SpectrogramFacts(
            frame_count=self._frames,
            band_count=self._window // 2 + 1,
            channel_count=len(self._channels),
            sample_count=self._samples,
            rate_hz=rate_hz,
            window_samples=self._window,
            hop_samples=self._hop,
            hop_seconds=self._hop / rate_hz,
            band_width_hz=rate_hz / self._window,
            noise_bandwidth_hz=self._scale.noise_bandwidth_hz,
            scaling=processor.scaling,
            first_frame_seconds=float(self._info.start),
            channels_mixed=self._info.channel_count if processor.channels == "mean" else 1,
            peak_dbfs=float(10 * np.log10(self._peak)) if self._peak > 0 else None,
            non_finite_samples_taken_as_zero=self._runs.non_finite,
            missing_seconds=self._runs.missing.seconds(rate_hz, float(self._info.start)),
            frames_per_overview_column=self._overview.frames_per_column,
            calibration=processor.calibration,
        )
