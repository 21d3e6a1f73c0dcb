"""Tags of the recordings that follow the first one in a chained Ogg file; FFmpeg reports those of the first only."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction

from processors.containers.audio.ogg_timeline import Link
from processors.metadata.tags.tag_records import Tag, escaped_tag, text_tag

MAX_RECORDINGS = 100
MAX_COMMENTS = 1000
"""Of one recording."""


def link_tags(links: Sequence[Link]) -> Iterator[Tag]:
    """Yield start, codec, rate, channels and comments of each recording after the first, as `recording.2:codec`."""
    start = Fraction(0)
    for number, link in enumerate(links[: MAX_RECORDINGS + 1], 1):
        namespace, codec = f"recording.{number}", link.codec
        if number > 1:
            yield Tag(namespace=namespace, name="start_seconds", value=float(start))
            yield text_tag(namespace, "codec", codec.public_name)
            yield Tag(namespace=namespace, name="rate_hz", value=codec.rate_hz)
            yield Tag(namespace=namespace, name="channel_count", value=codec.channel_count)
            for name, text in _comments(codec.comments):
                yield escaped_tag(namespace, name, text)
        start += link.seconds


def _comments(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the named comments after the vendor's name, up to the first that does not fit."""
    reader = io.BytesIO(data)
    _text(reader)
    count = _number(reader) or 0
    for _ in range(min(count, MAX_COMMENTS)):
        text = _text(reader)
        if text is None:
            return
        name, is_named, value = text.partition("=")
        if is_named and name:
            yield name, value


def _number(reader: io.BytesIO) -> int | None:
    data = reader.read(4)
    return int.from_bytes(data, "little") if len(data) == 4 else None


def _text(reader: io.BytesIO) -> str | None:
    """Read a text after its length in bytes (Vorbis I, 5.2.1); None at the end or if it is cut off."""
    length = _number(reader)
    if length is None:
        return None
    data = reader.read(length)
    return data.decode("utf-8", "surrogateescape") if len(data) == length else None
