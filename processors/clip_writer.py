"""Writes an H.264 clip picture by picture, each at its exact presentation time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

BT709 = 1
"""ITU-T H.273: colour primaries, transfer and matrix of BT.709."""


class WebClip:
    """One MP4 file; its first picture is shown at 0. Raises `OSError` where it cannot be written."""

    def __init__(self, path: Path, time_base: Fraction, first_pts: int, size_px: tuple[int, int]) -> None:
        """`size_px`: width and height, even, for 4:2:0 has one colour for each 2 by 2 px."""
        self.path = path
        self.first_pts = first_pts
        self.size_px = size_px
        self.frame_count = 0
        self._lengths: dict[int, int] = {}
        self._time_base = time_base
        self._container = av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"})
        self._stream = self._container.add_stream("libx264", options={"preset": "veryfast", "crf": "20"})
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base, codec.thread_count = time_base, 1
        codec.color_primaries = codec.color_trc = codec.colorspace = BT709
        codec.color_range = ColorRange.MPEG.value

    def write(self, picture: np.ndarray, pts: int, end_pts: int) -> None:
        """Add a picture: uint8, shape (height, width, 3), full-range RGB, cut to the clip's size; `pts` ascending."""
        width, height = self.size_px
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
        coded = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )
        coded.pts, coded.time_base = pts - self.first_pts, self._time_base
        self._lengths[coded.pts] = end_pts - pts
        self._mux(coded)
        self.frame_count += 1

    def close(self) -> None:
        """Write what the encoder still holds, and the index."""
        self._mux(None)
        self._container.close()

    def _mux(self, frame: av.VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._lengths.pop(packet.pts)  # the encoder does not pass it on
            self._container.mux(packet)
