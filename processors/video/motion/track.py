"""Track: a view of one scene, the whole picture or a part of it, registered from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from processors.video.motion.motion_curve import Curve, curve_of
from processors.video.motion.registration import Registration, Similarity


@dataclass(frozen=True, kw_only=True)
class Row:
    segment: int
    """Number of the segment, from 0; it ends where two frames cannot be registered."""
    pts: int
    time: Fraction
    end: Fraction
    """Time at which the frame is no longer shown, in s."""
    step: Similarity | None
    """Motion from the frame before; None for a segment's first."""


class Track:
    """Registration of one view, and its rows.

    Parameters
    ----------
    mask : uint8, shape of the view's luma, not 0 where features are allowed.
    px : number of px of the video that one px of that luma covers.
    """

    def __init__(self, mask: np.ndarray, px: float) -> None:
        self.rows: list[Row] = []
        self.start_again(mask, px)

    def start_again(self, mask: np.ndarray, px: float) -> None:
        """Begin another segment, of another size."""
        self.mask, self.px = mask, px
        self._registration = Registration(mask)

    def add(self, luma: np.ndarray, pts: int, time: Fraction, end: Fraction) -> Similarity | None:
        """Take the next frame; return its motion from the one before."""
        step = self._registration.step(luma)
        segment = self.rows[-1].segment + (step is None) if self.rows else 0
        self.rows.append(Row(segment=segment, pts=pts, time=time, end=end, step=step))
        return step

    def curves(self) -> list[Curve]:
        return [self.curve(rows) for rows in segments_of(self.rows)]

    def curve(self, rows: Sequence[Row]) -> Curve:
        height, width = self.mask.shape
        half_size_px = width * self.px / 2, height * self.px / 2
        return curve_of([float(row.time) for row in rows], [row.step for row in rows], half_size_px, self.px)


def segments_of(rows: Sequence[Row]) -> list[list[Row]]:
    parts: list[list[Row]] = []
    for row in rows:
        if row.segment == len(parts):
            parts.append([])
        parts[row.segment].append(row)
    return parts
