"""Similar frames and repeated footage, by perceptual hash, within one video and across several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from processors.contract import require

MAX_BITS = 15
"""Largest usable distance: above it, 64-bit hashes of unrelated pictures match too often by chance."""

AT_ONCE = 4096

SAME_MOMENT_FRAMES = 25
"""Within one video, frames closer than this show the same moment and are not a repetition."""

MIN_FRAMES = 5
"""Minimum length of a segment: single frames look alike by chance."""

OFFSET_SECONDS = 0.1
"""Tolerance of the time offset within one segment: a change of frame rate shifts it by two frames."""

GAP_SECONDS = 1.0
"""Longest gap without a match within a segment."""

MIN_SHARE = 0.4
"""Share of the distinct pictures in both spans that must match; a nearly still scene matches itself now and then."""

ONE_SCENE_BITS = 16
ONE_SCENE_SHARE = 0.9
"""Two spans of one video are one lasting scene, not repeated footage, if this share of the pictures from one to the
other differs from the first picture in no more bits than this; unrelated pictures differ in half of the 64."""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Two frames that look alike."""

    source: str
    pts: int
    other_source: str
    other_pts: int
    distance_bits: int


def similar_frames(tables: Mapping[str, Path], at_most_bits: int = 6) -> Iterator[Alike]:
    """Yield pairs of frames whose hashes differ in few bits, once each, in the order of sources and of presentation.

    Repeats of a picture are represented by their first frame, and black or flat frames are left out, so that held
    pictures and fades do not pair with everything.

    Parameters
    ----------
    tables : `measurements.parquet` of each video, by source digest.
    at_most_bits : 0 to 15.
    """
    require(0 <= at_most_bits <= MAX_BITS, "at_most_bits", at_most_bits, f"must be from 0 to {MAX_BITS}")
    seen: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    for source in sorted(tables):
        pts, hashes, places = _distinct(tables[source])
        seen.append((source, pts, hashes, places))
        for number, one in enumerate(hashes):
            for other_source, other_pts, other_hashes, _ in seen:
                end = len(other_hashes)
                if other_source == source:
                    end = int(np.searchsorted(places, places[number] - SAME_MOMENT_FRAMES, "right"))
                for first in range(0, end, AT_ONCE):
                    part = other_hashes[first : min(end, first + AT_ONCE)]
                    distance = np.bitwise_count(part ^ one)
                    for hit in np.flatnonzero(distance <= at_most_bits).tolist():
                        yield Alike(
                            source=other_source,
                            pts=int(other_pts[first + hit]),
                            other_source=source,
                            other_pts=int(pts[number]),
                            distance_bits=int(distance[hit]),
                        )


@dataclass(frozen=True, kw_only=True)
class RepeatedSegment:
    """Footage that occurs twice: frames at a constant time offset look alike. Closed spans, seconds."""

    source: str
    first_seconds: float
    last_seconds: float
    other_source: str
    other_first_seconds: float
    other_last_seconds: float
    frame_count: int
    """Number of distinct pictures that match."""


def repeated_segments(tables: Mapping[str, Path], at_most_bits: int = 6) -> list[RepeatedSegment]:
    """Return footage that occurs twice, in one video or in two; `tables` and `at_most_bits` as for `similar_frames`."""
    times = {source: dict(_times(table)) for source, table in tables.items()}
    stretches: dict[tuple[str, str, int], list[list[tuple[float, float]]]] = {}
    for pair in similar_frames(tables, at_most_bits):
        here, there = times[pair.source][pair.pts], times[pair.other_source][pair.other_pts]
        runs = stretches.setdefault((pair.source, pair.other_source, round((there - here) / OFFSET_SECONDS)), [])
        if not runs or there - runs[-1][-1][1] > GAP_SECONDS:
            runs.append([])
        runs[-1].append((here, there))
    found = [
        RepeatedSegment(
            source=source,
            first_seconds=min(here for here, _ in run),
            last_seconds=max(here for here, _ in run),
            other_source=other,
            other_first_seconds=run[0][1],
            other_last_seconds=run[-1][1],
            frame_count=len({there for _, there in run}),
        )
        for (source, other, _), runs in stretches.items()
        for run in runs
    ]
    shown = {source: _Shown.of(table) for source, table in tables.items()}
    kept = [one for one in found if one.frame_count >= MIN_FRAMES and _is_dense(one, shown)]
    once = [one for one in _once(kept) if one.source != one.other_source or not shown[one.source].is_one_scene(one)]
    return sorted(once, key=lambda one: (one.source, one.other_source, one.first_seconds, one.other_first_seconds))


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """Distinct pictures of one video with visible content."""

    seconds: np.ndarray
    hashes: np.ndarray

    @classmethod
    def of(cls, table: Path) -> _Shown:
        seconds = pq.read_table(table, columns=["time_seconds"])["time_seconds"].to_numpy()
        _, hashes, places = _distinct(table)
        return cls(seconds=seconds[places], hashes=hashes)

    def between(self, first_seconds: float, last_seconds: float) -> np.ndarray:
        """Return the hashes of the pictures in a closed time span."""
        first, end = np.searchsorted(self.seconds, first_seconds), np.searchsorted(self.seconds, last_seconds, "right")
        return self.hashes[first:end]

    def is_one_scene(self, stretch: RepeatedSegment) -> bool:
        """Return whether all pictures from the first of one span to the last of the other look like the first."""
        hashes = self.between(stretch.first_seconds, stretch.other_last_seconds)
        return bool((np.bitwise_count(hashes ^ hashes[0]) <= ONE_SCENE_BITS).mean() >= ONE_SCENE_SHARE)


def _is_dense(stretch: RepeatedSegment, shown: Mapping[str, _Shown]) -> bool:
    """Return whether enough of the pictures in both spans match."""
    here = shown[stretch.source].between(stretch.first_seconds, stretch.last_seconds)
    there = shown[stretch.other_source].between(stretch.other_first_seconds, stretch.other_last_seconds)
    return stretch.frame_count >= MIN_SHARE * min(len(here), len(there))


def _once(stretches: list[RepeatedSegment]) -> list[RepeatedSegment]:
    """Return the segments with the most matches, without those that overlap one of them in both spans.

    Slow footage matches at many time offsets.
    """
    kept: list[RepeatedSegment] = []
    for one in sorted(stretches, key=lambda one: -one.frame_count):
        if not any(_overlap(one, other) for other in kept):
            kept.append(one)
    return kept


def _overlap(one: RepeatedSegment, other: RepeatedSegment) -> bool:
    return (
        (one.source, one.other_source) == (other.source, other.other_source)
        and one.first_seconds <= other.last_seconds
        and other.first_seconds <= one.last_seconds
        and one.other_first_seconds <= other.other_last_seconds
        and other.other_first_seconds <= one.other_last_seconds
    )


def _times(table: Path) -> list[tuple[int, float]]:
    columns = pq.read_table(table, columns=["pts", "time_seconds"])
    return list(zip(columns["pts"].to_pylist(), columns["time_seconds"].to_pylist(), strict=True))


def _distinct(table: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, hashes and numbers of the frames with visible and changed content."""
    columns = pq.read_table(table, columns=["pts", "perceptual_hash", "contrast_levels"])
    pts, hashes, contrast = (columns[name].to_numpy() for name in ("pts", "perceptual_hash", "contrast_levels"))
    kept = contrast > 4
    kept[1:] &= hashes[1:] != hashes[:-1]
    return pts[kept], hashes[kept], np.flatnonzero(kept)
