"""Times of frames after pictures that a file has lost, and where those were, if its index lists them.

A demuxer that counts pictures, as that of AVI, gives the picture behind a lost one the lost one's time.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from processors.containers.video.avi_index import Pictures
from processors.video.reading.times.joined_recordings import Joins
from processors.video.reading.times.packet_index import PacketIndex


def with_places_of_missing(index: PacketIndex, listed: Pictures | None) -> PacketIndex:
    """Return the packets with the times that they have in a file without losses, and the spans of missing pictures.

    Unchanged if none is missing, or if it is not certain which ones.
    """
    if listed is None or not index.complete or index.joins.starts or len(listed) <= len(index.pts):
        return index
    behind = _missing_before(listed, index.place, index.size_bytes)
    if behind is None:
        return index
    before, after = behind[:-1], behind[-1]
    starts = [number for number in range(len(before)) if before[number] > (before[number - 1] if number else 0)]
    shifts = Joins(starts=tuple(starts), shifts=tuple(before[number] for number in starts))
    pts = array("q", (time + shift for time, shift in zip(index.pts, before, strict=True)))
    gaps = [(pts[one] - before[one] + (before[one - 1] if one else 0), pts[one]) for one in starts]
    shown = array("q", sorted(time for time, is_shown in zip(pts, index.is_shown, strict=True) if is_shown))
    if lost_at_end := after - (before[-1] if before else 0):
        end = max(pts, default=-1) + 1
        gaps.append((end, end + lost_at_end))
    return replace(index, pts=pts, shown_pts=shown, joins=shifts, missing=tuple(gaps))


def _missing_before(listed: Pictures, places: Sequence[int], sizes: Sequence[int]) -> list[int] | None:
    """Return how many listed pictures are missing before each packet, and in all; None if packets do not fit the list.

    A packet is the next listed picture of its size that is not nearer to the file's start than bytes lost so far say.
    """
    lost, moved, at = list[int](), 0, 0
    rows = np.asarray(listed).tolist()
    for place, size in zip(places, sizes, strict=True):
        while at < len(rows) and (rows[at][1] != size or rows[at][0] - place < moved):
            at += 1
        if at == len(rows):
            return None
        moved = rows[at][0] - place
        lost.append(at - len(lost))
        at += 1
    return [*lost, len(rows) - len(lost)]
