"""How long each library says that a sound file is, from its headers; nothing is decoded."""

from __future__ import annotations

from contextlib import suppress

import soundfile

from processors.decoding import decoder_errors, open_container
from processors.errors import DamagedMedia
from processors.source_file import SourceFile

ESTIMATED = frozenset({"mp3", "aac", "ac3", "eac3", "mpeg", "mpegts", "flv"})
"""FFmpeg demuxers whose lengths are guessed from the bit rate or from the last time stamp."""


def ffmpeg_count(file: SourceFile, rate_hz: int) -> int | None:
    """Samples per channel by FFmpeg's reading of the headers."""
    with suppress(DamagedMedia), file.open() as opened, open_container(opened) as container:
        for stream in container.streams.audio:
            if stream.duration and stream.time_base:
                return round(stream.duration * stream.time_base * rate_hz)
    return None


def libsndfile_count(file: SourceFile) -> int | None:
    """Samples per channel by libsndfile's reading of the headers."""
    with suppress(DamagedMedia), file.open() as opened, decoder_errors("reading the header"):
        frames = soundfile.SoundFile(opened).frames
        return frames if 0 < frames < 1 << 48 else None
    return None
