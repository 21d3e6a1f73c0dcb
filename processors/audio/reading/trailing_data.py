"""Trailing data in audio files after the declared audio, which are not read."""

from __future__ import annotations

from typing import BinaryIO, Literal

from processors.audio.reading.declared_length import declared_by_chunks
from processors.containers.audio.flac import stream_info
from processors.containers.audio.wavpack import second_wavpack
from processors.containers.chunks import READ_BYTES, SOUND, ChunkFile
from processors.containers.video.flv import look_at_tags
from processors.containers.video.mp4_boxes import second_file
from processors.sources.source_file import SourceFile

FLAC_START = b"fLaC\x00\x00\x00\x22"
"""Marker, and the header of the block that must follow it (RFC 9639, 6 and 8.1)."""


def unread_because(file: SourceFile, file_format: str) -> str | None:
    """Return what is not read, in words; None if the format shows no trailing data."""
    with file.open() as opened:
        if file_format in ("wav", "w64", "aiff", "caf"):
            return _behind_the_chunks(opened)
        if file_format == "au":
            return _behind_au(opened, file.size_bytes)
        if file_format == "flv":
            return look_at_tags(opened, file.size_bytes).unread_because
        if "mp4" in file_format.split(","):
            return second_file(opened, file.size_bytes)
        if file_format == "wv":
            place = second_wavpack(opened)
            return None if place is None else f"another WavPack file follows at byte {place}"
        return _second_flac(opened) if file_format == "flac" else None


def _behind_the_chunks(opened: BinaryIO) -> str | None:
    walked, has_sound = ChunkFile(opened), False
    for chunk in walked.chunks():
        if chunk.name in (b"RIFF", b"RF64", b"FORM", b"RIFX") and has_sound:
            return f"another {'AIFF' if chunk.name == b'FORM' else 'WAVE'} file follows at byte {chunk.place}"
        if chunk.name in SOUND:
            if has_sound:
                name, where = chunk.title, chunk.place
                return f"a second audio chunk ({name}, {chunk.held_bytes} bytes) starts at byte {where}"
            has_sound = chunk.held_bytes > 0
    if has_sound and (left := walked.trailing_bytes()):
        return f"{_bytes(left)} after the audio data {'is' if left == 1 else 'are'} not part of any chunk"
    spare = declared_by_chunks(opened).spare_bytes
    if spare == 1:
        return "the last byte of the audio data is not a complete sample"
    return f"the last {spare} bytes of the audio data are not a complete sample" if spare else None


def _behind_au(opened: BinaryIO, size_bytes: int) -> str | None:
    """Compare the size that the header of an AU file gives; all ones mean that its writer did not know it."""
    order: Literal["big", "little"] = "little" if opened.read(4) == b"dns." else "big"
    start, sound_bytes = (int.from_bytes(opened.read(4), order) for _ in range(2))
    left = size_bytes - start - sound_bytes
    if sound_bytes == 0xFFFFFFFF or left <= 0 or _is_empty(opened, start + sound_bytes):
        return None
    return f"{_bytes(left)} {'follows' if left == 1 else 'follow'} the audio data that the header declares"


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"


def _is_empty(opened: BinaryIO, place: int) -> bool:
    opened.seek(place)
    while data := opened.read(READ_BYTES):
        if data.strip(b"\0"):
            return False
    return True


def _second_flac(opened: BinaryIO) -> str | None:
    """Find a second FLAC stream; libsndfile reads only what the first declares."""
    info = stream_info(opened)
    first = info.place if info else 0
    place, before = first + 1, b""
    opened.seek(place)
    while data := opened.read(READ_BYTES):
        found = (before + data).find(FLAC_START)
        if found >= 0:
            return f"another FLAC stream follows at byte {place - len(before) + found}"
        place, before = place + len(data), data[1 - len(FLAC_START) :]
    return None
