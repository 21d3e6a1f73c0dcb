"""Power spectrogram as a netCDF-4 file that grows along time, and its readers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from processors.audio.reading.missing_samples import missing_share
from processors.audio.spectrogram.hdf5_deflate import LEVEL, compressed, decompressed, shuffled
from processors.audio.spectrogram.stft import BATCH_FRAMES

if TYPE_CHECKING:
    import h5netcdf
    import h5py

SHARES = {
    "missing_share": "share of the samples under the frame that are missing",
    "padded_share": "share of the window that is beyond the recording, taken as zeros: the step there is not sound",
}
"""Meaning of the variables that mark frames to leave out of a measurement, unless both are 0."""
DROPPED_BITS = 6
"""Mantissa bits dropped of 23: an error of at most 4e-6 of the value, and a fifth less to store."""
TIME_CHUNK = 1 << 14
MEAN_OVER_TIME = "time: mean (comment: of frames without missing and padded samples, or of all if there are none)"


def packed(power: np.ndarray) -> bytes:
    """Return one chunk of the file: float32, shape (frames, bands), rounded to `DROPPED_BITS` fewer."""
    bits = np.ascontiguousarray(power, np.float32).reshape(-1).view(np.uint32)
    rounded = bits + np.uint32(1 << (DROPPED_BITS - 1))
    np.bitwise_and(rounded, np.uint32(0xFFFFFFFF << DROPPED_BITS & 0xFFFFFFFF), out=rounded)
    return compressed(shuffled(rounded))


def packed_batch(power: np.ndarray) -> list[bytes]:
    """Return a chunk for each channel of float32, shape (channels, up to BATCH_FRAMES, bands), padded with zeros."""
    if power.shape[1] < BATCH_FRAMES:
        power = np.pad(power, ((0, 0), (0, BATCH_FRAMES - power.shape[1]), (0, 0)))
    return [packed(channel) for channel in power]


@dataclass(frozen=True, kw_only=True)
class PressureScale:
    """Calibration of an array."""

    square_pascals: np.ndarray
    """Factor from power to mean square pressure, float64, shape (bands,)."""
    attributes: Mapping[str, str | float]
    """Attributes that identify the calibration."""
    units: str
    """Unit of power times the factor: `Pa2`, of a density `Pa2/Hz`."""


def _add_axes(file: h5netcdf.File, channels: tuple[str, ...], frequency_hz: np.ndarray) -> None:
    import h5py

    file.dimensions = {"channel": len(channels), "time": None, "frequency": len(frequency_hz)}
    channel = file.create_variable("channel", ("channel",), h5py.string_dtype())
    channel[:] = np.array(channels, object)
    channel.attrs["long_name"] = "channel of the source, from 0; mean: the mean power of all"
    frequency = file.create_variable("frequency", ("frequency",), "f8")
    frequency[:] = frequency_hz
    frequency.attrs.update({"units": "Hz", "standard_name": "sound_frequency", "long_name": "middle of the band"})
    time = file.create_variable("time", ("time",), "f8", chunks=(TIME_CHUNK,))
    time.attrs.update({"units": "s", "long_name": "presentation time of the middle of the frame"})


def _add_pressures(file: h5netcdf.File, pressures: PressureScale) -> None:
    """Add the factor from power to pressure, and room for the mean pressure."""
    factor = file.create_variable("square_pascals_per_power", ("frequency",), "f8")
    factor[:] = pressures.square_pascals
    factor.attrs.update(
        {"units": "Pa2", "long_name": f"factor to mean square sound pressure: power times this is in {pressures.units}"}
    )
    factor.attrs.update(dict(pressures.attributes))
    mean = file.create_variable("mean_square_pressure", ("channel", "frequency"), "f8")
    where = "per Hz" if pressures.units == "Pa2/Hz" else "in the noise bandwidth of the band"
    long_name = f"mean square sound pressure {where}"
    mean.attrs.update({"units": pressures.units, "long_name": long_name, "cell_methods": MEAN_OVER_TIME})
    mean.attrs.update(dict(pressures.attributes))


class PowerFile:
    """Writer of `power` (channel, time, frequency) and its mean; open with `xarray.open_dataset(engine="h5netcdf")`."""

    def __init__(
        self,
        path: Path,
        *,
        channels: tuple[str, ...],
        frequency_hz: np.ndarray,
        first_seconds: float,
        step_seconds: float,
        window_seconds: float,
        power_attributes: Mapping[str, str],
        attributes: Mapping[str, str | float | int],
        pressures: PressureScale | None = None,
    ) -> None:
        import h5netcdf
        import h5py

        self._first_seconds, self._step_seconds, self._window_seconds = first_seconds, step_seconds, window_seconds
        shape = (len(channels), 0, len(frequency_hz))
        with h5netcdf.File(path, "w") as file:
            _add_axes(file, channels, frequency_hz)
            for name, meaning in SHARES.items():
                share = file.create_variable(name, ("time",), "f4", chunks=(TIME_CHUNK,))
                share.attrs.update({"units": "1", "long_name": meaning})
            power = file.create_variable(
                "power",
                ("channel", "time", "frequency"),
                "f4",
                chunks=(1, BATCH_FRAMES, shape[2]),
                compression="gzip",
                compression_opts=LEVEL,
                shuffle=True,
            )
            power.attrs.update({**power_attributes, "ancillary_variables": " ".join(SHARES)})
            mean = file.create_variable("mean_power", ("channel", "frequency"), "f8")
            mean.attrs.update({**power_attributes, "cell_methods": MEAN_OVER_TIME})
            if pressures:
                _add_pressures(file, pressures)
            file.attrs.update({"Conventions": "CF-1.11", **attributes})
        self._square_pascals = pressures.square_pascals if pressures else None
        self._file = h5py.File(path, "r+")
        self._shape = shape
        self.frame_count = 0

    def append(self, chunks: list[bytes], frames: int) -> None:
        """Add one batch of `frames` frames: a `packed` chunk of `BATCH_FRAMES` frames for each channel."""
        power = self._dataset("power")
        first, self.frame_count = self.frame_count, self.frame_count + frames
        power.resize((self._shape[0], self.frame_count, self._shape[2]))
        for channel, chunk in enumerate(chunks):
            power.id.write_direct_chunk((channel, first, 0), chunk)

    def close(
        self,
        mean_power: np.ndarray,
        missing_seconds: Sequence[tuple[float, float]],
        recorded_seconds: tuple[float, float],
    ) -> None:
        """Write the mean over time, float64, shape (channels, bands), the times, and what to leave out, and close.

        Parameters
        ----------
        missing_seconds, recorded_seconds : spans of missing samples, and that of the recording, in s, half open.
        """
        self._dataset("mean_power")[...] = mean_power
        if self._square_pascals is not None:
            self._dataset("mean_square_pressure")[...] = mean_power * self._square_pascals
        time, missing, padded = (self._dataset(name) for name in ("time", "missing_share", "padded_share"))
        for dataset in (time, missing, padded):
            dataset.resize((self.frame_count,))
        for first in range(0, self.frame_count, TIME_CHUNK):
            steps = np.arange(first, min(first + TIME_CHUNK, self.frame_count))
            middles = self._first_seconds + steps * self._step_seconds
            time[first : first + len(steps)] = middles
            starts = middles - self._window_seconds / 2
            missing[first : first + len(steps)] = missing_share(missing_seconds, starts, self._window_seconds)
            padded[first : first + len(steps)] = _padded_share(recorded_seconds, starts, self._window_seconds)
        self._file.close()

    def _dataset(self, name: str) -> h5py.Dataset:
        import h5py

        dataset = self._file[name]
        assert isinstance(dataset, h5py.Dataset)
        return dataset


def _padded_share(recorded: tuple[float, float], starts: np.ndarray, length: float) -> np.ndarray:
    """Return the share of each window beyond the recording, 0 to 1, shape of `starts`; all in s."""
    start, end = recorded
    inside = np.minimum(starts + length, end) - np.maximum(starts, start)
    # rounded to far less than one sample of the longest window, so that a window inside has exactly 0
    return np.clip(1 - inside / length, 0, 1).round(7)


@dataclass(frozen=True, kw_only=True)
class PowerFrames:
    """Run of frames read back."""

    first_frame: int
    power: np.ndarray
    """Power, float32, shape (channels, frames, bands), scaled as stated in the file."""


def power_frames(path: Path) -> Iterator[PowerFrames]:
    """Yield the array in runs of `BATCH_FRAMES` frames, in order; memory does not grow with its length."""
    import h5py

    with h5py.File(path, "r", rdcc_nbytes=0) as file, ThreadPoolExecutor(2) as pool:
        power = file["power"]
        assert isinstance(power, h5py.Dataset)
        channels, count, bands = power.shape
        waiting: deque[tuple[int, list[Future[np.ndarray]]]] = deque()
        for first in range(0, count, BATCH_FRAMES):
            raw = [power.id.read_direct_chunk((channel, first, 0))[1] for channel in range(channels)]
            waiting.append((first, [pool.submit(_unpacked, chunk, bands) for chunk in raw]))
            if len(waiting) > 4:
                yield _frames(waiting.popleft(), count)
        while waiting:
            yield _frames(waiting.popleft(), count)


def mean_power_of(path: Path) -> np.ndarray:
    """Return the mean of the frames without missing samples, or of all frames if there are none.

    float64, shape (channels, bands), scaled as stated in the file.
    """
    import h5py

    with h5py.File(path, "r") as file:
        mean = file["mean_power"]
        assert isinstance(mean, h5py.Dataset)
        return mean[...]


def channel_names(path: Path) -> tuple[str, ...]:
    import h5py

    with h5py.File(path, "r") as file:
        channel = file["channel"]
        assert isinstance(channel, h5py.Dataset)
        return tuple(name.decode() for name in np.asarray(channel).tolist())


def _frames(one: tuple[int, list[Future[np.ndarray]]], count: int) -> PowerFrames:
    first, parts = one
    power = np.stack([part.result() for part in parts])
    return PowerFrames(first_frame=first, power=power[:, : count - first])


def _unpacked(chunk: bytes, bands: int) -> np.ndarray:
    return decompressed(chunk, BATCH_FRAMES * bands).view(np.float32).reshape(BATCH_FRAMES, bands)
