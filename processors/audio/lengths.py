"""How long each library says that a sound file is, from its headers; nothing is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import soundfile

from processors.decoding import decoder_errors, open_container
from processors.errors import DamagedMedia
from processors.source_file import SourceFile

ESTIMATED = frozenset({"mp3", "aac", "ac3", "eac3", "mpeg", "mpegts", "flv"})
"""FFmpeg demuxers whose lengths are guessed from the bit rate or from the last time stamp."""

MP3_FRAME_BYTES = 2048
"""More than the longest frame, 1441 bytes (320 kbit/s at 32 kHz, ISO/IEC 11172-3), with padding before it."""

HEADER_ONLY_BYTES = 1 << 16
"""Enough for FFmpeg to know the format; the length is in the header, which it reads whole."""

PLAIN_CODES = frozenset({1, 3, 6, 7, 0xFFFE})
"""WAVE formats whose blocks hold one sample of each channel: PCM, float, A-law, µ-law, and the extensible header."""
MOST_CHUNKS = 10_000

UNKNOWN_SIZE = 0xFFFFFFFF
"""What a writer that cannot seek back leaves in a RIFF size, and what says in RF64 to look into `ds64`."""


def declared_count(file: SourceFile, file_format: str) -> int | None:
    """Samples per channel that the header declares, held by the file or not; None where it does not say.

    Read here where both libraries take what is left of a file that is cut for the whole.
    """
    read = {"wav": wave_count, "w64": wave64_count, "caf": core_audio_count}.get(file_format)
    return read(file) if read else None


def wave_count(file: SourceFile) -> int | None:
    """Samples per channel that a WAVE header declares, held by the file or not; None where it does not say.

    EBU Tech 3306 (RF64) and ITU-R BS.2088 (BW64) put the size of `data` into `ds64`.
    """
    with file.open() as opened:
        form, _, kind = struct.unpack("<4sI4s", opened.read(12).ljust(12, b"\0"))
        if form not in (b"RIFF", b"RF64", b"BW64") or kind != b"WAVE":
            return None
        block_bytes, long_size = 0, UNKNOWN_SIZE
        for head in heads(opened, 8):
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                size = long_size if form != b"RIFF" and size == UNKNOWN_SIZE else size
                known = block_bytes and size not in (0, UNKNOWN_SIZE)
                return size // block_bytes if known else None
            body = opened.read(min(size, 40))
            if name == b"ds64" and len(body) >= 16:
                (long_size,) = struct.unpack_from("<Q", body, 8)
            if name == b"fmt " and len(body) >= 14:
                code, block_bytes = struct.unpack_from("<H10xH", body)
                block_bytes = block_bytes if code in PLAIN_CODES else 0
            opened.seek(min(size - len(body) + size % 2, file.size_bytes), 1)
    return None


WAVE64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
WAVE64_FORMAT = b"fmt \xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
WAVE64_HEAD_BYTES = 24
"""A chunk's GUID and its size, which counts this head; the next starts at a multiple of 8 (Sony Wave64, 2.1)."""


def wave64_count(file: SourceFile) -> int | None:
    """Samples per channel that a Wave64 header declares, held by the file or not; None where it does not say."""
    with file.open() as opened:
        opened.seek(40)  # the RIFF chunk's head and the GUID of WAVE
        block_bytes = 0
        for head in heads(opened, WAVE64_HEAD_BYTES):
            name, size = head[:16], struct.unpack_from("<Q", head, 16)[0] - WAVE64_HEAD_BYTES
            if size < 0:
                return None
            if name == WAVE64_DATA:
                return size // block_bytes if block_bytes else None
            body = opened.read(min(size, 40))
            if name == WAVE64_FORMAT and len(body) >= 14:
                code, block_bytes = struct.unpack_from("<H10xH", body)
                block_bytes = block_bytes if code in PLAIN_CODES else 0
            opened.seek(min(size - len(body) + -size % 8, file.size_bytes), 1)
    return None


def core_audio_count(file: SourceFile) -> int | None:
    """Samples per channel that a CAF header declares for samples that are not compressed; None where it does not say.

    Apple Core Audio Format Specification 1.0: the data chunk's size, of which 4 bytes count edits, may be unknown (-1).
    """
    with file.open() as opened:
        opened.seek(8)
        packet_bytes = frames_per_packet = 0
        for head in heads(opened, 12):
            name, size = struct.unpack(">4sq", head)
            if name == b"data":
                known = size > 4 and packet_bytes and frames_per_packet == 1
                return (size - 4) // packet_bytes if known else None
            if size < 0:
                return None
            body = opened.read(min(size, 32))
            if name == b"desc" and len(body) == 32:
                packet_bytes, frames_per_packet = struct.unpack_from(">II", body, 16)
            opened.seek(min(size - len(body), file.size_bytes), 1)
    return None


def heads(opened: BinaryIO, head_bytes: int) -> Iterator[bytes]:
    """The heads of chunks, of so many bytes each, from where the file stands; who asks goes on to the next himself."""
    for _ in range(MOST_CHUNKS):
        head = opened.read(head_bytes)
        if len(head) < head_bytes:
            return
        yield head


def ffmpeg_count(file: SourceFile, rate_hz: int) -> int | None:
    """Samples per channel by FFmpeg's reading of the headers."""
    with suppress(DamagedMedia), file.open() as opened, open_container(opened, HEADER_ONLY_BYTES) as container:
        for stream in container.streams.audio:
            if stream.duration and stream.time_base:
                return round(stream.duration * stream.time_base * rate_hz)
    return None


def libsndfile_count(file: SourceFile, rate_hz: int) -> int | None:
    """Samples per channel by libsndfile's reading of the headers, at `rate_hz`; its own for Opus may be another."""
    with suppress(DamagedMedia), file.open() as opened, decoder_errors("reading the header"):
        sound = soundfile.SoundFile(opened)
        return round(sound.frames * rate_hz / sound.samplerate) if 0 < sound.frames < 1 << 48 else None
    return None


def mp3_says_its_length(file: SourceFile) -> bool:
    """Is there a Xing or Info header in the first frame, which counts the frames? Without it FFmpeg guesses."""
    with file.open() as opened:
        head = opened.read(10)
        if head[:3] == b"ID3" and len(head) == 10:  # its size: four times 7 bits (ID3v2.4, 3.1)
            opened.seek(10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True)))
        else:
            opened.seek(0)
        first = opened.read(MP3_FRAME_BYTES)
    return b"Xing" in first or b"Info" in first
