"""Frames that look alike, by perceptual hash, within one video and across several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from processors.contract import require

MOST_BITS = 15
"""Above this, 64-bit hashes of pictures that have nothing in common meet by chance too often."""

AT_ONCE = 4096


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Two frames that look alike."""

    source: str
    pts: int
    other_source: str
    other_pts: int
    distance_bits: int


def alike(tables: Mapping[str, Path], at_most_bits: int = 6, apart_frames: int = 25) -> Iterator[Alike]:
    """Pairs of frames whose hashes differ in few bits, once each, in the order of sources and of presentation.

    Repeats of a picture stand for their first frame, and black or flat frames are left out, so that held pictures and
    fades do not pair with everything.

    Parameters
    ----------
    tables : `measurements.parquet` of each video, by source digest.
    at_most_bits : 0 to 15.
    apart_frames : within one video, pairs nearer than this are the same moment and not told.
    """
    require(0 <= at_most_bits <= MOST_BITS, "at_most_bits", at_most_bits, f"must be from 0 to {MOST_BITS}")
    seen: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
    for source in sorted(tables):
        pts, hashes, places = _distinct(tables[source])
        seen.append((source, pts, hashes, places))
        for number, one in enumerate(hashes):
            for other_source, other_pts, other_hashes, _ in seen:
                same = other_source == source
                end = (
                    int(np.searchsorted(places, places[number] - apart_frames, "right")) if same else len(other_hashes)
                )
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


def _distinct(table: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, hashes and numbers of the frames that show something and change it."""
    columns = pq.read_table(table, columns=["pts", "perceptual_hash", "contrast_levels"])
    pts, hashes, contrast = (columns[name].to_numpy() for name in ("pts", "perceptual_hash", "contrast_levels"))
    kept = contrast > 4
    kept[1:] &= hashes[1:] != hashes[:-1]
    return pts[kept], hashes[kept], np.flatnonzero(kept)
