"""Envelope of the audio in steps of about a millisecond, measured once for waveforms and impact detection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.netcdf_provenance import Origin, origin_attributes, origin_of
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.fixed_blocks import BlockRechunker
from processors.audio.reading.missing_samples import without_missing
from processors.contract import Item, Reads, ReleaseContext, require
from processors.errors import RefusedMedia

ENVELOPE = "envelope.nc"
RUN_STEPS = 1 << 12


@dataclass(frozen=True, kw_only=True)
class EnvelopeFacts:
    step_count: int
    step_samples: int
    step_seconds: float
    sample_count: int
    rate_hz: int
    channel_count: int
    first_seconds: float
    """Presentation time at which the first step begins, in s."""
    dc_offsets: tuple[float, ...]
    """Mean of each channel's samples without missing ones, in units of full scale."""
    missing_seconds: tuple[tuple[float, float], ...]
    """Half-open spans whose samples are missing and were taken as zero, in s."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Lowest and highest sample of each step and channel, and the power of the sample-to-sample change."""

    name: ClassVar[str] = "audio.envelope"
    version: ClassVar[int] = 9
    reads: ClassVar[Reads] = "audio"

    longest_step_seconds: float = 0.0015
    """Maximum length of a step, in s; a step is the largest power of two of samples within it."""

    origin: Origin | None = None
    """When the sound began, for the file's attributes. None: as the release and labels state it, if they do."""

    def __post_init__(self) -> None:
        within = 0.0001 <= self.longest_step_seconds <= 1
        require(within, "longest_step_seconds", self.longest_step_seconds, "must be from 0.0001 to 1")

    def for_release(self, context: ReleaseContext) -> Envelope:
        """Return this processor with the beginning of the sound."""
        return replace(self, origin=self.origin or origin_of(context))

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    def __init__(self, processor: Envelope, info: AudioInfo, scratch: Path) -> None:
        import h5netcdf
        import h5py

        self._info, self._path = info, scratch / ENVELOPE
        self._step = 1 << max(0, int(np.log2(max(1.0, processor.longest_step_seconds * info.rate_hz))))
        self._runs = BlockRechunker(self._step * RUN_STEPS, self._take, keeps_missing=True)
        self._steps = self._samples = 0
        self._sums = np.zeros(info.channel_count)
        self._present = np.zeros(info.channel_count, int)
        self._last = np.zeros((1, 1), np.float32)
        with h5netcdf.File(self._path, "w") as file:
            file.dimensions = {"channel": info.channel_count, "time": None}
            shape, chunks = ("channel", "time"), (info.channel_count, RUN_STEPS)
            channel = file.create_variable("channel", ("channel",), "i4")
            channel[:] = np.arange(info.channel_count)
            channel.attrs.update({"units": "1", "long_name": "channel of the source, from 0"})
            time = file.create_variable("time", ("time",), "f8", chunks=(RUN_STEPS,))
            time.attrs.update({"units": "s", "long_name": "presentation time at which the step begins"})
            for name in ("lowest", "highest"):
                variable = file.create_variable(name, shape, "f4", chunks=chunks)
                variable.attrs.update({"units": "1", "long_name": f"{name} sample of the step; full scale is 1"})
            change = file.create_variable("change_power", ("time",), "f4", chunks=(RUN_STEPS,))
            change.attrs.update(
                {"units": "1", "long_name": "mean square of the difference of neighbours, mean of channels"}
            )
            file.attrs.update(origin_attributes(processor, processor.origin, info, "Envelope"))
            file.attrs.update({"step_samples": self._step, "first_seconds": float(info.start)})
        self._file = h5py.File(self._path, "r+")

    def feed(self, block: AudioBlock) -> None:
        self._runs.add(block)

    def _take(self, run: np.ndarray) -> None:
        import h5py

        self._samples += run.shape[1]
        run, is_there = without_missing(run)
        self._present += is_there.sum(axis=1)
        self._sums += run.sum(axis=1, dtype=np.float64)
        if not self._steps:
            self._last = run[:, :1]
        change = np.diff(run, axis=1, prepend=self._last)
        self._last = run[:, -1:].copy()
        with np.errstate(over="ignore"):
            np.multiply(change, change, out=change)
        change = change.mean(axis=0, dtype=np.float32, keepdims=True) if run.shape[0] > 1 else change
        if not np.isfinite(change).all():
            raise RefusedMedia(
                f"samples reach {float(np.abs(run).max()):.3g} times full scale; their power exceeds 32-bit numbers",
                "scale the recording to full scale 1.0",
            )
        short = -run.shape[1] % self._step
        if short:  # the last step of all covers fewer samples
            run, change = np.pad(run, ((0, 0), (0, short)), "edge"), np.pad(change, ((0, 0), (0, short)))
        parts = run.reshape(run.shape[0], -1, self._step)
        count = parts.shape[1]
        first, self._steps = self._steps, self._steps + count
        powers = change.reshape(count, self._step).mean(axis=1)
        times = float(self._info.start) + np.arange(first, self._steps) * (self._step / self._info.rate_hz)
        extremes = (("lowest", parts.min(axis=2)), ("highest", parts.max(axis=2)))
        for name, values in (*extremes, ("change_power", powers), ("time", times)):
            dataset = self._file[name]
            assert isinstance(dataset, h5py.Dataset)
            dataset.resize(self._steps, axis=dataset.ndim - 1)
            dataset[..., first : self._steps] = values

    def finish(self) -> Iterator[Item]:
        self._runs.finish()
        self._file.close()
        facts = EnvelopeFacts(
            step_count=self._steps,
            step_samples=self._step,
            step_seconds=self._step / self._info.rate_hz,
            sample_count=self._samples,
            rate_hz=self._info.rate_hz,
            channel_count=self._info.channel_count,
            first_seconds=float(self._info.start),
            dc_offsets=tuple((self._sums / np.maximum(1, self._present)).tolist()),
            missing_seconds=self._runs.missing.seconds(self._info.rate_hz, float(self._info.start)),
        )
        yield Item(name=ENVELOPE, media_type="application/x-netcdf", file=self._path, facts=facts)


@dataclass(frozen=True, kw_only=True)
class EnvelopeSteps:
    """Run of steps read back, with neighbours on both sides."""

    first_step: int
    """Number of the first step in the arrays."""
    core: slice
    """Slice of the arrays with the run's own steps."""
    lowest: np.ndarray
    """float32, shape (channels, steps)."""
    highest: np.ndarray
    change_power: np.ndarray
    """float32, shape (steps,)."""


def steps_of(path: Path, run_steps: int, margin_steps: int = 0) -> Iterator[EnvelopeSteps]:
    """Yield the envelope in runs of `run_steps`; memory does not grow with its length."""
    import h5py

    with h5py.File(path, "r") as file:
        lowest, highest, change = file["lowest"], file["highest"], file["change_power"]
        assert isinstance(lowest, h5py.Dataset)
        assert isinstance(highest, h5py.Dataset)
        assert isinstance(change, h5py.Dataset)
        for start in range(0, change.shape[0], run_steps):
            first = max(0, start - margin_steps)
            end = min(change.shape[0], start + run_steps + margin_steps)
            own = min(run_steps, change.shape[0] - start)
            yield EnvelopeSteps(
                first_step=first,
                core=slice(start - first, start - first + own),
                lowest=lowest[:, first:end],
                highest=highest[:, first:end],
                change_power=change[first:end],
            )
