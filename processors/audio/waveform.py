"""Waveform made from the envelope: peaks in audiowaveform's formats, and a picture."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.envelope import ENVELOPE, Envelope, EnvelopeFacts, steps_of
from processors.audio.waveform_picture import WaveformTitle, draw_waveform
from processors.contract import Inputs, Item, Reads, ReleaseContext, ReleaseWords, require

RUN_STEPS = 1 << 16
MAX_POINTS_DRAWN = 4096
MAX_SAMPLES_PER_POINT = 1 << 30
"""Maximum that, rounded up to whole steps, fits into the header's signed 32 bits."""


@dataclass(frozen=True, kw_only=True)
class WaveformFacts:
    point_count: int
    samples_per_point: int
    channel_count: int
    rate_hz: int
    dc_offsets: tuple[float, ...]
    """Mean of each channel's samples, re full scale: included in the peaks, removed from the picture."""


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Lowest and highest value of each point, 16 bit, in BBC audiowaveform's version 2."""

    name: ClassVar[str] = "audio.waveform"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "results"

    least_samples_per_point: int = 512
    """Minimum, rounded up to a multiple of the envelope's step; raised for long audio to limit the number of points."""
    most_points: int = 200_000
    title: bool = True
    """False leaves out the picture's two lines with file, mission, time and credit."""
    words: ReleaseWords | None = None
    """Texts of the release for the title. None: those that the release states, if any."""
    file_name: str = ""
    """Name of the file, for the title. Empty: that of the file in raw."""
    envelope: Envelope = field(default_factory=Envelope)

    def __post_init__(self) -> None:
        is_within = 1 <= self.least_samples_per_point <= MAX_SAMPLES_PER_POINT
        require(
            is_within,
            "least_samples_per_point",
            self.least_samples_per_point,
            f"must be from 1 to {MAX_SAMPLES_PER_POINT}",
        )
        require(self.most_points >= 1000, "most_points", self.most_points, "must be at least 1000")

    def for_release(self, context: ReleaseContext) -> Waveform:
        """Return this processor with the release's texts and the file's name for the title."""
        if not self.title:
            return self
        words = context.words if context.words != ReleaseWords() else None
        return replace(self, words=self.words or words, file_name=self.file_name or context.file_name)

    def inputs(self) -> tuple[Envelope, ...]:
        return (self.envelope,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the peaks in both formats, and the picture."""
        result = inputs.results[self.envelope.name]
        measured = result.facts(ENVELOPE, EnvelopeFacts)
        wanted = max(self.least_samples_per_point, -(-measured.sample_count // self.most_points))
        steps_per_point = -(-wanted // measured.step_samples)
        lowest, highest = _points(result.path(ENVELOPE), steps_per_point)
        count, channels = highest.shape[1], highest.shape[0]
        scaled = np.stack([lowest, highest], axis=-1) * 32768  # (channels, points, 2)
        data = np.clip(np.rint(scaled), -32768, 32767).astype("<i2").transpose(1, 0, 2).reshape(-1)
        rate_hz, per_point = measured.rate_hz, steps_per_point * measured.step_samples
        facts = WaveformFacts(
            point_count=count,
            samples_per_point=per_point,
            channel_count=channels,
            rate_hz=rate_hz,
            dc_offsets=measured.dc_offsets,
        )
        header = struct.pack("<iIiiIi", 2, 0, rate_hz, per_point, count, channels)
        described = {
            "version": 2,
            "channels": channels,
            "sample_rate": rate_hz,
            "samples_per_pixel": per_point,
            "bits": 16,
            "length": count,
            "data": data.tolist(),
        }
        text = json.dumps(described, separators=(",", ":")).encode()
        yield Item(name="waveform.json", media_type="application/json", data=text, facts=facts)
        yield Item(
            name="waveform.dat", media_type="application/octet-stream", data=header + data.tobytes(), facts=facts
        )
        start = measured.first_seconds
        span = (start, start + max(measured.sample_count, 1) / rate_hz)
        title = WaveformTitle(file_name=self.file_name, words=self.words or ReleaseWords())
        per_pixel = max(1, measured.step_count // MAX_POINTS_DRAWN)
        lowest, highest = _points(result.path(ENVELOPE), per_pixel)
        drawn = draw_waveform(lowest, highest, measured.dc_offsets, span, title if self.title else None)
        yield Item(name="waveform.png", media_type="image/png", data=drawn.png(), facts=facts)


def _points(path: Path, steps_per_point: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest value of each point, float32, shape (channels, points).

    A point may have more steps than are read at once.
    """
    lows, highs = list[np.ndarray](), list[np.ndarray]()
    for steps in steps_of(path, RUN_STEPS):
        begun = steps.first_step % steps_per_point
        starts = np.maximum(0, np.arange(-begun, steps.lowest.shape[1], steps_per_point))
        low = np.minimum.reduceat(steps.lowest, starts, axis=1)
        high = np.maximum.reduceat(steps.highest, starts, axis=1)
        if begun:  # the first point goes on from the run before
            np.minimum(lows[-1][:, -1], low[:, 0], out=lows[-1][:, -1])
            np.maximum(highs[-1][:, -1], high[:, 0], out=highs[-1][:, -1])
            low, high = low[:, 1:], high[:, 1:]
        if low.shape[1]:
            lows.append(low)
            highs.append(high)
    return np.concatenate(lows, axis=1), np.concatenate(highs, axis=1)
