"""Shots as an OpenTimelineIO timeline, which editing programs exchange."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from processors.contract import Json

Named = tuple[str, Fraction, Fraction]
"""Name, start and end in seconds; half open."""


def timeline(shots: Sequence[Named], fades: Sequence[Named]) -> str:
    """OTIO JSON: one video track, a clip for each shot, a marker for each fade.

    Schemas Timeline.1, Track.1, Clip.2 and Marker.2 of OpenTimelineIO's "Serialized Data Documentation". Times are
    exact: value over rate is the presentation time's own fraction. The media are left missing, for the editor to link:
    a source is known by its digest and not by a path. A fade's range is counted from the track's beginning.
    """
    origin = shots[0][1] if shots else Fraction(0)
    whole = _range(origin, shots[-1][2]) if shots else None
    track = _item(
        "Track.1", "shots", kind="Video", source_range=None,
        children=[_clip(name, start, end, whole) for name, start, end in shots],
        markers=[_marker(name, start - origin, end - origin) for name, start, end in fades],
    )  # fmt: skip
    stack = _item("Stack.1", "tracks", source_range=None, children=[track], markers=[])
    made = {"OTIO_SCHEMA": "Timeline.1", "name": "shots", "metadata": {}, "global_start_time": None, "tracks": stack}
    return json.dumps(made, indent=1)


def _clip(name: str, start: Fraction, end: Fraction, whole: Json) -> Json:
    missing: Json = {"OTIO_SCHEMA": "MissingReference.1", "name": "source", "metadata": {}, "available_range": whole}
    return _item(
        "Clip.2", name, source_range=_range(start, end), markers=[],
        media_references={"DEFAULT_MEDIA": missing}, active_media_reference_key="DEFAULT_MEDIA",
    )  # fmt: skip


def _item(schema: str, name: str, **more: Any) -> dict[str, Json]:
    return {"OTIO_SCHEMA": schema, "name": name, "metadata": {}, "effects": [], "enabled": True, **more}


def _marker(name: str, start: Fraction, end: Fraction) -> Json:
    marked = _range(start, end)
    return {"OTIO_SCHEMA": "Marker.2", "name": name, "metadata": {}, "color": "BLACK", "marked_range": marked}


def _range(start: Fraction, end: Fraction) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start), "duration": _time(end - start)}


def _time(time: Fraction) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": time.numerator, "rate": time.denominator}
