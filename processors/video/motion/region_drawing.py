"""Frame with the measured region drawn into it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.imaging.image_writer import encode
from processors.video.motion.region import RegionFacts

DIMMED = 0.4
"""Brightness outside the region."""
CHOSEN_RGB, OTHER_RGB = (253, 231, 37), (180, 180, 180)
QUALITY = 88


def draw_regions(picture: np.ndarray, width_px: int, region: RegionFacts, others: Sequence[RegionFacts]) -> bytes:
    """Return a JPEG of a frame, dark outside the region; outlines in yellow, those of the other regions in grey.

    Parameters
    ----------
    picture : uint8, shape (height, width, 3), RGB; not changed.
    width_px : width of the video, in whose px the regions are.
    """
    import cv2

    shrink = picture.shape[1] / width_px
    drawn = (picture * DIMMED).astype(np.uint8)
    (left, top), (right, bottom) = _corners(region, shrink)
    drawn[top:bottom, left:right] = picture[top:bottom, left:right]
    for one, colour in (*((other, OTHER_RGB) for other in reversed(others)), (region, CHOSEN_RGB)):
        (left, top), (right, bottom) = _corners(one, shrink)
        cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colour, 2)
    return encode(drawn, "jpeg", quality=QUALITY)


def _corners(region: RegionFacts, shrink: float) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, width, height = region.region_px
    ends = [round(edge * shrink) for edge in (left, top, left + width, top + height)]
    return (ends[0], ends[1]), (ends[2], ends[3])
