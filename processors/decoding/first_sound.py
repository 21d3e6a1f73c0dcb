"""Time of the first sample of audio; some decoders return nothing for their first packets."""

from __future__ import annotations

from fractions import Fraction

import av

from processors.decoding.open_media import decoder_errors, open_container, packets_of
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile

MAX_PACKETS = 1000
"""Packets examined, over all streams; audio that begins later is not due to the decoder."""
MIN_PRIMED_SECONDS = 0.05
"""If a decoder's output begins so much later than its first packet, or more, the sound does; less is its delay."""


def sound_start(stream: av.AudioStream, first_sound: Fraction | None) -> Fraction:
    """Return the presentation time of an audio stream's first sample, s.

    Parameters
    ----------
    first_sound : `first_sound_seconds` of the stream.
    """
    begins = (stream.start_time or 0) * (stream.time_base or Fraction(1, av.time_base))
    return first_sound if first_sound is not None and first_sound - begins >= MIN_PRIMED_SECONDS else begins


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
