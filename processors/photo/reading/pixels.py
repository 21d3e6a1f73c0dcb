"""Pixels of a photo as its file stores them, and how they are turned upright and into 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from processors.imaging.colour import SRGB, Colour
from processors.photo.reading.damage import Damage

BOUNDED_PIXELS = 100_000_000
"""A larger picture is shrunk while it is decoded, by 2 or more: all that is made of it then fits into 4000 MB."""

_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""By EXIF orientation."""


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A decoded picture as stored: an image of 8 bits, or samples of more."""

    image: Image.Image | None = None
    """Any mode of 8 bits or less; its `info` has the ICC profile."""
    samples: np.ndarray | None = None
    """Shape (height, width) or (height, width, colours)."""
    valid: np.ndarray | None = None
    """bool, shape (height, width) or that of `samples`: False where the file says that there is no data."""
    saturated: np.ndarray | None = None
    """bool, of the shape of `samples`: shown white, whatever the number."""
    alpha: np.ndarray | None = None
    """uint8, shape (height, width), beside `samples`."""
    is_inverted: bool = False
    """0 is white."""
    declared_white: float | None = None
    icc_profile: bytes | None = None
    """Of `samples`."""
    colour: Colour = SRGB
    """Where no ICC profile says it."""
    damage: Damage | None = None
    orientation: int = 1
    """How to turn them upright, in EXIF's numbers."""
    shrunk_by: int = 1
    trailing_bytes: int = 0
    trailing_kind: str | None = None


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """An image, upright; `info` stays."""
    if orientation not in _TRANSPOSED:
        return image
    upright = image.transpose(_TRANSPOSED[orientation])
    upright.info = image.info
    return upright


def turned_array(values: np.ndarray, orientation: int) -> np.ndarray:
    """An array of rows and columns, upright."""
    if orientation in (5, 7):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7):
        values = values[::-1]
    return np.rot90(values, {6: -1, 8: 1}.get(orientation, 0))


def bounding_shrink(width_px: int, height_px: int) -> int:
    """By how much a picture is shrunk so that no more than `BOUNDED_PIXELS` are left; 1 for nearly all."""
    shrink = 1
    while width_px * height_px > BOUNDED_PIXELS * shrink * shrink:
        shrink *= 2
    return shrink
