"""Presentation times of all frames from the container's packets, and the packets to decode for a need."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import av.container
import av.error
import numpy as np

from processors.decoding.open_media import decoder_errors
from processors.errors import DamagedMedia
from processors.video.reading.ogg_headers import part_of_header
from processors.video.reading.time_code import written_on_group
from processors.video.reading.times.joined_recordings import NO_TIME, Joins, find_joins

NO_TIMESTAMPS = 0x80
"""FFmpeg's AVFMT_NOTIMESTAMPS: an elementary stream, whose packets carry no times of their own."""

OF_GROUPS = ("mpeg1video", "mpeg2video")
GROUP_BYTES = 1024
"""Beginning of a packet that contains the header of its group, after that of the sequence."""


@dataclass(kw_only=True)
class PacketIndex:
    """Frames of one video stream as announced by its packets, in decoding order."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    """Presentation time of each packet, in ticks of the stream's time base."""
    place: array[int] = field(default_factory=lambda: array("q"))
    """File offset of each packet; -1 if the demuxer does not report it."""
    size_bytes: array[int] = field(default_factory=lambda: array("q"))
    is_keyframe: bytearray = field(default_factory=bytearray)
    is_shown: bytearray = field(default_factory=bytearray)
    """0 for a frame hidden by an edit list, which is decoded for others but never shown."""
    shown_pts: array[int] = field(default_factory=lambda: array("q"))
    """Presentation times of the shown frames, ascending."""
    last_duration: int = 0
    """Duration of the last frame in ticks; 0 if the container does not state it."""
    complete: bool = True
    """False if some packet has no presentation time, so that only decoding determines it."""
    joins: Joins = field(default_factory=Joins)
    """Starts of further recordings; all times here are continuous across them."""
    missing: tuple[tuple[int, int], ...] = ()
    """Half-open spans, in ticks, of pictures that are missing by the container's own index, ascending."""
    group_time_code: str | None = None
    """Time code of the first group of pictures in MPEG-1 and MPEG-2; None without one."""
    unreadable: str | None = None
    """Reason why reading the packets stopped before the end of the file, or None."""

    def end_of(self, pts: int) -> int:
        """Return the first tick at which the frame shown from `pts` is no longer shown."""
        following = bisect_right(self.shown_pts, pts)
        if following < len(self.shown_pts):
            return self.shown_pts[following]
        return pts + max(self.last_duration, 1)

    def keyframe_pts(self) -> list[int]:
        """Return the presentation times of the shown keyframes, ascending."""
        rows = zip(self.pts, self.is_keyframe, self.is_shown, strict=True)
        return sorted(pts for pts, is_key, is_shown in rows if is_key and is_shown)

    def wanted(self, shown_between: Callable[[int, int], bool]) -> set[int]:
        """Return the presentation times whose half-open interval of ticks the caller wants."""
        ends = list(self.shown_pts[1:])
        if self.shown_pts:
            ends.append(self.end_of(self.shown_pts[-1]))
        return {pts for pts, end in zip(self.shown_pts, ends, strict=True) if end > pts and shown_between(pts, end)}

    @cached_property
    def most_coded_ahead(self) -> int:
        """Maximum of pictures by which one is shown before another that is coded earlier; 0 without B pictures."""
        places = np.searchsorted(np.asarray(self.shown_pts), np.asarray(self.pts))
        return int(np.max(np.maximum.accumulate(places) - places, initial=0))

    def packets_for(self, wanted: set[int]) -> bytearray:
        """Return 1 for each packet that must be decoded to reproduce the wanted frames exactly.

        Decoding starts at the last keyframe that is before the frame both in the file and in time: the frames that
        an open group of pictures shows before its keyframe depend on the previous group.
        """
        begun = array("q", bytes(8 * (len(self.pts) + 1)))
        """Change, from each packet to the next, of the number of wanted frames that need it."""
        key_times, key_positions = list[int](), list[int]()
        """Keyframes so far behind which none with an earlier time has come: both ascending."""
        for position, pts in enumerate(self.pts):
            if self.is_keyframe[position]:
                while key_times and key_times[-1] >= pts:
                    key_times.pop()
                    key_positions.pop()
                key_times.append(pts)
                key_positions.append(position)
            if pts in wanted and self.is_shown[position]:
                before = bisect_right(key_times, pts)
                begun[key_positions[before - 1] if before else 0] += 1
                begun[position + 1] -= 1
        return bytearray(count > 0 for count in itertools.islice(itertools.accumulate(begun), len(self.pts)))

    def shown_in(self, needed: bytearray) -> set[int]:
        """Return the presentation times of the shown frames in `needed` packets, as of `packets_for`."""
        return {pts for pts, is_in, is_shown in zip(self.pts, needed, self.is_shown, strict=True) if is_in and is_shown}

    def reproduced_by(self, needed: bytearray) -> set[int]:
        """Return the presentation times of the shown frames that `needed` packets, as of `packets_for`, reproduce.

        Frames of an open group that are shown before its keyframe are not among them if decoding starts there.
        """
        times, start = set[int](), 0
        for position, pts in enumerate(self.pts):
            if needed[position] and (position == 0 or not needed[position - 1]):
                start = pts
            if needed[position] and self.is_shown[position] and pts >= start:
                times.add(pts)
        return times


