"""Static parts of a changing picture: black bars around it, and logos and captions burnt into it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from processors.video.audit.pixel_statistics import PixelStatistics
from processors.video.reading.video_info import many

MIN_FRAMES = 8
"""Minimum number of differing frames to distinguish overlays from parts that happen to be still."""

BAR_LEVEL = 20
"""Maximum level of bars, over all frames, along `BAR_SHARE` of them; the rest may be a caption."""

BAR_SHARE = 0.8

BAR_EDGE_SHARE = 0.5
"""Minimum share of the picture's side that is lit right at a bar's end: bars end in a straight line, globes do not."""

PAIR_SHARE = 0.8
"""Minimum size of the smaller of two opposite bars, relative to the larger."""

BAR_STEP_LEVELS = 20
"""Minimum rise in brightness within 4 px of a bar's end."""

STILL_SHARE = 0.9
"""Share of the frames in which an edge must have the same sign to count as still."""

MIN_OVERLAY_SHARE = 5e-5
MIDDLE_SHARE = 0.08
AROUND_MIDDLE_SHARE = 0.25
"""Maximum distance of a box's centre from the picture's, as a share of width and height."""
MAX_SWING_LEVELS = 30
"""Maximum range of an overlay pixel's levels, which coding causes."""
MAX_OVERLAY_SHARE = 0.25
MAX_OVERLAYS = 12
MAX_STILL_SHARE = 0.08
"""Maximum share of still edges; if it is exceeded, or the edges form more groups, the camera is still, and overlays
cannot be distinguished."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """Rectangle of the upright picture in px, half open: `right_px` and `bottom_px` are the first ones outside."""

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int


@dataclass(frozen=True, kw_only=True)
class StaticRegions:
    """Bars and overlays of one video."""

    picture_box: Box | None
    """Area inside the black bars; the whole frame without bars; None if all is dark."""
    overlays: tuple[Box, ...] | None
    """Overlays, largest first; None if they cannot be distinguished from a scene that is itself still."""
    overlays_unknown_because: str | None


def still_parts(statistics: PixelStatistics | None, width_px: int, height_px: int) -> StaticRegions:
    """Detect bars and overlays; sizes are the video's own, upright."""
    if statistics is None:
        return StaticRegions(picture_box=None, overlays=None, overlays_unknown_because="no frame shows anything")
    picture = picture_box(statistics.highest)
    scale = width_px / statistics.width_px, height_px / statistics.height_px
    if statistics.taken < MIN_FRAMES:
        why = f"only {many(statistics.taken, 'frame')} differ{'s' * (statistics.taken == 1)} enough from the one before"
        return StaticRegions(picture_box=_scaled(picture, scale), overlays=None, overlays_unknown_because=why)
    edges = _still_edges(statistics, picture)
    swing = statistics.highest.astype(np.int16) - statistics.lowest
    found = [box for box in _boxes(edges) if not _is_ground(box, edges, swing, picture)]
    if edges.mean() > MAX_STILL_SHARE or len(found) > MAX_OVERLAYS:
        why = "most of the scene is still, so that what is burnt in looks like the rest"
        return StaticRegions(picture_box=_scaled(picture, scale), overlays=None, overlays_unknown_because=why)
    if any(_area(box) > MAX_OVERLAY_SHARE * edges.size for box in found):
        why = "what never moves is too large a part of the picture to be laid over it"
        return StaticRegions(picture_box=_scaled(picture, scale), overlays=None, overlays_unknown_because=why)
    boxes = [_scaled(box, scale) for box in found]
    return StaticRegions(
        picture_box=_scaled(picture, scale),
        overlays=tuple(box for box in boxes if box is not None),
        overlays_unknown_because=None,
    )


def picture_box(highest: np.ndarray) -> Box | None:
    """Return the area inside black bars, from each pixel's highest level (uint8); None if all of it is dark."""
    rows = np.quantile(highest, BAR_SHARE, axis=1)
    top, bottom = _lit(rows)
    if bottom <= top:
        return None
    left, right = _lit(np.quantile(highest[top:bottom], BAR_SHARE, axis=0))
    if right <= left:
        return None
    height, width = highest.shape
    for _ in range(2):  # again, if the area between opposite bars has become wider
        inside = highest[top:bottom, left:right]
        top, bottom = _straight(top, bottom, height, inside)
        left, right = _straight(left, right, width, inside.T)
    return Box(left_px=left, top_px=top, right_px=right, bottom_px=bottom)


