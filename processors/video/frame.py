"""One decoded video frame with its exact time, and the views of its picture, each computed once."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction

import av.video.frame
import numpy as np
from av.video.reformatter import Interpolation

from processors.decoding import decoder_errors

IDENTITY = (1, 0, 0, 1)


@dataclass(kw_only=True)
class VideoFrame:
    """A frame as it is shown from `time` until just before `end`."""

    decoded: av.video.frame.VideoFrame
    pts: int
    """Presentation time in ticks of `time_base`."""
    end_pts: int
    """First tick at which the next frame is shown instead."""
    time_base: Fraction
    is_keyframe: bool
    sample_aspect_ratio: Fraction
    _views: dict[int | None, np.ndarray] = field(default_factory=dict)

    @property
    def time(self) -> Fraction:
        """Presentation time in seconds, exact."""
        return self.pts * self.time_base

    @property
    def end(self) -> Fraction:
        """Time in seconds at which it is no longer shown, exact."""
        return self.end_pts * self.time_base

    def rgb(self, longest_side_px: int | None = None) -> np.ndarray:
        """Upright picture with square pixels: uint8, shape (height, width, 3), full-range RGB; treat as read-only.

        `longest_side_px` shrinks it to that size, never enlarges. The colour matrix and range are the frame's own;
        where the file does not say, FFmpeg's default (BT.601, limited) holds.
        """
        if longest_side_px not in self._views:
            width, height = square_pixels(self.decoded.width, self.decoded.height, self.sample_aspect_ratio)
            shrink = min(Fraction(1), Fraction(longest_side_px or max(width, height), max(width, height)))
            size = max(1, round(width * shrink)), max(1, round(height * shrink))
            with decoder_errors("converting a frame to RGB"):
                converted = self.decoded.reformat(
                    width=size[0], height=size[1], format="rgb24", interpolation=Interpolation.AREA
                )
                array = converted.to_ndarray()
            self._views[longest_side_px] = upright(array, display_matrix(self.decoded))
        return self._views[longest_side_px]


def square_pixels(width_px: int, height_px: int, sample_aspect_ratio: Fraction) -> tuple[int, int]:
    """Size in square pixels: the longer-looking side is stretched, so no line of the picture is lost."""
    if sample_aspect_ratio > 1:
        return round(width_px * sample_aspect_ratio), height_px
    return width_px, round(height_px / sample_aspect_ratio)


def display_matrix(frame: av.video.frame.VideoFrame) -> tuple[int, int, int, int]:
    """Signs (a, b, c, d) with x' = a x + c y and y' = b x + d y, y downward; identity where the frame has none.

    Only quarter turns and mirrors are applied; any other angle in the file is left as identity.
    """
    entry = frame.side_data.get("DISPLAYMATRIX")
    data = bytes(entry) if entry is not None else b""
    if len(data) < 36:
        return IDENTITY
    a, b, _, c, d, *_ = struct.unpack("=9i", data[:36])
    signs = tuple((value > 0) - (value < 0) for value in (a, b, c, d))
    quarter_turn = (signs[0] == signs[3] == 0 and signs[1] and signs[2]) or (signs[1] == signs[2] == 0 and signs[0])
    return signs if quarter_turn and all(signs[i] for i in ((0, 3) if signs[0] else (1, 2))) else IDENTITY  # type: ignore[return-value]


def upright(picture: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Turn and mirror `picture` (height, width, ...) as the display matrix says; contiguous."""
    a, b, c, d = matrix
    if a == 0:
        picture = picture.swapaxes(0, 1)
    flip_x, flip_y = (a < 0, d < 0) if a else (c < 0, b < 0)
    return np.ascontiguousarray(picture[:: -1 if flip_y else 1, :: -1 if flip_x else 1])