def has_no_timestamps(container: av.container.InputContainer) -> bool:
    """Return whether it is an elementary stream, whose packets have no times except FFmpeg's guesses."""
    return bool(container.format.flags & NO_TIMESTAMPS)


def read_index(container: av.container.InputContainer, stream: av.VideoStream) -> PacketIndex:
    """Read every packet of the stream, decoding none. Memory: 42 bytes per frame."""
    index = PacketIndex(complete=not has_no_timestamps(container))
    presented, decoded, lengths = array("q"), array("q"), array("q")
    """Times and durations of all packets, including those without a time."""
    last_pts: int | None = None
    is_last_cut = False
    try:
        with decoder_errors("reading the packets"):
            for packet in container.demux(stream):
                if not packet.size or part_of_header(packet):
                    continue
                is_last_cut = packet.is_corrupt
                if not presented and stream.codec_context.name in OF_GROUPS:
                    index.group_time_code = written_on_group(bytes(memoryview(packet)[:GROUP_BYTES]))
                presented.append(NO_TIME if packet.pts is None else packet.pts)
                decoded.append(NO_TIME if packet.dts is None else packet.dts)
                lengths.append(packet.duration or 0)
                if packet.pts is None:
                    index.complete = False
                    continue
                index.pts.append(packet.pts)
                index.place.append(-1 if packet.pos is None else packet.pos)
                index.size_bytes.append(packet.size)
                index.is_keyframe.append(packet.is_keyframe)
                index.is_shown.append(not packet.is_discard)
                if not packet.is_discard and (last_pts is None or packet.pts >= last_pts):
                    last_pts, index.last_duration = packet.pts, packet.duration or 0
    except DamagedMedia as error:
        # of several recordings in one Ogg, each of picture and sound, FFmpeg reads the first: its pages show the others
        is_next = container.format.name == "ogg" and isinstance(error.__cause__, av.error.PatchWelcomeError)
        index.unreadable = None if is_next else error.what
    if is_last_cut and not index.unreadable:  # in the middle of a file other faults are marked likewise
        index.unreadable = "it ends in the middle of a packet"
    if stream.time_base and not has_no_timestamps(container):
        index.joins = find_joins(presented, decoded, lengths, stream.time_base, container.format.name)
    if index.joins.starts and index.complete:
        for position in range(index.joins.starts[0], len(index.pts)):
            index.pts[position] += index.joins.shift_of(position)
        index.last_duration = lengths[-1]
    index.shown_pts = array("q", sorted(pts for pts, shown in zip(index.pts, index.is_shown, strict=True) if shown))
    if index.complete and index.joins.first_pts:
        index.joins = replace(index.joins, first_pts=_shown(index.joins.first_pts, index.shown_pts))
    return index


def _shown(times: tuple[int, ...], shown_pts: array[int]) -> tuple[int, ...]:
    """Return the times at which a picture is shown: an edit list may hide a whole recording."""
    return tuple(time for time in times if bisect_right(shown_pts, time) > bisect_left(shown_pts, time))
