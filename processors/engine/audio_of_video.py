"""Audio of a video, read by the audio reader: all of it for audio results, one span for a clip."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

import av.container
import numpy as np

from processors.audio.reading.audio_reader import StreamReader
from processors.audio.reading.first_sound import first_sound_seconds
from processors.containers.coding_in_headers import coding_of
from processors.containers.video.fragments import has_every_fragment
from processors.decoding.open_media import default_stream, open_container, packets_of
from processors.errors import DamagedMedia, UnsupportedMedia
from processors.sources.source_file import SourceFile
from processors.video.reading.video_info import Sound


def sound_reader(file: SourceFile, container: av.container.InputContainer) -> StreamReader:
    """Return a reader of the stream that players choose: the default one, else the first.

    Raises
    ------
    DamagedMedia : there is no audio stream.
    UnsupportedMedia : there is no decoder for it, or it is encrypted.
    """
    heard = default_stream(container.streams.audio)
    if heard is None:
        raise DamagedMedia("no audio stream is left in the container")
    first = first_sound_seconds(file, heard.index)
    reader = StreamReader(heard, first_sound=first, coding=coding_of(file, heard.index))
    reader.has_every_packet = "mp4" in container.format.name and has_every_fragment(file)
    return reader


def sound_between(file: SourceFile, start: Fraction, end: Fraction) -> Sound | None:
    """Read the audio presented from `start` until just before `end` (s); return None if none of it can be decoded.

    The file is read from its beginning until `end`, because the audio reader counts from the first sample.
    """
    with file.open() as opened, open_container(opened) as container:
        try:
            reader = sound_reader(file, container)
        except (DamagedMedia, UnsupportedMedia):
            return None
        rate_hz, channels = reader.info.rate_hz, reader.info.channel_count
        if not rate_hz or not channels:
            return None
        first, count = round((start - reader.info.start) * rate_hz), round((end - start) * rate_hz)
        samples = np.full((count, channels), np.nan, np.float32)
        decoded = (block for packet in packets_of(container, [reader.stream]) for block in reader.decode(packet))
        for block in chain(decoded, reader.flush()):
            begins = block.first_sample - first
            if begins >= count:
                break
            from_, until = max(0, begins), min(count, begins + block.samples.shape[1])
            if until > from_:
                samples[from_:until] = block.samples[:, from_ - begins : until - begins].T
    heard = np.isfinite(samples)
    silent_samples = int(count - heard.all(axis=1).sum())
    if silent_samples == count:
        return None
    return Sound(samples=np.where(heard, samples, np.float32(0)), rate_hz=rate_hz, silent_samples=silent_samples)
