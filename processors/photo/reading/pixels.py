"""Stored pixels of a photo, and their rotation and conversion to 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from processors.imaging.colour import SRGB, Colour
from processors.photo.reading.damage import Damage
from processors.photo.reading.display_levels import DisplayLevels

BOUNDED_PIXELS = 100_000_000
"""A larger picture is reduced during decoding, by 2 or more, so that all results made of it fit into 4000 MB."""

TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Transformations by EXIF orientation."""


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A decoded picture as stored: an 8-bit image, or deeper samples."""

    image: Image.Image | None = None
    """Image of any mode of 8 bits or less; its `info` has the ICC profile."""
    samples: np.ndarray | None = None
    """Samples, shape (height, width) or (height, width, colours)."""
    valid: np.ndarray | None = None
    """Bool, shape (height, width) or that of `samples`: False where the file marks missing data."""
    saturated: np.ndarray | None = None
    """Bool, shape of `samples`: True where shown as white, whatever the number."""
    alpha: np.ndarray | None = None
    """Alpha of `samples`, uint8, shape (height, width)."""
    others: np.ndarray | None = None
    """Channels behind the colours of a TIFF as stored, alpha among them, shape (height, width, channels)."""
    is_inverted: bool = False
    """True if 0 is white."""
    declared_white: float | None = None
    levels: DisplayLevels | None = None
    """Black and white if the file's own scale sets them; None: they are chosen from the samples."""
    icc_profile: bytes | None = None
    """ICC profile of `samples`."""
    colour: Colour = SRGB
    """Colour if no ICC profile defines it."""
    damage: Damage | None = None
    orientation: int = 1
    """EXIF orientation."""
    shrunk_by: int = 1
    trailing_bytes: int = 0
    trailing_kind: str | None = None


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image upright; keeps `info`."""
    if orientation not in TRANSPOSED:
        return image
    upright = image.transpose(TRANSPOSED[orientation])
    upright.info = image.info
    return upright


def turned_array(values: np.ndarray, orientation: int) -> np.ndarray:
    """Return an array of rows and columns upright."""
    if orientation in (5, 7):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7):
        values = values[::-1]
    return np.rot90(values, {6: -1, 8: 1}.get(orientation, 0))


def bounding_shrink(width_px: int, height_px: int) -> int:
    """Return the reduction that leaves at most `BOUNDED_PIXELS`; 1 for nearly all pictures."""
    shrink = 1
    while width_px * height_px > BOUNDED_PIXELS * shrink * shrink:
        shrink *= 2
    return shrink
