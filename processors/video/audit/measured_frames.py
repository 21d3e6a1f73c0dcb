"""Measurements of a video, read back from the results that a processor uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from processors.contract import Inputs
from processors.errors import ResultMissing
from processors.json_records import from_json
from processors.video.audit.measurement_table import THUMBNAIL_PX
from processors.video.audit.measurements import MeasurementFacts, Measurements
from processors.video.audit.pixel_statistics import PixelStatistics
from processors.video.reading.losses.reach_of_damage import reached_by_damage
from processors.video.reading.video_info import VideoReport


def video_report(inputs: Inputs[Any]) -> VideoReport:
    """Return the reader's report from the measurement of the video."""
    return from_json(VideoReport, inputs.source_facts["video"])


@dataclass(frozen=True, kw_only=True)
class MeasuredFrames:
    """Per-frame measurements of one video; columns are read on first use."""

    table: Path
    time_base: Fraction
    frame_count: int
    width_px: int
    """Width of the upright video, in square pixels."""
    height_px: int
    lost_seconds: tuple[tuple[float, float], ...]
    """Spans of frames that the container announces and that did not decode, as far as reported."""
    unsure_seconds: tuple[tuple[float, float], ...]
    """Spans of frames whose bytes do not match the file's own checksums."""
    statistics_archive: Path | None
    """Archive of the statistics; None if no frame had visible content."""
    _columns: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, inputs: Inputs[Any]) -> MeasuredFrames:
        """Return the table that `video.measurements` made from this source."""
        result, report = inputs.results[Measurements.name], video_report(inputs)
        facts = result.facts("measurements.parquet", MeasurementFacts)
        try:
            statistics_archive = result.path("statistics.npz")
        except ResultMissing:
            statistics_archive = None
        return cls(
            lost_seconds=tuple((float(start), float(end)) for start, end in report.lost_seconds),
            unsure_seconds=tuple((float(start), float(end)) for start, end in report.unsure_seconds),
            table=result.path("measurements.parquet"),
            time_base=Fraction(facts.time_base),
            frame_count=facts.frame_count,
            width_px=facts.width_px,
            height_px=facts.height_px,
            statistics_archive=statistics_archive,
        )

    def column(self, name: str) -> np.ndarray:
        """Return one value per frame, in order of presentation; null becomes NaN."""
        if name not in self._columns:
            self._columns[name] = _values(self._read(name).combine_chunks())
        return self._columns[name]

    def _read(self, name: str) -> pa.ChunkedArray:
        # `pq.read_table` would import pyarrow.dataset and, where it is installed, pandas: 0.3 s
        with pq.ParquetFile(self.table) as table:
            return table.read([name]).column(name)

    @cached_property
    def statistics(self) -> PixelStatistics | None:
        """Return the statistics of every pixel; None if no frame had visible content."""
        return PixelStatistics.load(self.statistics_archive) if self.statistics_archive else None

    @cached_property
    def pts(self) -> np.ndarray:
        """Return the presentation time of each frame: int64 ticks of the time base."""
        return self.column("pts")

    @cached_property
    def is_damaged(self) -> np.ndarray:
        """Return where a frame is damaged, or depends on a damaged or lost one: bool, shape (frames,)."""
        return reached_by_damage(
            self.pts * float(self.time_base),
            self.column("is_keyframe").astype(bool),
            self.column("is_corrupt").astype(bool),
            self.lost_seconds,
            self.unsure_seconds,
        )

    @cached_property
    def end_pts(self) -> np.ndarray:
        return self.column("end_pts")

    def time(self, frame: int) -> Fraction:
        """Return a frame's exact presentation time in seconds; a number equal to the count gives the video's end."""
        ticks = self.pts[frame] if frame < self.frame_count else self.end_pts[-1]
        return int(ticks) * self.time_base

    @cached_property
    def thumbnails(self) -> np.ndarray:
        """Return uint8, shape (frames, 18, 32): 0.6 kB per frame, 50 MB for an hour at 25 frames per second."""
        width, height = THUMBNAIL_PX
        column = self._read("thumbnail").combine_chunks()
        flat = np.frombuffer(column.buffers()[1] or b"", np.uint8)
        return flat[: len(column) * width * height].reshape(-1, height, width)


def _values(array: pa.Array) -> np.ndarray:
    """Return numbers or truths, with NaN for null; `to_numpy` would import pandas where it is installed: 0.3 s."""
    known, data = array.buffers()
    span = slice(array.offset, array.offset + len(array))
    if pa.types.is_boolean(array.type):
        values = _bits(data)[span]
    else:
        values = np.frombuffer(data or b"", array.type.to_pandas_dtype())[span].copy()
    return np.where(_bits(known)[span], values, np.nan) if array.null_count else values


def _bits(buffer: pa.Buffer | None) -> np.ndarray:
    """Return the bits of an Arrow buffer: bool, the lowest of each byte first."""
    return np.unpackbits(np.frombuffer(buffer or b"", np.uint8), bitorder="little").astype(bool)
