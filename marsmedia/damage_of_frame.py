"""Damage of one frame of a video, in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from processors.video.frames.frame_selection import PRINTED_TO, exact_seconds
from processors.video.reading.losses.lost_packets import NEIGHBOURS
from processors.video.reading.losses.reach_of_damage import is_within, reached_by_damage

if TYPE_CHECKING:
    from processors.video.reading.frame import VideoFrame
    from processors.video.reading.video_reader import VideoReader


class DamageOfFrame:
    """Damage of a frame for which `reader` must read in order; give it every frame from the first on."""

    def __init__(self, reader: VideoReader) -> None:
        self._reader = reader
        self._rows: list[tuple[float, bool, bool]] = []
        self._pts: list[int] = []

    def add(self, frame: VideoFrame) -> None:
        self._rows.append((float(frame.time), frame.is_keyframe, frame.is_corrupt))
        self._pts.append(frame.pts)

    def of(self, frame: VideoFrame, seconds: float, later: Iterator[VideoFrame]) -> str | None:
        """Return why a frame may be wrong, or is not that of a time; None if it is as it was encoded.

        Parameters
        ----------
        frame : the latest one.
        seconds : time at which it was wanted.
        later : the frames after it, up to the next keyframe; it may be predicted from those that are coded before it.
        """
        number = len(self._rows) - 1
        end: Fraction | None = frame.end
        for one in itertools.islice(later, NEIGHBOURS):
            end = max(end, one.end)  # behind a lost picture a decoder returns some later than they are shown
            if self._reader.may_be_coded_before(one.pts, frame.pts):
                self.add(one)
            if one.is_keyframe and one.pts > frame.pts:
                break
        else:
            end = None if next(later, None) is None else end
        missing_spans = self._reader.lost_seconds(before=end)
        if missing := why_missing(seconds, missing_spans):
            return f"{missing}; at {seconds:g} s this is the frame from {float(frame.time):.3f} s"
        times, is_keyframe, is_corrupt = (np.array(column) for column in zip(*self._rows, strict=True))
        self._mark_behind_keyframe(is_keyframe[: number + 1], is_corrupt)
        lost, unsure = _in_floats(missing_spans), _in_floats(self._reader.unsure_seconds())
        is_reached = reached_by_damage(times, is_keyframe, is_corrupt, lost, unsure)
        if not is_reached[number:].any() and not any(self._may_be_used(start, frame) for start, _ in missing_spans):
            return None
        return f"the frame at {times[number]:.3f} s may be wrong: {self._reason(frame, unsure)}"

    def _mark_behind_keyframe(self, is_keyframe: np.ndarray, is_corrupt: np.ndarray) -> None:
        """Mark the frame behind the latest keyframe as damaged if one is that is shown before it and coded after it.

        The damage may go on in packets that were lost behind that one's.
        """
        if not is_keyframe.any():
            return
        last = int(np.flatnonzero(is_keyframe)[-1])
        before = [number for number in range(max(0, last - NEIGHBOURS), last) if is_corrupt[number]]
        if any(self._reader.may_be_coded_before(self._pts[last], self._pts[number]) for number in before):
            is_corrupt[last + 1 : last + 2] = True

    def _may_be_used(self, missing_start: Fraction, frame: VideoFrame) -> bool:
        """Return whether a frame may be predicted from a missing one that would be shown after it."""
        missing_pts = int(missing_start / frame.time_base)
        return missing_start > frame.time and self._reader.may_be_coded_before(missing_pts, frame.pts)

    def _reason(self, frame: VideoFrame, unsure: Sequence[tuple[float, float]]) -> str:
        if frame.is_corrupt:
            return "it is damaged"
        if any(is_within(np.array(float(frame.time)), span) for span in unsure):
            return "its bytes do not fit the file's checksums"
        keyframes = (pts * frame.time_base for pts in self._reader.info.keyframe_pts or ())
        following = next((f"; the next keyframe is at {float(at):.3f} s" for at in keyframes if at > frame.time), "")
        return f"it depends on damaged or missing frames{following}"


def why_missing(seconds: float, missing_spans: Iterable[tuple[Fraction, Fraction]]) -> str | None:
    """Return in which span around a time frames are missing because of damage; None if none are."""
    time = exact_seconds(seconds) + PRINTED_TO
    for start, end in missing_spans:
        if start <= time < end:
            return f"what was shown from {float(start):.3f} to {float(end):.3f} s is missing, as the file is damaged"
    return None


def _in_floats(spans: Iterable[tuple[Fraction, Fraction]]) -> list[tuple[float, float]]:
    return [(float(start), float(end)) for start, end in spans]
