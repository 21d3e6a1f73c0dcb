"""Panels of a composite picture: rectangles between straight lines that stay in place while the pictures move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from processors.video.audit.bars_and_overlays import Box

MAX_PICTURES = 8
"""Maximum number of pictures of a window that are examined: more add nothing."""
LINE_SHARE = 0.85
"""Minimum share of a line's length along which it stands out: a logo may cover the rest."""
MIN_LINE_LEVELS = 8.0
LINE_TO_TEXTURE = 2.5
"""Minimum mean step across a line, and its ratio to that of the neighbouring lines: moving content is blurred in the
mean of several pictures, a border is not."""
NEAR_PX = 4
"""Distance of the neighbouring lines; those in between hold the border's own blur."""
MIN_PANEL_SHARE = 0.04
"""Minimum share of the picture's area for a panel."""
MAX_PANEL_SHARE = 0.8
"""Maximum share of the area inside the bars: a larger panel is the picture itself."""
MIN_SIDE_PX = 48
SIDE_PX, SIDE_SHARE = 2, 0.6
"""Maximum distance of a panel's side from a line or the picture's edge, and the minimum share of it with a line."""
ALIVE_LEVELS, ALIVE_SHARE = 5, 0.3
"""Minimum range of a pixel's levels over a window that coding does not cause, and the share of pixels that have it in
the first and last lines of a panel."""
MOVING_LEVELS, MOVING_SHARE = 12, 0.2
"""Minimum range of a pixel's levels over a window, and the share of pixels that have it, in a panel that moves."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Panel of the pictures of one window."""

    box: Box
    """Position in px of the pictures."""
    is_moving: bool


def panels(pictures: Sequence[np.ndarray], picture_px: int) -> list[Panel]:
    """Return the panels of pictures that follow each other, from the left; empty if the picture is no composite.

    The picture is cut in two along the clearest line from edge to edge, and so is each part (recursive X-Y cut, Nagy &
    Seth 1984).

    Parameters
    ----------
    pictures : luma, uint8, all of one shape (height, width).
    picture_px : area inside the bars, in px.
    """
    taken = np.stack(pictures[:: -(-len(pictures) // MAX_PICTURES)])
    across, down = (np.abs(np.diff(taken.astype(np.int16), axis=axis)).mean(axis=0) for axis in (2, 1))
    swing = taken.max(axis=0) - taken.min(axis=0)
    height, width = swing.shape
    whole = Box(left_px=0, top_px=0, right_px=width, bottom_px=height)
    upright, level = _standing_out(across), _standing_out(down.T).T
    found = []
    for box in _parts(whole, swing >= ALIVE_LEVELS, upright, level):
        if not _is_framed(box, upright, level):
            continue
        area = (box.right_px - box.left_px) * (box.bottom_px - box.top_px)
        is_panel = MIN_PANEL_SHARE <= area / picture_px <= MAX_PANEL_SHARE
        if is_panel:
            inside = swing[box.top_px : box.bottom_px, box.left_px : box.right_px]
            is_moving = float((inside >= MOVING_LEVELS).mean()) >= MOVING_SHARE
            found.append(Panel(box=box, is_moving=is_moving))
    return found


def _standing_out(steps: np.ndarray) -> np.ndarray:
    """Return where a step between two columns stands out from those next to it: bool, the shape of `steps`."""
    wide = np.pad(steps, ((0, 0), (NEAR_PX, NEAR_PX)), mode="edge")
    beside = np.maximum(wide[:, : -2 * NEAR_PX], wide[:, 2 * NEAR_PX :])
    return (steps >= MIN_LINE_LEVELS) & (steps >= LINE_TO_TEXTURE * beside)


def _parts(box: Box, alive: np.ndarray, upright: np.ndarray, level: np.ndarray) -> Iterator[Box]:
    """Yield the parts of a box that no line crosses, without dead edges.

    Parameters
    ----------
    alive : where the pictures change: bool, shape (height, width).
    upright, level : where a line is between a px and the next, to the right and below.
    """
    box = _without_dead_edges(box, alive)
    width, height = box.right_px - box.left_px, box.bottom_px - box.top_px
    if min(width, height) < MIN_SIDE_PX:
        return
    across = upright[box.top_px : box.bottom_px, box.left_px : box.right_px - 1].mean(axis=0)
    down = level[box.top_px : box.bottom_px - 1, box.left_px : box.right_px].mean(axis=1)
    if max(across.max(), down.max()) < LINE_SHARE:
        yield box
    elif across.max() >= down.max():
        cut = box.left_px + int(np.argmax(across)) + 1
        yield from _parts(replace(box, right_px=cut), alive, upright, level)
        yield from _parts(replace(box, left_px=cut), alive, upright, level)
    else:
        cut = box.top_px + int(np.argmax(down)) + 1
        yield from _parts(replace(box, bottom_px=cut), alive, upright, level)
        yield from _parts(replace(box, top_px=cut), alive, upright, level)


def _is_framed(box: Box, upright: np.ndarray, level: np.ndarray) -> bool:
    """Return whether each side of a box is a line or the edge of the picture; those of a moving object are not."""
    rows, columns = slice(box.top_px, box.bottom_px), slice(box.left_px, box.right_px)
    sides = (
        (upright[rows], box.left_px),
        (upright[rows], box.right_px),
        (level[:, columns].T, box.top_px),
        (level[:, columns].T, box.bottom_px),
    )
    return all(_is_side(lines, place) for lines, place in sides)


def _is_side(lines: np.ndarray, place: int) -> bool:
    """Return whether there is a line before px `place`, or the picture's edge; `lines` are columns, between two px."""
    if not SIDE_PX < place < lines.shape[1] + 1 - SIDE_PX:
        return True
    near = lines[:, place - 1 - SIDE_PX : place + SIDE_PX]
    return float(near.any(axis=1).mean()) >= SIDE_SHARE


def _without_dead_edges(box: Box, alive: np.ndarray) -> Box:
    """Return the box without edge lines along which little changes: background, and text on it."""
    for _ in range(2):  # repeat, as the lines have become shorter
        inside = alive[box.top_px : box.bottom_px, box.left_px : box.right_px]
        columns = np.flatnonzero(inside.mean(axis=0) >= ALIVE_SHARE)
        rows = np.flatnonzero(inside.mean(axis=1) >= ALIVE_SHARE)
        if not columns.size or not rows.size:
            return replace(box, right_px=box.left_px, bottom_px=box.top_px)
        box = Box(
            left_px=box.left_px + int(columns[0]),
            top_px=box.top_px + int(rows[0]),
            right_px=box.left_px + int(columns[-1]) + 1,
            bottom_px=box.top_px + int(rows[-1]) + 1,
        )
    return box
