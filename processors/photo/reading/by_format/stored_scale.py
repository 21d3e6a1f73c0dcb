"""The scale that GDAL's metadata give to the stored numbers of a TIFF, and what is black and white in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.containers.photo.tiff_file import Directory
from processors.photo.reading.display_levels import DisplayLevels

GREY_OR_RGB = (0, 1, 2)
"""Photometric interpretations whose numbers a scale applies to; an index into a palette has none."""
RULE_8_BIT = "full range of 8 bits in the file's own scale"
LARGEST_8_BIT = 255


@dataclass(frozen=True, kw_only=True)
class StoredScale:
    """Factor and offset of each colour; brightness rises with the scaled numbers."""

    bands: tuple[tuple[float, float], ...]

    @property
    def factors(self) -> list[float]:
        return [factor for factor, _ in self.bands]

    @property
    def offsets(self) -> list[float]:
        return [offset for _, offset in self.bands]

    @property
    def is_falling(self) -> bool:
        """Return whether the largest stored number is the smallest scaled one."""
        return max(self.factors) < 0

    def applied(self, samples: np.ndarray) -> np.ndarray:
        """Return scaled samples, float64, shape (height, width) or (height, width, colours)."""
        if samples.ndim == 2:
            return samples * self.factors[0] + self.offsets[0]
        return samples * np.array(self.factors) + np.array(self.offsets)

    def ends(self, largest: int) -> tuple[float, float]:
        """Return the first colour's scaled 0 and scaled largest number."""
        factor, offset = self.bands[0]
        return offset, offset + largest * factor

    def levels(self, dtype: np.dtype[Any]) -> DisplayLevels | None:
        """Return the scaled full range of unsigned 8 bits, which are shown as stored; None for any other type."""
        if dtype != np.uint8:
            return None
        ends = [*self.offsets, *(LARGEST_8_BIT * factor + offset for factor, offset in self.bands)]
        return DisplayLevels(black=min(ends), white=max(ends), rule=RULE_8_BIT)


def scaling_of(photo: Directory) -> StoredScale | None:
    """Return the scale of a grey or RGB picture; None if its numbers mean what is stored."""
    if photo.scaling is None or photo.photometric not in GREY_OR_RGB:
        return None
    bands = photo.scaling[: 3 if photo.photometric == 2 and photo.samples >= 3 else 1]
    if set(bands) == {(1.0, 0.0)}:
        return None
    return StoredScale(bands=bands)
