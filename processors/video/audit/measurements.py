"""Measurements of every frame: a table with one row per frame, the basis of shots, verdicts and stills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Item, Need, Reads, require
from processors.imaging.perceptual_hash import perceptual_hash
from processors.tables import MEDIA_TYPE, ParquetTable, Table
from processors.video.audit.measurement_table import MEASUREMENTS, THUMBNAIL_PX
from processors.video.audit.pixel_statistics import MAX_SIDE_PX, Gatherer
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

BLOCK_PX = 8
"""Side of the blocks of the measured picture, whose largest difference separates a held picture from a small motion."""

ROWS_AT_ONCE = 2048


@dataclass(frozen=True, kw_only=True)
class MeasurementFacts:
    frame_count: int
    width_px: int
    """Width of the upright video, in square pixels."""
    height_px: int
    time_base: str
    """Seconds per tick, as a fraction."""


@dataclass(frozen=True, kw_only=True)
class StatisticsFacts:
    """Contents of the archive of per-pixel statistics."""

    frames_taken: int
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """Table with one row per frame and per-pixel statistics, from luma alone and in the one decoding pass.

    Items: `measurements.parquet` with the columns of `MEASUREMENTS`, and `statistics.npz` (`PixelStatistics`), which is
    absent if no frame had visible content.
    """

    name: ClassVar[str] = "video.measurements"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "video"
    tables: ClassVar[tuple[Table, ...]] = (MEASUREMENTS,)

    longest_side_px: int = 320
    """Longer side at which frames are measured, 64 to 1920."""

    def __post_init__(self) -> None:
        require(64 <= self.longest_side_px <= 1920, "longest_side_px", self.longest_side_px, "must be from 64 to 1920")

    def needs(self, info: VideoInfo) -> Need:
        return Need(longest_side_px=MAX_SIDE_PX)

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    def __init__(self, processor: Measurements, info: VideoInfo, scratch: Path) -> None:
        self._side_px = processor.longest_side_px
        self._info = info
        self._path = scratch / MEASUREMENTS.item
        self._writer = ParquetTable(self._path, MEASUREMENTS)
        self._rows: list[dict[str, object]] = []
        self._count = 0
        self._last: np.ndarray | None = None
        self._gatherer = Gatherer()

    def feed(self, frame: VideoFrame) -> None:
        import cv2

        luma = frame.luma(self._side_px)
        thumbnail = cv2.resize(luma, THUMBNAIL_PX, interpolation=cv2.INTER_AREA)
        if self._gatherer.wants(frame.time, thumbnail):
            self._gatherer.take(frame.luma(MAX_SIDE_PX))
        last = self._last if self._last is not None and self._last.shape == luma.shape else None
        self._rows.append(
            {
                "pts": frame.pts,
                "end_pts": frame.end_pts,
                "time_seconds": float(frame.time),
                "is_keyframe": frame.is_keyframe,
                "is_corrupt": frame.is_corrupt,
                "is_interlaced": bool(frame.decoded.interlaced_frame),
                "thumbnail": thumbnail.tobytes(),
                "perceptual_hash": perceptual_hash(luma),
                **_appearance(luma),
                **_change(luma, last),
            }
        )
        self._last = luma
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write()

    def finish(self) -> Iterator[Item]:
        self._write()
        self._writer.close()
        facts = MeasurementFacts(
            frame_count=self._count,
            width_px=self._info.width_px,
            height_px=self._info.height_px,
            time_base=str(self._info.time_base),
        )
        yield Item(name=self._path.name, media_type=MEDIA_TYPE, file=self._path, facts=facts)
        if statistics := self._gatherer.result():
            yield Item(
                name="statistics.npz",
                media_type="application/x-npz",
                data=statistics.save(),
                facts=StatisticsFacts(
                    frames_taken=statistics.taken, width_px=statistics.width_px, height_px=statistics.height_px
                ),
            )

    def _write(self) -> None:
        self._writer.add(self._rows)
        self._count += len(self._rows)
        self._rows.clear()


def _appearance(luma: np.ndarray) -> dict[str, object]:
    """Return brightness, contrast and sharpness of one picture."""
    import cv2

    histogram = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel() / luma.size
    mean, deviation = cv2.meanStdDev(luma)
    laplacian = cv2.Laplacian(luma, cv2.CV_16S)
    return {
        "brightness_levels": float(mean[0, 0]),
        "contrast_levels": float(deviation[0, 0]),
        "dark_share": float(histogram[:16].sum()),
        "bright_share": float(histogram[240:].sum()),
        "sharpness": float(cv2.meanStdDev(laplacian)[1][0, 0]) ** 2,
        "histogram": np.round(histogram.reshape(16, 16).sum(axis=1) * 65535).astype(np.uint16).tolist(),
    }


def _change(luma: np.ndarray, last: np.ndarray | None) -> dict[str, object]:
    """Return the difference of a picture from the one before."""
    import cv2

    if last is None:
        return {"difference_levels": None, "block_difference_levels": None}
    difference = cv2.absdiff(luma, last)
    if not (total := cv2.norm(difference, cv2.NORM_L1)):
        return {"difference_levels": 0.0, "block_difference_levels": 0.0}
    blocks = max(1, luma.shape[1] // BLOCK_PX), max(1, luma.shape[0] // BLOCK_PX)
    by_block = cv2.resize(difference.astype(np.float32), blocks, interpolation=cv2.INTER_AREA)
    return {"difference_levels": total / difference.size, "block_difference_levels": float(by_block.max())}
