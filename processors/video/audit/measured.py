"""The measurements of a video, read back from the results that a processor uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from processors.contract import Inputs, Item
from processors.errors import ResultMissing
from processors.video.audit.measurements import THUMBNAIL_PX, Measurements
from processors.video.audit.pixel_statistics import PixelStatistics


@dataclass(frozen=True)
class FromResults:
    """A session of a processor that reads `results`: it is fed nothing, and all its items come at the end."""

    make: Callable[[], Iterator[Item]]

    def feed(self, unit: object) -> Iterator[Item]:
        yield from ()

    def finish(self) -> Iterator[Item]:
        return self.make()


@dataclass(frozen=True, kw_only=True)
class FrameTable:
    """One video's per-frame measurements; columns are read when they are first asked for."""

    table: Path
    time_base: Fraction
    frame_count: int
    width_px: int
    """Of the video, upright, in square pixels."""
    height_px: int
    lost_seconds: tuple[tuple[float, float], ...]
    """Spans of frames that the container announces and that did not decode, as far as they are told."""
    unsure_seconds: tuple[tuple[float, float], ...]
    """Spans of frames whose bytes do not fit the file's own checksums."""
    statistics_archive: Path | None
    """None where no frame showed anything."""
    _columns: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, using: Inputs) -> FrameTable:
        """What `video.measurements` made of this source."""
        result = using.results[Measurements.name]
        facts = result.facts("measurements.parquet")
        assert isinstance(facts, dict)
        try:
            statistics_archive = result.path("statistics.npz")
        except ResultMissing:
            statistics_archive = None
        report = using.source_facts["video"]
        assert isinstance(report, dict)
        return cls(
            lost_seconds=tuple((start, end) for start, end in report["lost_seconds"]),  # type: ignore[union-attr,misc]
            unsure_seconds=tuple((start, end) for start, end in report["unsure_seconds"]),  # type: ignore[union-attr,misc]
            table=result.path("measurements.parquet"),
            time_base=Fraction(str(facts["time_base"])),
            frame_count=int(facts["frame_count"]),  # type: ignore[arg-type]
            width_px=int(facts["width_px"]),  # type: ignore[arg-type]
            height_px=int(facts["height_px"]),  # type: ignore[arg-type]
            statistics_archive=statistics_archive,
        )

    def column(self, name: str) -> np.ndarray:
        """One value a frame, in the order of presentation; null becomes NaN."""
        if name not in self._columns:
            self._columns[name] = self._read(name).to_numpy()
        return self._columns[name]

    def _read(self, name: str) -> pa.ChunkedArray:
        # `pq.read_table` would import pyarrow.dataset and, where it is installed, pandas: 0.3 s
        with pq.ParquetFile(self.table) as table:
            return table.read([name]).column(name)

    @cached_property
    def statistics(self) -> PixelStatistics | None:
        """Of every pixel; None where no frame showed anything."""
        return PixelStatistics.load(self.statistics_archive) if self.statistics_archive else None

    @cached_property
    def pts(self) -> np.ndarray:
        """Presentation time of each frame: int64 ticks of the time base."""
        return self.column("pts")

    @cached_property
    def is_damaged(self) -> np.ndarray:
        """Where a frame is damaged, or rests on one that is or that is lost: bool, shape (frames,).

        Every frame up to the next keyframe is predicted from those before it, and decoders do not say how far damage
        goes with it.
        """
        numbers, is_keyframe = np.arange(self.frame_count), self.column("is_keyframe").astype(bool)
        begins = self.column("is_corrupt").astype(bool)
        times = self.pts * float(self.time_base)
        for _, end_seconds in self.lost_seconds:
            behind = int(np.searchsorted(times, end_seconds - 1e-6))
            if behind < self.frame_count and not is_keyframe[behind]:
                begins[behind] = True
        for start_seconds, end_seconds in self.unsure_seconds:
            begins |= (times >= start_seconds - 1e-6) & (times < end_seconds - 1e-6)
        last_begin, last_keyframe = (
            np.maximum.accumulate(np.where(where, numbers, -1)) for where in (begins, is_keyframe)
        )
        return (last_begin >= 0) & (last_begin >= last_keyframe)

    @cached_property
    def end_pts(self) -> np.ndarray:
        return self.column("end_pts")

    def time(self, frame: int) -> Fraction:
        """Presentation time of a frame in seconds, exact; its number may be the count, for the video's end."""
        ticks = self.pts[frame] if frame < self.frame_count else self.end_pts[-1]
        return int(ticks) * self.time_base

    @cached_property
    def thumbnails(self) -> np.ndarray:
        """uint8, shape (frames, 18, 32): 0.6 kB a frame, 50 MB for an hour at 25 frames a second."""
        width, height = THUMBNAIL_PX
        column = self._read("thumbnail").combine_chunks()
        flat = np.frombuffer(column.buffers()[1] or b"", np.uint8)
        return flat[: len(column) * width * height].reshape(-1, height, width)
