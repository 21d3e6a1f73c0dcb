"""Length that the headers of an audio or video file declare for its streams and for all of it."""

from __future__ import annotations

from fractions import Fraction

import av
import av.container
import av.stream

from processors.decoding.open_media import was_piped

FROM_ZERO = ("matroska,webm", "asf", "nut")
"""FFmpeg demuxers whose duration ends where the last packet does, by a clock that runs from 0."""
WRITES_LENGTHS = "libebml"
"""Beginning of the name of Matroska's other writer, which declares a length whatever the clock is."""
PLAYED_FROM_ZERO = ("opus",)
"""Codecs in Ogg of which FFmpeg gives the last time for the length."""


def media_seconds(container: av.container.InputContainer) -> Fraction | None:
    """Return the length of picture and sound, however late the clock starts, in s; None if the headers state none."""
    if not container.duration or was_piped(container):
        return None
    start = Fraction(container.start_time or 0, av.time_base)
    return _without_start(Fraction(container.duration, av.time_base), start, _is_from_zero(container))


def declared_seconds(stream: av.stream.Stream) -> Fraction | None:
    """Return the length of a stream, however late it starts, in s; None if the headers state none."""
    container = stream.container
    if stream.duration is None or stream.time_base is None or was_piped(container):
        return None
    assert isinstance(container, av.container.InputContainer)
    return from_start(stream.duration * stream.time_base, stream)


def from_start(seconds: Fraction, stream: av.stream.Stream) -> Fraction:
    """Return a declared duration of a stream without the time before its start."""
    assert isinstance(stream.container, av.container.InputContainer)
    start = (stream.start_time or 0) * (stream.time_base or Fraction(0))
    return _without_start(seconds, start, _is_from_zero(stream.container))


def _is_from_zero(container: av.container.InputContainer) -> bool:
    name = container.format.name
    if "mp4" in name:  # fragments, which no table of the header counts, have the times of the whole presentation
        return not any(one.frames for one in container.streams if one.type in ("video", "audio"))
    if name == "ogg":
        return {one.codec_context and one.codec_context.name for one in container.streams} <= {*PLAYED_FROM_ZERO}
    writer = next((text for key, text in container.metadata.items() if key.casefold() == "encoder"), "")
    return name in FROM_ZERO and not writer.startswith(WRITES_LENGTHS)


def _without_start(seconds: Fraction, start: Fraction, is_from_zero: bool) -> Fraction:
    return seconds - start if is_from_zero and 0 < start < seconds else seconds
