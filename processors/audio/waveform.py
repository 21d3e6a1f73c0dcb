"""Waveform made from the envelope: peaks in audiowaveform's formats, and a picture."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.audio.envelope import ENVELOPE, Envelope, EnvelopeFacts, steps_of
from processors.contract import Inputs, Item, Reads, require
from processors.imaging.image_writer import encode

RUN_STEPS = 1 << 16
PICTURE_PX = (1600, 200)
"""Width of the picture, and height of one channel, in px."""
COLOURS = ((250, 250, 250), (33, 80, 130), (170, 170, 170))
"""Background, wave, middle line."""


@dataclass(frozen=True, kw_only=True)
class WaveformFacts:
    """Metadata of the peaks."""

    point_count: int
    samples_per_point: int
    channel_count: int
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Lowest and highest value of each point, 16 bit, in BBC audiowaveform's version 2."""

    name: ClassVar[str] = "audio.waveform"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "results"

    least_samples_per_point: int = 512
    """Minimum, rounded up to a multiple of the envelope's step; raised for long audio to limit the number of points."""
    most_points: int = 200_000
    envelope: Envelope = field(default_factory=Envelope)

    def __post_init__(self) -> None:
        require(
            self.least_samples_per_point >= 1,
            "least_samples_per_point",
            self.least_samples_per_point,
            "must be at least 1",
        )
        require(self.most_points >= 1000, "most_points", self.most_points, "must be at least 1000")

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
        facts = WaveformFacts(point_count=count, samples_per_point=per_point, channel_count=channels, rate_hz=rate_hz)
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
        yield Item(
            name="waveform.png", media_type="image/png", data=encode(_drawn(lowest, highest), "png"), facts=facts
        )


def _points(path: Path, steps_per_point: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest value of each point, float32, shape (channels, points)."""
    lows, highs = [], []
    for steps in steps_of(path, RUN_STEPS // steps_per_point * steps_per_point or 1):
        starts = np.arange(0, steps.lowest.shape[1], steps_per_point)
        lows.append(np.minimum.reduceat(steps.lowest, starts, axis=1))
        highs.append(np.maximum.reduceat(steps.highest, starts, axis=1))
    return np.concatenate(lows, axis=1), np.concatenate(highs, axis=1)


def _drawn(lowest: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Return uint8, shape (height, width, 3): one strip for each channel, full scale from top to bottom."""
    width, height = PICTURE_PX
    starts = np.arange(width) * lowest.shape[1] // width
    strips = []
    for low, high in zip(
        np.minimum.reduceat(lowest, starts, axis=1), np.maximum.reduceat(highest, starts, axis=1), strict=True
    ):
        row = np.arange(height)[:, None]
        top, bottom = (height - 1) * (1 - np.clip(high, -1, 1)) / 2, (height - 1) * (1 - np.clip(low, -1, 1)) / 2
        strip = np.tile(np.array(COLOURS[0], np.uint8), (height, width, 1))
        strip[height // 2] = COLOURS[2]
        strip[(row >= np.floor(top)) & (row <= np.ceil(bottom))] = COLOURS[1]
        strips.append(strip)
    return np.concatenate(strips)
