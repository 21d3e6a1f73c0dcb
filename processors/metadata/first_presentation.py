"""Presentation time at which a recording begins, from the record in its `metadata.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def first_presentation_seconds(record: Mapping[str, Any]) -> float:
    """Return the earliest presentation time of the video and audio of a file, in s, as its headers state it.

    The date of a recording is the moment of this time, so UTC = date + (presentation time - this). It is 0 in most
    formats and for photos; elsewhere, as in MPEG-TS, the file's clock may have any reading when the recording begins.
    """
    if record.get("container") == "mp3":  # FFmpeg's start is the encoder's delay; our times count from the first sample
        return 0.0
    shown = (one for one in record.get("streams") or () if one["kind"] in ("video", "audio"))
    return min((float(one["start_seconds"]) for one in shown if one.get("start_seconds") is not None), default=0.0)
