"""Declared length of audio files whose format states one (estimates do not count); nothing is decoded."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import soundfile

from processors.audio.reading.loudspeakers import stated_in_header
from processors.containers.audio.flac import stream_info
from processors.containers.audio.mp3 import first_frame
from processors.containers.chunks import SOUND, Chunk, ChunkFile
from processors.decoding.open_media import decoder_errors, open_container
from processors.errors import DamagedMedia
from processors.formats import BARE
from processors.sources.source_file import SourceFile

CHUNKED = frozenset({"wav", "w64", "caf", "aiff"})
WITHOUT_LENGTH = BARE | {"ogg"}
"""Formats that declare no length; FFmpeg estimates it from the bit rate or the last timestamp."""

HEADER_ONLY_BYTES = 1 << 16
"""Probe size that is enough for FFmpeg to recognise the format; it reads the header, with the length, whole."""

PLAIN_CODES = frozenset({1, 3, 6, 7, 0xFFFE})
"""WAVE format codes whose blocks hold one sample per channel: PCM, float, A-law, µ-law, and the extensible header."""
PLAIN_AIFF = frozenset(
    {
        b"NONE",
        b"twos",
        b"sowt",
        b"fl32",
        b"FL32",
        b"fl64",
        b"FL64",
        b"alaw",
        b"ulaw",
        b"ALAW",
        b"ULAW",
        b"in24",
        b"in32",
        b"raw ",
    }
)
MAX_FFMPEG_SECONDS = 10 * 366 * 86_400


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Length declared by an audio file's headers, whether or not the file holds it."""

    sample_count: int | None = None
    """Samples per channel; None if the format does not state it or its writer did not know."""
    missing_bytes: int = 0
    """Missing bytes of audio data, by the chunk's declared size."""
    spare_bytes: int = 0
    """Bytes left at the end of complete audio data, fewer than one sample of each channel."""
    padding_samples: int = 0
    """Samples per channel that the encoder appended to the audio of an MP3 file."""
    is_exact: bool = True
    """True if the length is that of the audio itself, without encoder delay and padding."""


def declared_length(file: SourceFile, file_format: str) -> Declared | None:
    """Read the declared length where libraries estimate it or take the rest of a truncated file for the whole.

    Return None for other formats: FFmpeg's value is used.
    """
    with file.open() as opened:
        if file_format in CHUNKED:
            return declared_by_chunks(opened)
        if file_format == "flac":
            info = stream_info(opened)
            return Declared(sample_count=info.sample_count if info else None)
        if file_format == "mp3":
            frame = first_frame(opened)
            if frame is None:
                return Declared()
            return Declared(
                sample_count=frame.sample_count,
                padding_samples=frame.padding_samples,
                is_exact=frame.delay_samples is not None,
            )
    return Declared() if file_format in WITHOUT_LENGTH else None


def declared_by_chunks(opened: BinaryIO) -> Declared:
    """Read the length declared by the chunks of a WAVE, Wave64, AIFF or CAF file."""
    walked, count, block_bytes = ChunkFile(opened), None, 0
    for chunk in walked.chunks():
        if chunk.name == b"fmt " and chunk.held_bytes >= 14:
            body = chunk.read(opened, 40)
            block_bytes = walked.number("H", body, 12) if walked.number("H", body) in PLAIN_CODES else 0
        elif chunk.name == b"desc" and chunk.held_bytes >= 32:
            packet_bytes, frames_each = struct.unpack_from(">II", chunk.read(opened, 32), 16)
            block_bytes = packet_bytes if frames_each == 1 else 0
        elif chunk.name == b"COMM" and chunk.held_bytes >= 18:
            count = _aiff_count(chunk.read(opened, 22))
        elif chunk.name in SOUND:
            return _of_sound(chunk, walked, count, block_bytes)
    return Declared()


def _aiff_count(common: bytes) -> int | None:
    """Return the frame count; without compression a frame is one sample per channel (Apple, AIFF 1.3 and AIFF-C)."""
    is_plain = len(common) < 22 or common[18:] in PLAIN_AIFF
    return struct.unpack_from(">I", common, 2)[0] or None if is_plain else None


def _of_sound(chunk: Chunk, walked: ChunkFile, count: int | None, block_bytes: int) -> Declared:
    sound_bytes = chunk.held_bytes - (4 if walked.kind == "caf" else 0)  # the edit count (Apple, CAF 1.0)
    spare = 0 if chunk.is_cut or not block_bytes or sound_bytes < 0 else sound_bytes % block_bytes
    if chunk.declared_bytes is None:
        return Declared(spare_bytes=spare)
    missing = chunk.declared_bytes - chunk.held_bytes
    if walked.kind != "aiff":
        sound_bytes += missing
        count = sound_bytes // block_bytes if block_bytes and sound_bytes > 0 else None
    return Declared(sample_count=count, missing_bytes=missing, spare_bytes=spare)


def ffmpeg_header(file: SourceFile, rate_hz: int) -> tuple[int | None, tuple[str, ...] | None]:
    """Return the samples per channel and the loudspeaker of each channel that FFmpeg reads from the headers."""
    count = loudspeakers = None
    with suppress(DamagedMedia), file.open() as opened, open_container(opened, HEADER_ONLY_BYTES) as container:
        for stream in container.streams.audio[:1]:
            loudspeakers = stated_in_header(opened, stream)
            if stream.duration and stream.time_base:
                seconds = stream.duration * stream.time_base
                count = round(seconds * rate_hz) if 0 < seconds < MAX_FFMPEG_SECONDS else None
    return count, loudspeakers


def libsndfile_count(file: SourceFile, rate_hz: int) -> int | None:
    """Return the samples per channel that libsndfile reads from the headers, at `rate_hz`; its Opus rate may differ."""
    with suppress(DamagedMedia), file.open() as opened, decoder_errors("reading the header"):
        sound = soundfile.SoundFile(opened)
        return round(sound.frames * rate_hz / sound.samplerate) if 0 < sound.frames < 1 << 48 else None
    return None
