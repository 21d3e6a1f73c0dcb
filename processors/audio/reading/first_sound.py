"""Time of the first sample that a decoder returns; some decoders return nothing for their first packets."""

from __future__ import annotations

from fractions import Fraction

from processors.decoding.open_media import decoder_errors, open_container, packets_of
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile

MAX_PACKETS = 1000
"""Packets examined, over all streams; audio that begins later is not due to the decoder."""


def first_sound_seconds(file: SourceFile, stream_index: int) -> Fraction | None:
    """Return the presentation time of the first sample; None without a time or if the first packets do not decode.

    WMA's decoder, for example, drops its encoder's delay, which is not a loss.
    """
    with file.open() as opened, open_container(opened) as container:
        codec = next(one.codec_context for one in container.streams.audio if one.index == stream_index)
        for number, packet in enumerate(packets_of(container, list(container.streams))):
            if number >= MAX_PACKETS:
                return None
            if packet.stream.index != stream_index or not packet.size:
                continue
            try:
                with decoder_errors("decoding sound"):
                    frames = codec.decode(packet)
            except DamagedMedia:
                return None
            for frame in frames:
                return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
    return None
