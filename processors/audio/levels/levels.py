"""Levels: peaks, RMS, offset, clipping, silence, noise floor and EBU R128 loudness, in dBFS and LUFS."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.levels.calibration import Calibration, calibration_for
from processors.audio.levels.channel_levels import BLOCK_SECONDS, ChannelLevels, ChannelTally, SampleSpan, silences
from processors.audio.levels.loudness import Loudness, LoudnessMeter
from processors.audio.levels.pressures import Pressure, PressureTally
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.fixed_blocks import BlockRechunker
from processors.audio.reading.missing_samples import without_missing
from processors.contract import Item, Reads, ReleaseContext, require
from processors.json_records import as_json
from processors.tables import Column, Table

RUN_BLOCKS = 20
"""Number of blocks in a run of one second."""
MAX_SILENCES = 1000
"""Maximum number of listed silences; more are only counted."""
LEVELS = "levels.json"
LOUDNESS = Table(
    item="loudness.csv",
    title="Loudness over time",
    row="0.1 s of the recording, in order of time",
    columns=(
        Column("end_seconds", "s", "end of the measured window, in presentation time"),
        Column("momentary_lufs", "LUFS", "loudness of the last 0.4 s (EBU Tech 3341); empty before, and for silence"),
        Column("short_term_lufs", "LUFS", "loudness of the last 3 s (EBU Tech 3341); empty before, and for silence"),
    ),
)
REFERENCE = "full scale 1.0: a sine of full scale has a peak of 0 dBFS and −3.01 dBFS rms"


@dataclass(frozen=True, kw_only=True)
class LevelsFacts:
    sample_count: int
    rate_hz: int
    reference: str
    """Reference of all dBFS."""
    channels: tuple[ChannelLevels, ...]
    loudness: Loudness
    silences: tuple[SampleSpan, ...]
    """Spans in which every channel stays at or below the threshold; the first 1000 at most."""
    silence_count: int
    silent_seconds: float
    non_finite_samples_left_out: int
    """Number of NaN and infinities over all channels, including missing samples."""
    calibration: Calibration | None
    pressures: tuple[Pressure, ...]
    """Calibrated levels; empty without a calibration."""


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Levels of every channel, and loudness over all."""

    name: ClassVar[str] = "audio.levels"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "audio"
    tables: ClassVar[tuple[Table, ...]] = (LOUDNESS,)

    silence_dbfs: float = -60.0
    """Peak at or below which 50 ms count as silent."""
    silence_seconds: float = 0.5
    """Minimum duration of a listed silence, in s."""
    calibration: Calibration | None = None
    """Calibration that adds pascals, for the sounds of its instrument. None: that of the release."""

    def __post_init__(self) -> None:
        require(-200 <= self.silence_dbfs < 0, "silence_dbfs", self.silence_dbfs, "must be from -200 to below 0")
        require(self.silence_seconds >= BLOCK_SECONDS, "silence_seconds", self.silence_seconds, "must be at least 0.05")

    def for_release(self, context: ReleaseContext) -> Levels:
        """Return this processor with the calibration of the sound's instrument, or none."""
        return replace(self, calibration=calibration_for(self.calibration, context))

    def start(self, info: AudioInfo, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Levels, info: AudioInfo) -> None:
        self._processor, self._info = processor, info
        self._block = max(1, round(BLOCK_SECONDS * info.rate_hz))
        self._runs = BlockRechunker(self._block * RUN_BLOCKS, self._take, keeps_missing=True)
        self._channels = [
            ChannelTally(number, info.rate_hz, self._block, codec=info.codec) for number in range(info.channel_count)
        ]
        calibration = processor.calibration
        self._pressures = [
            PressureTally(number, info.rate_hz, calibration) for number in range(info.channel_count) if calibration
        ]
        self._meter = LoudnessMeter(info)
        self._samples = 0

    def feed(self, block: AudioBlock) -> None:
        self._runs.add(block)

    def _take(self, run: np.ndarray) -> None:
        self._samples += run.shape[1]
        run, is_there = without_missing(run)
        self._meter.add(run)
        for tally, samples, present in zip(self._channels, run, is_there, strict=True):
            tally.add(samples, present)
        for tally, samples, present in zip(self._pressures, run, is_there, strict=False):  # none without a calibration
            tally.add(samples, present)

    def finish(self) -> Iterator[Item]:
        self._runs.finish()
        parts = self._incomplete_blocks()
        channels = tuple(tally.finish(parts) for tally in self._channels)
        loudness = self._meter.finish()
        silent = self._silences()
        facts = LevelsFacts(
            sample_count=self._samples,
            rate_hz=self._info.rate_hz,
            channels=channels,
            loudness=loudness,
            silences=tuple(silent[:MAX_SILENCES]),
            silence_count=len(silent),
            silent_seconds=sum(span.end_seconds - span.start_seconds for span in silent),
            non_finite_samples_left_out=self._runs.non_finite,
            calibration=self._processor.calibration,
            reference=REFERENCE,
            pressures=tuple(one.finish() for one in self._pressures),
        )
        text = json.dumps(as_json(facts), indent=1, ensure_ascii=False) + "\n"
        yield Item(name=LEVELS, media_type="application/json", data=text.encode(), facts=facts)
        yield Item(name=LOUDNESS.item, media_type="text/csv", data=self._table())

    def _incomplete_blocks(self) -> list[int]:
        """Return the numbers of the blocks with missing samples."""
        runs = self._runs.missing.runs
        spans = (range(first // self._block, -(-end // self._block)) for first, end in runs)
        return sorted({number for span in spans for number in span})

    def _silences(self) -> list[SampleSpan]:
        peaks = np.max([np.concatenate(tally.quiet) for tally in self._channels], axis=0)
        peaks[self._incomplete_blocks()] = np.inf  # missing samples are not silence
        least = max(1, round(self._processor.silence_seconds / BLOCK_SECONDS))
        rate_hz, start = self._info.rate_hz, float(self._info.start)
        return [
            SampleSpan(
                start_seconds=start + first * self._block / rate_hz,
                end_seconds=start + min(end * self._block, self._samples) / rate_hz,
            )
            for first, end in silences(peaks, least, 10 ** (self._processor.silence_dbfs / 20))
        ]

    def _table(self) -> bytes:
        start = float(self._info.start)
        lines = [",".join(LOUDNESS.names)]
        for number, values in enumerate(zip(self._meter.momentary_lufs, self._meter.short_term_lufs, strict=True), 1):
            shown = ("" if math.isnan(value) else f"{value:.2f}" for value in values)
            lines.append(f"{_to_the_microsecond(start + number / 10)},{','.join(shown)}")
        return ("\n".join(lines) + "\n").encode()


def _to_the_microsecond(seconds: float) -> str:
    """Return a time with one to six decimals: `0.1`, `1.578`."""
    whole, _, decimals = f"{seconds:.6f}".partition(".")
    return f"{whole}.{decimals[0]}{decimals[1:].rstrip('0')}"
