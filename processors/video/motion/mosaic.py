"""Nested mosaic of a descent: each closer picture of the ground is inserted into the wider one before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.video.motion.registration import Similarity
from processors.video.reading.frame import VideoFrame

STEP = 1.1
"""Minimum growth of the picture before another is inserted: a tenth more detail, and seams far enough apart."""

MAX_SIDE_PX = 3840
ENLARGED = 4
"""Size of the mosaic relative to the first picture, up to the longest side: room for the detail of closer pictures."""


@dataclass(frozen=True, kw_only=True)
class MosaicFacts:
    """Contents of a nested mosaic."""

    shot: int
    total_scale: float
    """Scale of the ground in the last frame relative to the first, which is the whole mosaic."""
    pictures: int
    """Number of frames inserted into each other."""


class Mosaic:
    """Mosaic of one segment in the coordinates of its first frame, drawn as the frames are decoded."""

    def __init__(self, frame: VideoFrame, mask: np.ndarray) -> None:
        """Start with the segment's first frame.

        Parameters
        ----------
        mask : uint8, shape of the registered luma, not 0 where the picture shows the scene: no bars, no overlays.
        """
        import cv2

        first = frame.rgb(MAX_SIDE_PX)
        grow = max(1.0, min(ENLARGED, MAX_SIDE_PX / max(first.shape)))
        self.picture = cv2.resize(first, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
        """Mosaic, uint8, shape (height, width, 3), RGB."""
        self.scale = 1.0
        """Scale of the last frame relative to the first."""
        self.pictures = 1
        """Number of inserted frames."""
        self._mask = mask
        self._to_frame = np.eye(3)
        self._drawn_at = 1.0

    def follow(self, frame: VideoFrame, step: Similarity) -> None:
        """Take the next frame, which `step` maps from the one before; draw it if it shows new detail."""
        import cv2

        height, width = self._mask.shape
        matrix = np.vstack([step.matrix(((width - 1) / 2, (height - 1) / 2)), [0, 0, 1]])
        self._to_frame = matrix @ self._to_frame
        self.scale *= step.scale
        if self.scale < STEP * self._drawn_at:
            return
        self._drawn_at = self.scale
        picture = frame.rgb(MAX_SIDE_PX)
        size, taken = self.picture.shape[1::-1], picture.shape[1::-1]
        to_mosaic = _magnification(size, (width, height)) @ np.linalg.inv(self._to_frame)
        back = (to_mosaic @ np.linalg.inv(_magnification(taken, (width, height))))[:2]
        shown = cv2.resize(self._mask, taken, interpolation=cv2.INTER_NEAREST)
        inside = cv2.warpAffine(shown, back, size, flags=cv2.INTER_NEAREST) > 0
        laid = cv2.warpAffine(picture, back, size, flags=cv2.INTER_LINEAR)
        self.picture[inside] = laid[inside]
        self.pictures += 1


def _magnification(large: tuple[int, ...], small: tuple[int, ...]) -> np.ndarray:
    """Return the matrix from px of the small picture to px of the large one, both from the first pixel's centre."""
    x, y = large[0] / small[0], large[1] / small[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
