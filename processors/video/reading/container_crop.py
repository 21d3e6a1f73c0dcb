"""Container-level cropping of the coded picture."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av.filter

from processors.containers.video.mp4_boxes import boxes
from processors.decoding.open_media import decoder_errors
from processors.sources.read_at import read_at

INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
SAMPLE_ENTRY_AT, BOXES_OF_ENTRY_AT = 8, 8 + 8 + 78
"""Offsets in the content of `stsd`: its first entry and the boxes in it (ISO/IEC 14496-12, 8.5.2 and 12.1.3)."""
MAX_STSD_BYTES = 1 << 16


class Crop(NamedTuple):
    """Lines and columns of the coded picture that are cropped."""

    left_px: int = 0
    top_px: int = 0
    right_px: int = 0
    bottom_px: int = 0

    def size_px(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Return width and height of the shown part of a coded picture."""
        return width_px - self.left_px - self.right_px, height_px - self.top_px - self.bottom_px

    def fits(self, width_px: int, height_px: int) -> bool:
        """Return whether the crop removes a part and leaves a part."""
        width, height = self.size_px(width_px, height_px)
        return min(self) >= 0 and any(self) and width > 0 and height > 0


def clean_apertures(opened: BinaryIO, size_bytes: int) -> dict[int, Crop]:
    """Return the clean aperture of each track of an MP4 that has one, by its number among the tracks."""
    found: dict[int, Crop] = {}
    track = -1
    for name, start, end in boxes(opened, size_bytes, INSIDE):
        track += name == b"trak"
        if name == b"stsd" and end - start > BOXES_OF_ENTRY_AT:
            crop = _clean_aperture(read_at(opened, start, min(end - start, MAX_STSD_BYTES)))
            if crop:
                found[track] = crop
    return found


def _clean_aperture(stsd: bytes) -> Crop | None:
    """Read width, height and centre offset, each a fraction (ISO/IEC 14496-12, 12.1.4)."""
    (entry_bytes,) = struct.unpack_from(">I", stsd, SAMPLE_ENTRY_AT)
    width, height = struct.unpack_from(">HH", stsd, SAMPLE_ENTRY_AT + 8 + 24)
    place, last = BOXES_OF_ENTRY_AT, min(len(stsd), SAMPLE_ENTRY_AT + entry_bytes)
    while place + 8 <= last:
        size, name = struct.unpack_from(">I4s", stsd, place)
        if size < 8:
            return None
        if name == b"clap" and place + 40 <= last:
            numbers = struct.unpack_from(">IIIIiIiI", stsd, place + 8)
            if not all(numbers[1::2]):
                return None
            shown_width, shown_height, right, down = (Fraction(*numbers[n : n + 2]) for n in (0, 2, 4, 6))
            left = round(right + (width - shown_width) / 2)
            top = round(down + (height - shown_height) / 2)
            return Crop(
                left_px=left,
                top_px=top,
                right_px=width - left - round(shown_width),
                bottom_px=height - top - round(shown_height),
            )
        place += size
    return None


class Cropper:
    """Cropper of frames; reuses its filter graph while frames have the same format."""

    def __init__(self, crop: Crop) -> None:
        self._crop = crop
        self._kind: tuple[object, ...] = ()
        self._graph: av.filter.Graph | None = None

    def cut(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the shown part, or the frame itself if its size leaves nothing to crop."""
        if not self._crop.fits(frame.width, frame.height):
            return frame
        with decoder_errors("cropping a frame"):
            kind = (frame.width, frame.height, frame.format.name)
            if self._graph is None or kind != self._kind:
                self._graph, self._kind = self._graph_for(frame), kind
            self._graph.push(frame)
            cut = self._graph.pull()
        assert isinstance(cut, av.VideoFrame)
        return cut

    def _graph_for(self, frame: av.VideoFrame) -> av.filter.Graph:
        width, height = self._crop.size_px(frame.width, frame.height)
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000)
        )
        crop = graph.add("crop", f"{width}:{height}:{self._crop.left_px}:{self._crop.top_px}:exact=1")
        graph.link_nodes(source, crop, graph.add("buffersink")).configure()
        return graph
