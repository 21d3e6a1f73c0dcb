"""OpenTimelineIO timeline of shots, for exchange between editing programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from processors.json_records import Json
from processors.video.reading.time_code import TimeCode

Named = tuple[str, Fraction, Fraction]
"""Name, start and end in seconds; half open."""


def otio_timeline(
    shots: Sequence[Named], fades: Sequence[Named], first: TimeCode, origin: Fraction, clip_name: str, tick: Fraction
) -> str:
    """Return OTIO JSON: one video track, a clip for each shot, a marker for each fade.

    Schemas Timeline.1, Track.1, Clip.2, ExternalReference.1 and Marker.2 of OpenTimelineIO's "Serialized Data
    Documentation". Times count frames at the source's rate, from its time code; at a variable rate they may be
    fractional. A fade's range is counted from the track's beginning.

    Parameters
    ----------
    first, origin : the source's time code, and the presentation time in seconds to which it applies.
    clip_name : the source's file name, which links clips to the file next to the timeline in editing programs.
    tick : unit to which the file's times are rounded, in seconds.
    """
    count = _FrameClock(first, origin, tick)
    begun = shots[0][1] if shots else Fraction(0)
    whole = count.source_range(begun, shots[-1][2]) if shots else None
    track = _item(
        "Track.1",
        clip_name,
        kind="Video",
        source_range=None,
        children=[_clip(name, count.source_range(start, end), whole, clip_name) for name, start, end in shots],
        markers=[_marker(name, count.range(start - begun, end - begun)) for name, start, end in fades],
    )
    stack = _item("Stack.1", "tracks", source_range=None, children=[track], markers=[])
    made = {"OTIO_SCHEMA": "Timeline.1", "name": clip_name, "metadata": {}, "global_start_time": None, "tracks": stack}
    return json.dumps(made, indent=1)


def _clip(name: str, shown: Json, whole: Json, clip_name: str) -> Json:
    media: Json = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": clip_name,
        "metadata": {},
        "available_range": whole,
        "target_url": quote(clip_name),
    }
    return _item(
        "Clip.2",
        name,
        source_range=shown,
        markers=[],
        media_references={"DEFAULT_MEDIA": media},
        active_media_reference_key="DEFAULT_MEDIA",
    )


def _item(schema: str, name: str, **more: Any) -> dict[str, Json]:
    return {"OTIO_SCHEMA": schema, "name": name, "metadata": {}, "effects": [], "enabled": True, **more}


def _marker(name: str, marked: Json) -> Json:
    return {"OTIO_SCHEMA": "Marker.2", "name": name, "metadata": {}, "color": "BLACK", "marked_range": marked}


class _FrameClock:
    """Converter of times to pictures at the source's rate."""

    def __init__(self, first: TimeCode, origin: Fraction, tick: Fraction) -> None:
        self._first = first
        self._rounding = tick * first.rate_hz
        self._origin = origin

    def source_range(self, start: Fraction, end: Fraction) -> Json:
        """Return a span of presentation time, counted from the source's time code."""
        from_code = start - self._origin + self._first.frame_number / self._first.rate_hz
        return self.range(from_code, from_code + end - start)

    def range(self, start: Fraction, end: Fraction) -> Json:
        """Return a span of seconds, counted from 0."""
        start_frame, end_frame = self._frames(start), self._frames(end)
        return {
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": self._time(start_frame),
            "duration": self._time(end_frame - start_frame),
        }

    def _frames(self, time: Fraction) -> Fraction:
        frames = time * self._first.rate_hz
        return Fraction(round(frames)) if abs(frames - round(frames)) <= self._rounding else frames

    def _time(self, frames: Fraction) -> Json:
        return {"OTIO_SCHEMA": "RationalTime.1", "value": float(frames), "rate": float(self._first.rate_hz)}
