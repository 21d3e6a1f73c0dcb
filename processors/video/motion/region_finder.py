"""Search for the parts of a composite picture that move as one, in the order of the frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from processors.video.audit.bars_and_overlays import Box
from processors.video.motion.motion_curve import MAX_OTHER_MOTION_STEPS, MIN_INLIER_SHARE, Curve
from processors.video.motion.panels import panels
from processors.video.motion.region import RegionFacts
from processors.video.motion.track import Row, Track, segments_of
from processors.video.reading.frame import VideoFrame

WINDOW_SECONDS, MAX_WINDOW_FRAMES = 1, 64
"""Length of the windows in which panels are searched for; their frames are held in memory, reduced."""
SAME_PX = 3
"""Maximum distance of a panel's sides from one window to the next."""
MIN_FRAMES = 8
MIN_SECONDS = 0.5
MIN_SHIFT_PX = 3.0
"""Minimum distance that a corner of the region moves, in px of the registered picture: coding moves it by less."""
RULE = "the picture does not move as one; of {count} parts that do, it has the most px times frames"
PICTURE_SIDE_PX = 960


@dataclass(frozen=True, kw_only=True)
class Region:
    """Region that was found, with its measurement."""

    facts: RegionFacts
    rows: list[Row]
    """Rows of one segment."""
    curve: Curve
    px: float
    picture: np.ndarray
    """A frame of the window in which it appeared: uint8, shape (height, width, 3), RGB."""


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Frame of the window under way."""

    luma: np.ndarray
    pts: int
    time: Fraction
    end: Fraction


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tracked:
    box: Box
    """Position in px of the registered picture."""
    track: Track
    picture: np.ndarray


class RegionFinder:
    """Search for panels in the frames of one shot, window by window; those that move are registered.

    Parameters
    ----------
    mask : uint8, shape of the registered luma, not 0 where features are allowed.
    px : number of px of the video that one px of that luma covers.
    picture_px : area inside the bars, in px of that luma.
    """

    def __init__(self, mask: np.ndarray, px: float, picture_px: int) -> None:
        self._mask, self._px, self._picture_px = mask, px, picture_px
        self._held: list[_Held] = []
        self._open: list[_Tracked] = []
        self._ended: list[_Tracked] = []

    def add(self, luma: np.ndarray, frame: VideoFrame) -> None:
        self._held.append(_Held(luma=luma, pts=frame.pts, time=frame.time, end=frame.end))
        is_long = frame.time - self._held[0].time >= WINDOW_SECONDS
        if len(self._held) >= MIN_FRAMES and (is_long or len(self._held) >= MAX_WINDOW_FRAMES):
            self._look(frame)

    def regions(self, last: VideoFrame | None) -> list[Region]:
        """Return the regions that move as one, the largest first; `last` is the shot's last frame."""
        if last is not None and len(self._held) >= MIN_FRAMES:
            self._look(last)
        found = [one for tracked in (*self._ended, *self._open) for one in self._regions_of(tracked)]
        found.sort(key=lambda one: -one.facts.region_px[2] * one.facts.region_px[3] * one.facts.frame_count)
        for first in found[:1]:
            found[0] = replace(first, facts=replace(first.facts, chosen_because=RULE.format(count=len(found))))
        return found

    def _look(self, frame: VideoFrame) -> None:
        """Find the panels of the window, continue those of the previous one, and begin the next window."""
        kept: list[_Tracked] = []
        for panel in panels([one.luma for one in self._held], self._picture_px):
            before = next((one for one in self._open if _is_same(one.box, panel.box)), None)
            if before is None and panel.is_moving:
                before = self._begun(panel.box, frame)
            if before is None or before in kept:
                continue
            box = before.box
            for one in self._held:
                luma = np.ascontiguousarray(one.luma[box.top_px : box.bottom_px, box.left_px : box.right_px])
                before.track.add(luma, one.pts, one.time, one.end)
            kept.append(before)
        self._ended += [one for one in self._open if one not in kept]
        self._open, self._held = kept, []

    def _begun(self, box: Box, frame: VideoFrame) -> _Tracked:
        mask = np.zeros((box.bottom_px - box.top_px, box.right_px - box.left_px), np.uint8)
        inner = slice(4, -4), slice(4, -4)
        mask[inner] = self._mask[box.top_px : box.bottom_px, box.left_px : box.right_px][inner]
        return _Tracked(box=box, track=Track(mask, self._px), picture=frame.rgb(PICTURE_SIDE_PX))

    def _regions_of(self, tracked: _Tracked) -> Iterator[Region]:
        """Yield the segments of a track that move as one."""
        box, px = tracked.box, self._px
        for rows in segments_of(tracked.track.rows):
            seconds = float(rows[-1].time - rows[0].time)
            if len(rows) < MIN_FRAMES or seconds < MIN_SECONDS:
                continue
            curve = tracked.track.curve(rows)
            moves_as_one = float(np.mean(curve.has_other_motion)) <= MAX_OTHER_MOTION_STEPS
            if not moves_as_one or curve.median_inlier_share < MIN_INLIER_SHARE or not _moves(rows, tracked.track):
                continue
            edges = [round(edge * px) for edge in (box.left_px, box.top_px, box.right_px, box.bottom_px)]
            facts = RegionFacts(
                region_px=(edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]),
                start_seconds=float(rows[0].time),
                end_seconds=float(rows[-1].end),
                frame_count=len(rows),
            )
            yield Region(facts=facts, rows=rows, curve=curve, px=px, picture=tracked.picture)


def _moves(rows: Sequence[Row], track: Track) -> bool:
    """Return whether a corner of the view ever moves away from its place in the segment's first frame."""
    height, width = track.mask.shape
    centre = (width - 1) / 2, (height - 1) / 2
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
    place = np.eye(3)
    for row in rows[1:]:
        assert row.step is not None
        place = np.vstack([row.step.matrix(centre), [0, 0, 1]]) @ place
        if np.linalg.norm((place @ corners - corners)[:2], axis=0).max() >= MIN_SHIFT_PX:
            return True
    return False


def _is_same(one: Box, other: Box) -> bool:
    sides = ("left_px", "top_px", "right_px", "bottom_px")
    return all(abs(getattr(one, side) - getattr(other, side)) <= SAME_PX for side in sides)
