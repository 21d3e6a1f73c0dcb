"""Duration that the file declares for a video stream."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import av.container
import av.video.stream

from processors.decoding.open_media import was_piped
from processors.video.reading.packet_index import has_no_timestamps

WRITTEN_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
"""Duration in the tag that FFmpeg and mkvmerge write for each track."""


def declared_duration(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Fraction | None:
    """Return the stream's own duration; for Matroska its tag's, or the file's if it has no other stream; seconds.

    None for an elementary stream, whose duration FFmpeg estimates from its bit rate.
    """
    if has_no_timestamps(container):
        return None
    if was_piped(container):
        return None
    if stream.duration:
        return stream.duration * (stream.time_base or Fraction(1, av.time_base))
    if "matroska" not in container.format.name:
        return None
    tagged = WRITTEN_DURATION.fullmatch(stream.metadata.get("DURATION", "").strip())
    if tagged:
        return int(tagged[1]) * 3600 + int(tagged[2]) * 60 + Fraction(tagged[3])
    is_alone = len(container.streams) == 1
    return Fraction(container.duration, av.time_base) if is_alone and container.duration else None
