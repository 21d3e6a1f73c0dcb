"""Every frame's presentation time from the container's packets, without decoding, and which packets a need costs."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

import av.container
import av.video.stream

from processors.decoding import decoder_errors
from processors.errors import DamagedMedia


@dataclass(kw_only=True)
class PacketIndex:
    """The frames of one video stream as its packets announce them, in decoding order."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    """Presentation time of each packet, in ticks of the stream's time base."""
    is_keyframe: bytearray = field(default_factory=bytearray)
    is_shown: bytearray = field(default_factory=bytearray)
    """0 where an edit list hides the frame: it is decoded for others and never shown."""
    shown_pts: array[int] = field(default_factory=lambda: array("q"))
    """Presentation times of the shown frames, ascending."""
    last_duration: int = 0
    """Ticks for which the last frame is shown; 0 where the container does not say."""
    complete: bool = True
    """False where some packet carries no presentation time: only decoding can tell then."""
    unreadable: str | None = None
    """Why reading the packets stopped before the end of the file; None where it did not."""

    def end_of(self, pts: int) -> int:
        """First tick at which the frame shown from `pts` is no longer shown."""
        following = bisect_right(self.shown_pts, pts)
        if following < len(self.shown_pts):
            return self.shown_pts[following]
        return pts + max(self.last_duration, 1)

    def keyframe_pts(self) -> list[int]:
        """Presentation times of the shown frames that decode on their own, ascending."""
        rows = zip(self.pts, self.is_keyframe, self.is_shown, strict=True)
        return sorted(pts for pts, is_key, is_shown in rows if is_key and is_shown)

    def wanted(self, shown_between: Callable[[int, int], bool]) -> set[int]:
        """Presentation times whose half-open interval of ticks the caller wants."""
        ends = list(self.shown_pts[1:])
        if self.shown_pts:
            ends.append(self.end_of(self.shown_pts[-1]))
        return {pts for pts, end in zip(self.shown_pts, ends, strict=True) if end > pts and shown_between(pts, end)}

    def packets_for(self, wanted: set[int]) -> bytearray:
        """1 for each packet that must reach the decoder so that the wanted frames come out exact.

        Decoding starts at the last keyframe that is before the frame both in the file and in time: the frames that
        an open group of pictures shows before its keyframe lean on the group before.
        """
        needed = bytearray(len(self.pts))
        keyframes = [position for position, is_key in enumerate(self.is_keyframe) if is_key]
        for position, pts in enumerate(self.pts):
            if pts not in wanted or not self.is_shown[position]:
                continue
            before = bisect_right(keyframes, position) - 1
            while before >= 0 and self.pts[keyframes[before]] > pts:
                before -= 1
            start = keyframes[before] if before >= 0 else 0
            needed[start : position + 1] = b"\x01" * (position + 1 - start)
        return needed


def read_index(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> PacketIndex:
    """Read every packet of the stream, decoding none. Memory: 18 bytes a frame."""
    index = PacketIndex()
    last_pts = None
    try:
        with decoder_errors("reading the packets"):
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if packet.pts is None:
                    index.complete = False
                    continue
                index.pts.append(packet.pts)
                index.is_keyframe.append(packet.is_keyframe)
                index.is_shown.append(not packet.is_discard)
                if packet.is_discard:
                    continue
                index.shown_pts.append(packet.pts)
                if last_pts is None or packet.pts >= last_pts:
                    last_pts, index.last_duration = packet.pts, packet.duration or 0
    except DamagedMedia as error:
        index.unreadable = error.what
    index.shown_pts = array("q", sorted(index.shown_pts))
    return index
