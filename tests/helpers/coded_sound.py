"""Sound in many codings with known samples, and how it is read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from processors.audio.reading.audio_info import AudioReport
from processors.audio.reading.audio_reader import FileReader
from processors.sources.source_file import SourceFile


def read(path: Path, file_format: str) -> tuple[np.ndarray, FileReader, AudioReport]:
    """The samples of a file, shape (channels, count), its reader, and its report."""
    reader = FileReader(SourceFile.at(path), file_format)
    blocks = [block.samples for block in reader.blocks()]
    report = reader.report()
    return np.concatenate(blocks, axis=1), reader, report


def steps(bits: int, channels: int, count: int = 5000) -> np.ndarray:
    """int32, shape (count, channels), left-justified: every value that the width holds may come."""
    whole = np.random.default_rng(bits).integers(-(1 << (bits - 1)), 1 << (bits - 1), (count, channels))
    whole[:2] = [[-(1 << (bits - 1))], [(1 << (bits - 1)) - 1]]
    return (whole << (32 - bits)).astype(np.int32)


def encoded(path: Path, codec: str, rate_hz: int, samples: np.ndarray | None = None) -> Path:
    """A file of a codec, at 192 kbit/s; without samples, those of `click`."""
    samples = click(rate_hz) if samples is None else samples
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.bit_rate = 192_000
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def click(rate_hz: int = 48_000) -> np.ndarray:
    """A second and a bit of faint noise with a click at half a second."""
    sound = np.random.default_rng(2).normal(0, 1e-3, rate_hz + 777).astype(np.float32)
    sound[rate_hz // 2 : rate_hz // 2 + 2] = (0.8, -0.8)
    return sound
