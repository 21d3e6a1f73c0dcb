"""Part of a picture whose motion is measured: where it is, and its view of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from processors.video.audit.bars_and_overlays import Box, StaticRegions
from processors.video.motion.registration import feature_mask
from processors.video.reading.frame import VideoFrame, shrunk


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """Part of the picture that is measured, and when."""

    region_px: tuple[int, ...]
    """Left and top edge, width and height in the upright picture, as the parameter `region_px`."""
    start_seconds: float
    """Presentation time of its first frame."""
    end_seconds: float
    """Presentation time at which the frame after its last one is shown, or the video ends: the span is half open, and
    can be given as `span_seconds`."""
    frame_count: int
    chosen_because: str | None = None
    """Rule by which it was chosen, or the parameter that names it; None: it was not chosen."""


@dataclass(frozen=True, kw_only=True)
class Cropped:
    """A frame's view of a region: the pictures of a `VideoFrame`, cut out."""

    frame: VideoFrame
    box: Box

    def luma(self, longest_side_px: int) -> np.ndarray:
        """Return the region's luma, uint8, reduced to the longer side; never enlarged."""
        return _reduced(self._cut(self.frame.luma()), longest_side_px)

    def rgb(self, longest_side_px: int | None = None) -> np.ndarray:
        """Return the region's picture, uint8, RGB, reduced to the longer side; never enlarged."""
        picture = self._cut(self.frame.rgb())
        return picture if longest_side_px is None else _reduced(picture, longest_side_px)

    def _cut(self, picture: np.ndarray) -> np.ndarray:
        box = self.box
        return np.ascontiguousarray(picture[box.top_px : box.bottom_px, box.left_px : box.right_px])


def view_of(frame: VideoFrame, region_px: tuple[int, ...] | None) -> VideoFrame | Cropped:
    """Return a frame, or the region of it."""
    return frame if region_px is None else Cropped(frame=frame, box=_box_of(region_px))


def _reduced(picture: np.ndarray, longest_side_px: int) -> np.ndarray:
    import cv2

    height, width = picture.shape[:2]
    shrink = min(1.0, longest_side_px / max(width, height))
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    if picture.ndim == 2:
        return shrunk(picture, size)
    return picture if shrink == 1.0 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def mask_of_view(
    luma: np.ndarray, width_px: int, still: StaticRegions, region_px: tuple[int, ...] | None
) -> tuple[np.ndarray, float]:
    """Return where features are allowed in a view (see `feature_mask`), and the size of its px in px of the video."""
    if region_px is not None:
        width_px, still = region_px[2], _inside(still, _box_of(region_px))
    return feature_mask(luma.shape, width_px, still), width_px / luma.shape[1]


def holds(region_px: Sequence[int], picture: Box) -> bool:
    """Return whether a region has all of a picture in it."""
    box = _box_of(region_px)
    return (
        box.left_px <= picture.left_px
        and box.top_px <= picture.top_px
        and box.right_px >= picture.right_px
        and box.bottom_px >= picture.bottom_px
    )


def _box_of(region_px: Sequence[int]) -> Box:
    """Return the box with this left, top, width and height."""
    left, top, width, height = region_px
    return Box(left_px=left, top_px=top, right_px=left + width, bottom_px=top + height)


def _inside(still: StaticRegions, box: Box) -> StaticRegions:
    """Return bars and overlays in px from the box's corner, clipped to the box."""

    def moved(one: Box) -> Box:
        return Box(
            left_px=min(max(one.left_px, box.left_px), box.right_px) - box.left_px,
            top_px=min(max(one.top_px, box.top_px), box.bottom_px) - box.top_px,
            right_px=min(max(one.right_px, box.left_px), box.right_px) - box.left_px,
            bottom_px=min(max(one.bottom_px, box.top_px), box.bottom_px) - box.top_px,
        )

    overlays = [moved(one) for one in still.overlays or ()]
    lit = [one for one in overlays if one.right_px > one.left_px and one.bottom_px > one.top_px]
    picture = moved(still.picture_box) if still.picture_box else None
    return replace(still, picture_box=picture, overlays=None if still.overlays is None else tuple(lit))
