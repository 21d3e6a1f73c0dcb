"""Alignment of WAVE samples in containers wider than the samples."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from processors.containers.chunks import SOUND, ChunkFile
from processors.errors import RefusedMedia, UnsupportedMedia
from processors.sources.source_file import SourceFile

PCM, EXTENSIBLE = 1, 0xFFFE
LOOKED_AT_BYTES = 1 << 20
WHAT_TO_DO = "save it again with 24 bits in 3 bytes, with the program that made it"


def refuse_misread(file: SourceFile, max_channels: int) -> None:
    """Raise `UnsupportedMedia` for a WAVE file whose samples both libraries would silently misread.

    Raise `RefusedMedia` if it has too many channels, which neither library reports.

    "The data is left-justified" in its container (Microsoft, WAVEFORMATEXTENSIBLE), which the plain header does not
    state: some programs write 24 bits into 4 bytes and leave the uppermost empty.
    """
    with file.open() as opened:
        walked = ChunkFile(opened)
        if walked.kind != "riff" or walked.content != b"WAVE":
            return
        code = bytes_each = bits = valid_bits = 0
        for chunk in walked.chunks():
            if chunk.name == b"data":
                opened.seek(chunk.start)
                break
            if chunk.name == b"fmt " and chunk.held_bytes >= 16:
                body = chunk.read(opened, 40)
                code, channels, block_bytes, bits = (walked.number("H", body, place) for place in (0, 2, 12, 14))
                if channels > max_channels:
                    raise RefusedMedia(f"{channels} channels, more than the supported {max_channels}", "split it")
                bytes_each = block_bytes // channels if channels else 0
                valid_bits = walked.number("H", body, 18) if code == EXTENSIBLE and len(body) >= 20 else bits
        if code not in (PCM, EXTENSIBLE) or not bytes_each:
            return
        if code == PCM and bytes_each > (bits + 7) // 8:
            raise UnsupportedMedia(
                f"{bits}-bit samples in {bytes_each} bytes each, with alignment not stated in the header", WHAT_TO_DO
            )
        if (bytes_each, valid_bits) == (4, 24) and _is_right_justified(opened.read(LOOKED_AT_BYTES), walked.order):
            raise UnsupportedMedia("24-bit samples right-justified in 4 bytes instead of left-justified", WHAT_TO_DO)


def is_big_endian_riff(file: SourceFile) -> bool:
    """Return True for a RIFX file, whose samples FFmpeg takes for little-endian."""
    with file.open() as opened:
        return opened.read(4) == b"RIFX"


def is_wave_list(opened: BinaryIO) -> bool:
    """Return True for a WAVE file whose sound is a list of pieces and silences, which no library reads."""
    for chunk in ChunkFile(opened).chunks():
        if chunk.name == b"data":
            return False
        if chunk.name == b"LIST" and chunk.read(opened, 4) == b"wavl":
            return True
    return False


def holds_sound(file: SourceFile) -> bool:
    """Return True for a file of chunks with at least one byte of audio data."""
    with file.open() as opened:
        return any(chunk.name in SOUND and chunk.held_bytes > 0 for chunk in ChunkFile(opened).chunks())


def _is_right_justified(data: bytes, order: str) -> bool:
    """Return whether the uppermost bytes of 32-bit samples are empty or mere sign and the lowest are not."""
    samples = np.frombuffer(data[: len(data) // 4 * 4], np.uint8).reshape(-1, 4)[:, :: -1 if order == ">" else 1]
    return bool(samples[:, 0].any() and np.isin(samples[:, 3], (0x00, 0xFF)).all())
