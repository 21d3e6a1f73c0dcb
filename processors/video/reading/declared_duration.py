"""Duration that the file declares for a video stream."""

from __future__ import annotations

import re
from fractions import Fraction

import av.container

from processors.decoding.stated_length import declared_seconds, from_start, media_seconds
from processors.video.reading.times.packet_index import has_no_timestamps

WRITTEN_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
"""Duration in the tag that FFmpeg and mkvmerge write for each track."""


def declared_duration(container: av.container.InputContainer, stream: av.VideoStream) -> Fraction | None:
    """Return the stream's own length; for Matroska its tag's, or the file's if it has no other stream; seconds.

    None for an elementary stream, whose duration FFmpeg estimates from its bit rate. The time before a late start does
    not count.
    """
    if has_no_timestamps(container):
        return None
    if stream.duration or "matroska" not in container.format.name:
        return declared_seconds(stream) or None
    tagged = WRITTEN_DURATION.fullmatch(stream.metadata.get("DURATION", "").strip())
    if tagged:
        return from_start(int(tagged[1]) * 3600 + int(tagged[2]) * 60 + Fraction(tagged[3]), stream)
    return media_seconds(container) if len(container.streams) == 1 else None
