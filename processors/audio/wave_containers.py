"""Samples of WAVE files in containers that are wider than they are: which end of it they are at."""

from __future__ import annotations

import struct

import numpy as np

from processors.audio.lengths import heads
from processors.errors import UnsupportedMedia
from processors.source_file import SourceFile

PCM, EXTENSIBLE = 1, 0xFFFE
LOOKED_AT_BYTES = 1 << 20
WHAT_TO_DO = "write it anew with 24 bits in 3 bytes, with the program that made it"


def refuse_misread(file: SourceFile) -> None:
    """Raise `UnsupportedMedia` for a WAVE file whose samples both libraries would take for others, without a word.

    "The data is left-justified" in its container (Microsoft, WAVEFORMATEXTENSIBLE), of which the plain header knows
    nothing: some programs write 24 bits into 4 bytes, the uppermost empty.
    """
    with file.open() as opened:
        if opened.read(12)[8:] != b"WAVE":
            return
        code = bytes_each = bits = valid_bits = 0
        for head in heads(opened, 8):
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                break
            body = opened.read(min(size, 40))
            if name == b"fmt " and len(body) >= 16:
                code, channels, block_bytes, bits = struct.unpack_from("<HH8xHH", body)
                bytes_each = block_bytes // channels if channels else 0
                valid_bits = struct.unpack_from("<H", body, 18)[0] if code == EXTENSIBLE and len(body) >= 20 else bits
            opened.seek(min(size - len(body) + size % 2, file.size_bytes), 1)
        if code not in (PCM, EXTENSIBLE) or not bytes_each:
            return
        if code == PCM and bytes_each > (bits + 7) // 8:
            raise UnsupportedMedia(
                f"{bits}-bit samples in {bytes_each} bytes each, at which end the header does not say", WHAT_TO_DO
            )
        if (bytes_each, valid_bits) == (4, 24) and _is_right_justified(opened.read(LOOKED_AT_BYTES)):
            raise UnsupportedMedia("24-bit samples at the lower end of 4 bytes, where the upper end is due", WHAT_TO_DO)


def _is_right_justified(data: bytes) -> bool:
    """Are the uppermost bytes of 32-bit samples empty or mere sign, and the lowest not?"""
    samples = np.frombuffer(data[: len(data) // 4 * 4], np.uint8).reshape(-1, 4)
    return bool(samples[:, 0].any() and np.isin(samples[:, 3], (0x00, 0xFF)).all())
