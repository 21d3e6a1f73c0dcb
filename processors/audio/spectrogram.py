"""A power spectrogram in dBFS: the array with its coordinates, and a picture with axes, colour bar and unit."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import h5netcdf
import librosa
import numpy as np

from processors.audio.reader import AudioBlock, AudioInfo
from processors.contract import Item, Need, Reads, require

BATCH_FRAMES = 256
"""Frames transformed at a time: always this many, so that no block size changes a single bit."""
PICTURE_COLUMNS = 1200
FLOOR_POWER = 1e-20
"""−200 dBFS: stands for silence in the picture only; the array holds the true zero."""


@dataclass(frozen=True, kw_only=True)
class SpectrogramFacts:
    """How the array is to be read."""

    frame_count: int
    band_count: int
    rate_hz: int
    hop_seconds: float
    band_width_hz: float
    first_frame_seconds: float
    """Presentation time of the first frame's middle."""
    channels_mixed: int
    peak_dbfs: float | None
    """Strongest single band of a single frame; 0 is a sine of full scale. None: the recording is digital silence."""
    non_finite_samples_taken_as_zero: int


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Short-time Fourier transform of the mean of all channels (librosa's definition, centred, zero-padded ends).

    Power is scaled so that a sine of full scale reads 1 (0 dBFS) in its own band.
    """

    name: ClassVar[str] = "audio.spectrogram"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "audio"

    window_samples: int = 2048
    """Length of the Hann window and of the transform; a power of two from 64 to 65536."""
    hop_samples: int = 512
    """Samples between the middles of two frames."""
    range_db: float = 90.0
    """Picture only: from the loudest value down to this far below it."""

    def __post_init__(self) -> None:
        power_of_two = self.window_samples & (self.window_samples - 1) == 0
        require(
            power_of_two and 64 <= self.window_samples <= 65536,
            "window_samples", self.window_samples, "must be a power of two from 64 to 65536",
        )  # fmt: skip
        require(
            1 <= self.hop_samples <= self.window_samples,
            "hop_samples", self.hop_samples, "must be from 1 to window_samples",
        )  # fmt: skip
        require(10 <= self.range_db <= 200, "range_db", self.range_db, "must be from 10 to 200")

    def needs(self, info: AudioInfo) -> Need:
        return Need()

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    def __init__(self, processor: Spectrogram, info: AudioInfo, scratch: Path) -> None:
        self._processor = processor
        self._info = info
        size = processor.window_samples
        self._window = librosa.filters.get_window("hann", size)
        self._waiting = [np.zeros(size // 2, np.float32)]
        self._waiting_samples = size // 2
        self._file = scratch / "spectrogram.nc"
        self._array = _GrowingArray(self._file, processor, info)
        self._picture = ColumnPool(PICTURE_COLUMNS)
        self._peak = 0.0
        self._replaced = 0

    def feed(self, block: AudioBlock) -> Iterator[Item]:
        samples = block.samples
        if not np.isfinite(samples).all():
            self._replaced += int(samples.size - np.count_nonzero(np.isfinite(samples)))
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        self._add(samples.mean(axis=0, dtype=np.float32))
        yield from ()

    def finish(self) -> Iterator[Item]:
        size, hop = self._processor.window_samples, self._processor.hop_samples
        self._add(np.zeros(size // 2, np.float32))
        rest = np.concatenate(self._waiting)
        if len(rest) >= size:
            self._transform(rest[: (len(rest) - size) // hop * hop + size])
        self._array.close()
        facts = SpectrogramFacts(
            frame_count=self._array.frame_count,
            band_count=size // 2 + 1,
            rate_hz=self._info.rate_hz,
            hop_seconds=hop / self._info.rate_hz,
            band_width_hz=self._info.rate_hz / size,
            first_frame_seconds=float(self._info.start),
            channels_mixed=self._info.channel_count,
            peak_dbfs=float(10 * np.log10(self._peak)) if self._peak > 0 else None,
            non_finite_samples_taken_as_zero=self._replaced,
        )
        yield Item(name="spectrogram.nc", media_type="application/x-netcdf", file=self._file, facts=facts)
        yield Item(name="spectrogram.png", media_type="image/png", data=self._drawn(), facts=facts)

    def _add(self, mono: np.ndarray) -> None:
        size, hop = self._processor.window_samples, self._processor.hop_samples
        self._waiting.append(mono)
        self._waiting_samples += len(mono)
        span, step = (BATCH_FRAMES - 1) * hop + size, BATCH_FRAMES * hop
        if self._waiting_samples < span:
            return
        joined = np.concatenate(self._waiting)
        while len(joined) >= span:
            self._transform(joined[:span])
            joined = joined[step:]
        self._waiting, self._waiting_samples = [joined], len(joined)

    def _transform(self, samples: np.ndarray) -> None:
        size, hop = self._processor.window_samples, self._processor.hop_samples
        spectrum: np.ndarray = librosa.stft(samples, n_fft=size, hop_length=hop, window=self._window, center=False)
        power = (np.real(spectrum) ** 2 + np.imag(spectrum) ** 2).T * np.float32((2 / self._window.sum()) ** 2)
        power[:, [0, -1]] /= 4
        self._peak = max(self._peak, float(power.max()))
        self._array.append(power)
        self._picture.add(power)

    def _drawn(self) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        columns = self._picture.columns()
        levels_dbfs = librosa.power_to_db(columns.T, ref=1.0, amin=FLOOR_POWER, top_db=None)
        top_dbfs = float(np.ceil(levels_dbfs.max() / 5) * 5) if self._peak > 0 else 0.0
        half_hop = self._processor.hop_samples / self._info.rate_hz / 2
        start = float(self._info.start) - half_hop
        end = start + self._array.frame_count * 2 * half_hop
        figure = Figure(figsize=(16, 8), dpi=100, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        picture = axes.imshow(
            levels_dbfs,
            origin="lower",
            aspect="auto",
            cmap="viridis",
            vmin=top_dbfs - self._processor.range_db,
            vmax=top_dbfs,
            extent=(start, end, 0, self._info.rate_hz / 2000),
        )
        axes.set_xlabel("time in the source (s)")
        axes.set_ylabel("frequency (kHz)")
        band_hz = self._info.rate_hz / self._processor.window_samples
        bar = figure.colorbar(picture, ax=axes, pad=0.01)
        bar.set_label(f"power in a band of {band_hz:.4g} Hz (dBFS; 0: full-scale sine)")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()


class _GrowingArray:
    """netCDF-4 file that grows along time; opens with `xarray.open_dataset(path, engine="h5netcdf")`."""

    def __init__(self, path: Path, processor: Spectrogram, info: AudioInfo) -> None:
        self._step_seconds = processor.hop_samples / info.rate_hz
        self._start_seconds = float(info.start)
        self._file = h5netcdf.File(path, "w")
        bands = processor.window_samples // 2 + 1
        self._file.dimensions = {"time": None, "frequency": bands}
        frequency = self._file.create_variable("frequency", ("frequency",), "f8")
        frequency[:] = librosa.fft_frequencies(sr=info.rate_hz, n_fft=processor.window_samples)
        frequency.attrs.update({"units": "Hz", "long_name": "middle of the band"})
        self._time = self._file.create_variable("time", ("time",), "f8", chunks=(BATCH_FRAMES * 16,))
        self._time.attrs.update({"units": "s", "long_name": "presentation time of the middle of the frame"})
        self._power = self._file.create_variable(
            "power", ("time", "frequency"), "f4", chunks=(BATCH_FRAMES, bands), compression="gzip",
            compression_opts=1, shuffle=True,
        )  # fmt: skip
        self._power.attrs.update({"units": "1", "long_name": "power relative to a sine of full scale (0 dBFS)"})
        self._file.attrs.update(
            {
                "window": "hann",
                "window_samples": processor.window_samples,
                "hop_samples": processor.hop_samples,
                "rate_hz": info.rate_hz,
                "channels_mixed": info.channel_count,
            }
        )
        self.frame_count = 0

    def append(self, power: np.ndarray) -> None:
        """Add frames: float32, shape (frames, bands), power, not dB."""
        first, self.frame_count = self.frame_count, self.frame_count + len(power)
        self._file.resize_dimension("time", self.frame_count)
        self._power[first : self.frame_count] = power
        steps = np.arange(first, self.frame_count)
        self._time[first : self.frame_count] = self._start_seconds + steps * self._step_seconds

    def close(self) -> None:
        self._file.close()


class ColumnPool:
    """Mean power over ever longer runs of frames, so that any length fits a picture of constant width."""

    def __init__(self, columns: int) -> None:
        self._limit = 2 * columns
        self._frames_per_column = 1
        self._full: list[np.ndarray] = []
        self._sum = np.zeros(0)
        self._summed = 0

    def add(self, power: np.ndarray) -> None:
        """Add frames, shape (frames, bands)."""
        for frame in power:
            self._sum = self._sum + frame if self._summed else frame.astype(np.float64)
            self._summed += 1
            if self._summed == self._frames_per_column:
                self._full.append((self._sum / self._summed).astype(np.float32))
                self._summed = 0
                if len(self._full) == self._limit:
                    self._full = [(a + b) / 2 for a, b in zip(self._full[::2], self._full[1::2], strict=True)]
                    self._frames_per_column *= 2

    def columns(self) -> np.ndarray:
        """float32, shape (columns, bands); the last column may stand for fewer frames."""
        last = [(self._sum / self._summed).astype(np.float32)] if self._summed else []
        return np.stack(self._full + last)
