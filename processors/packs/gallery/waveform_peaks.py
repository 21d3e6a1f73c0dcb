"""Waveform of the player: the stored peaks reduced to a screen's width."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from processors.errors import ResultCorrupt

POINTS = 1200
"""Number of points, about as many as a wide screen has columns."""
FULL_SCALE = 32768
HEADER = struct.Struct("<iIiiIi")
"""Header of BBC audiowaveform's data format, version 2: version, flags, rate, samples per point, points, channels."""


def peaks(path: Path, dc_offsets: Sequence[float] = ()) -> dict[str, Any]:
    """Return the lowest and highest 16-bit value of each point over all channels, and the duration of the audio.

    Parameters
    ----------
    dc_offsets : mean of each channel, re full scale; taken out of the points, and not of `peak`.

    Raises
    ------
    ResultCorrupt : not 16-bit peaks in audiowaveform's version 2.
    """
    data = path.read_bytes()
    if len(data) < HEADER.size:
        raise ResultCorrupt(f"{path}: not a waveform; run `marsmedia verify`")
    version, flags, rate_hz, samples_per_point, count, channels = HEADER.unpack_from(data)
    values = np.frombuffer(data, "<i2", offset=HEADER.size)
    if version != 2 or flags != 0 or rate_hz < 1 or count < 1 or values.size != count * channels * 2:
        raise ResultCorrupt(f"{path}: not a waveform of 16-bit peaks; run `marsmedia verify`")
    points = values.reshape(count, channels, 2).astype(np.int32)
    peak = int(np.abs(points).max())
    if len(dc_offsets) == channels:
        points -= np.rint(np.array(dc_offsets) * FULL_SCALE).astype(np.int32)[:, None]
    starts = np.arange(min(POINTS, count)) * count // min(POINTS, count)
    return {
        "lowest": np.minimum.reduceat(points[:, :, 0].min(axis=1), starts).tolist(),
        "highest": np.maximum.reduceat(points[:, :, 1].max(axis=1), starts).tolist(),
        "peak": peak,
        "dc_offset": max(dc_offsets, key=abs, default=0.0),
        "duration_seconds": count * samples_per_point / rate_hz,
    }
