"""Nested mosaic of a descent: each closer picture of the ground is inserted into the wider one before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from processors.video.motion.region import Cropped
from processors.video.motion.registration import Similarity
from processors.video.reading.frame import VideoFrame

STEP = 1.1
"""Minimum growth of the picture before another is inserted: a tenth more detail, and seams far enough apart."""

MAX_SIDE_PX = 3840
ENLARGED = 4
"""Size of the mosaic relative to the first picture, up to the longest side: room for the detail of closer pictures."""


@dataclass(frozen=True, kw_only=True)
class MosaicFacts:
    shot: int
    total_scale: float
    """Scale of the ground in the last frame relative to the first, which is the whole mosaic."""
    pictures: int
    """Number of frames inserted into each other."""


class Mosaic:
    """Mosaic of one segment in the coordinates of its first frame, drawn as the frames are decoded."""

    def __init__(self, frame: VideoFrame | Cropped, mask: np.ndarray) -> None:
        """Start with the segment's first frame, converted only if another is inserted or the picture is requested.

        Parameters
        ----------
        mask : uint8, shape of the registered luma, not 0 where the picture shows the scene: no bars, no overlays.
        """
        self.scale = 1.0
        """Scale of the last frame relative to the first."""
        self.pictures = 1
        """Number of inserted frames."""
        self._first: VideoFrame | Cropped | None = frame
        self._mask = mask
        self._to_frame = np.eye(3)
        self._drawn_at = 1.0

    @cached_property
    def picture(self) -> np.ndarray:
        """Return the mosaic: uint8, shape (height, width, 3), RGB."""
        import cv2

        assert self._first is not None
        first, self._first = self._first.rgb(MAX_SIDE_PX), None
        grow = max(1.0, min(ENLARGED, MAX_SIDE_PX / max(first.shape)))
        return cv2.resize(first, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)

    def follow(self, frame: VideoFrame | Cropped, step: Similarity) -> None:
        """Take the next frame, which `step` maps from the one before; draw it if it shows new detail."""
        height, width = self._mask.shape
        matrix = np.vstack([step.matrix(((width - 1) / 2, (height - 1) / 2)), [0, 0, 1]])
        self._to_frame = matrix @ self._to_frame
        self.scale *= step.scale
        if self.scale < STEP * self._drawn_at:
            return
        self._drawn_at = self.scale
        self._insert(frame.rgb(MAX_SIDE_PX))
        self.pictures += 1

    def _insert(self, picture: np.ndarray) -> None:
        """Draw the last frame's picture at its place in the mosaic; the rest of the mosaic stays as it is."""
        import cv2

        mosaic, small = self.picture, self._mask.shape[1::-1]
        taken = picture.shape[1::-1]
        to_mosaic = _magnification(mosaic.shape[1::-1], small) @ np.linalg.inv(self._to_frame)
        back = (to_mosaic @ np.linalg.inv(_magnification(taken, small)))[:2]
        left, top, right, bottom = _covered(back, taken, mosaic.shape[1::-1])
        if right <= left or bottom <= top:
            return
        back[:, 2] -= left, top
        size = right - left, bottom - top
        shown = cv2.resize(self._mask, taken, interpolation=cv2.INTER_NEAREST)
        inside = cv2.warpAffine(shown, back, size, flags=cv2.INTER_NEAREST)
        laid = cv2.warpAffine(picture, back, size, flags=cv2.INTER_LINEAR)
        cv2.copyTo(laid, inside, mosaic[top:bottom, left:right])


def _covered(to_mosaic: np.ndarray, taken: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom, half open, of the part of the mosaic that a picture reaches."""
    width, height = taken
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ to_mosaic.T
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, size)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, 0, size)
    return int(left), int(top), int(right), int(bottom)


def _magnification(large: tuple[int, ...], small: tuple[int, ...]) -> np.ndarray:
    """Return the matrix from px of the small picture to px of the large one, both from the first pixel's centre."""
    x, y = large[0] / small[0], large[1] / small[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