def _straight(first: int, end: int, length: int, inside: np.ndarray) -> tuple[int, int]:
    """Leave out dark margins that do not end along a straight line; of a pair of bars one must."""
    sizes = first, length - end
    straight = [size > 0 and _is_straight(edge) for size, edge in zip(sizes, (inside[:4], inside[-4:]), strict=True)]
    if any(straight) and min(sizes) >= PAIR_SHARE * max(sizes):
        return first, end
    return first if straight[0] else 0, end if straight[1] else length


def _is_straight(edge: np.ndarray) -> bool:
    """Return True if the picture is lit along most of its side next to a bar, whose end is first or last in `edge`."""
    return float((edge.max(axis=0) > BAR_LEVEL).mean()) >= BAR_EDGE_SHARE


def _lit(levels: np.ndarray) -> tuple[int, int]:
    """Return the first lit line and the first dark one after the last lit; a gradual fade to black is no bar."""
    bright = np.flatnonzero(levels > BAR_LEVEL)
    if not bright.size:
        return 0, 0
    first, end = int(bright[0]), int(bright[-1]) + 1
    if first and levels[first : first + 4].max() - levels[:first].max() < BAR_STEP_LEVELS:
        first = 0
    if end < len(levels) and levels[max(0, end - 4) : end].max() - levels[end:].max() < BAR_STEP_LEVELS:
        end = len(levels)
    # opposite a bar, darkness contains an equally large bar, next to which the picture may also be dark
    dark_end = len(levels) - int(bright[-1]) - 1
    if first and end == len(levels) and dark_end >= first:
        end = len(levels) - first
    if not first and end < len(levels) and int(bright[0]) >= len(levels) - end:
        first = len(levels) - end
    return first, end


def _still_edges(statistics: PixelStatistics, picture: Box | None) -> np.ndarray:
    """Return where an edge to the right or lower neighbour never moves: bool, shape (height, width)."""
    edges = statistics.stillness >= STILL_SHARE * 255
    if picture:  # the ends of the bars are also still
        for line in (picture.top_px, picture.bottom_px):
            edges[max(0, line - 4) : line + 3] &= not 0 < line < edges.shape[0]
        for line in (picture.left_px, picture.right_px):
            edges[:, max(0, line - 4) : line + 3] &= not 0 < line < edges.shape[1]
    return edges


def _boxes(edges: np.ndarray) -> list[Box]:
    """Return boxes around groups of still edges, the largest first; edges within a letter's distance form one group."""
    import cv2

    reach = max(3, round(0.02 * edges.shape[0])) | 1
    joined = cv2.morphologyEx(edges.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    found: list[Box] = []
    rows, columns = np.nonzero(edges)
    group = labels[rows, columns]
    for number in range(1, count):
        y, x = rows[group == number], columns[group == number]
        if len(y) < max(24, MIN_OVERLAY_SHARE * edges.size):
            continue
        # A step is between a pixel and the next: a box from x on has its first at x - 1, its last at its last px.
        box = Box(
            left_px=int(x.min()) + 1, top_px=int(y.min()) + 1, right_px=int(x.max()) + 1, bottom_px=int(y.max()) + 1
        )
        if min(box.right_px - box.left_px, box.bottom_px - box.top_px) >= 4:
            found.append(box)
    return sorted(found, key=lambda box: -_area(box))


def _is_ground(box: Box, edges: np.ndarray, swing: np.ndarray, picture: Box | None) -> bool:
    """Return True for ground around the picture's centre, almost still for a camera that looks along its motion.

    An overlay keeps its levels; ground that moves little keeps only the signs of its steps.
    """
    height, width = edges.shape
    whole = picture or Box(left_px=0, top_px=0, right_px=width, bottom_px=height)
    off_x = abs(box.left_px + box.right_px - whole.left_px - whole.right_px) / 2 / (whole.right_px - whole.left_px)
    off_y = abs(box.top_px + box.bottom_px - whole.top_px - whole.bottom_px) / 2 / (whole.bottom_px - whole.top_px)
    if max(off_x, off_y) > AROUND_MIDDLE_SHARE:
        return False
    inside = slice(box.top_px - 1, box.bottom_px), slice(box.left_px - 1, box.right_px)
    return max(off_x, off_y) < MIDDLE_SHARE or float(np.median(swing[inside][edges[inside]])) > MAX_SWING_LEVELS


def _area(box: Box) -> int:
    return (box.right_px - box.left_px) * (box.bottom_px - box.top_px)


def _scaled(box: Box | None, scale: tuple[float, float]) -> Box | None:
    if box is None:
        return None
    return Box(
        left_px=floor(box.left_px * scale[0]),
        top_px=floor(box.top_px * scale[1]),
        right_px=ceil(box.right_px * scale[0]),
        bottom_px=ceil(box.bottom_px * scale[1]),
    )
