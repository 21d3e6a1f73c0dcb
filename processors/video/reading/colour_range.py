"""Range of a frame's numbers: limited or full, and its white after FFmpeg's conversion to 16 bits."""

from __future__ import annotations

import functools

import av
import numpy as np

LIMITED_RANGE, FULL_RANGE = 1, 2
"""FFmpeg's AVCOL_RANGE_MPEG, 16 to 235 at 8 bits (ITU-T H.273, VideoFullRangeFlag), and AVCOL_RANGE_JPEG; see
`is_limited` for frames that state neither."""

LIMITED_WHITE = 65283
"""White of limited range after FFmpeg's conversion to RGB of 16 bits."""


def is_limited(frame: av.VideoFrame) -> bool:
    """Return whether a frame's range is limited. Unless it is stated, YCbCr is; grey is not, as FFmpeg writes it.

    The decoders of codecs whose standard has limited range as the default state it for grey. Floats have no range.
    """
    form = frame.format
    if form.name.startswith("gray"):
        return int(frame.color_range) == LIMITED_RANGE and not form.name.startswith("grayf")
    return int(frame.color_range) != FULL_RANGE and not form.name.startswith("yuvj") and not form.is_rgb


def white_of_16_bits(frame: av.VideoFrame) -> int:
    """Return the white of a frame of more than 8 bits, as FFmpeg converts it to RGB of 16."""
    form = frame.format
    bits = form.components[0].bits
    if is_limited(frame) and not form.name.startswith("ya"):  # FFmpeg takes grey with alpha for full range
        return LIMITED_WHITE
    if bits > 16 or (form.is_rgb and "msb" not in form.name):  # bits are repeated below those of RGB; floats
        return 65535
    return ((1 << bits) - 1) << (16 - bits)


@functools.lru_cache(8)
def spread(white: int, kind: type[np.uint8 | np.uint16]) -> np.ndarray:
    """Return the numbers from 0 to 65535 of a picture with this white, as numbers of a type whose highest is white."""
    top = np.iinfo(kind).max
    return np.clip(np.rint(np.arange(1 << 16) * (top / white)), 0, top).astype(kind)
