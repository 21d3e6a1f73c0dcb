"""Impossible blocks of a JPEG, which libjpeg decodes silently but FFmpeg's decoder reports."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import BinaryIO

import av
import av.error

from processors.containers.photo.jpeg_file import JpegFile
from processors.containers.photo.jpeg_zeros import zeros_that_no_encoder_writes
from processors.decoding.open_media import ffmpeg_errors
from processors.photo.reading.damage import Damage

MAX_PROGRESSIVE_PIXELS = 64_000_000
"""Size up to which a progressive JPEG is read again: all its coefficients are held in memory, 6 bytes a pixel."""

_TOO_MANY = re.compile(r"error count: \d+")
_IMPOSSIBLE = re.compile(rf"{_TOO_MANY.pattern}|error (dc|y)\b|bad vlc|overread \d+")
"""Errors in the picture's blocks; those in header segments affect no pixel."""
_PLACE = re.compile(r"error y=(\d+)")


def impossible_blocks(file: BinaryIO, parts: JpegFile, width_px: int, height_px: int) -> Damage | None:
    """Decode again, at 1/8 of the size, and return the damage if a block is impossible, as with over 64 values.

    Zeros in place of a part of the file are often valid codes, after which both decoders are out of step. A kind of
    JPEG that FFmpeg does not support is not damaged.
    """
    if parts.is_progressive and width_px * height_px > MAX_PROGRESSIVE_PIXELS:
        return None
    file.seek(0)
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_type, decoder.thread_count = "NONE", 1
    decoder.options = {"err_detect": "explode", "lowres": "3", "max_pixels": str(width_px * height_px)}
    with ffmpeg_errors() as heard:
        with suppress(av.error.FFmpegError, ValueError):  # the log says whether at a block
            decoder.decode(av.Packet(file.read()))
        words = heard()
    fault = next((line for line in words if _IMPOSSIBLE.search(line)), None)
    zeros = None if fault else zeros_that_no_encoder_writes(file, parts)
    if fault is None and zeros is None:
        return None
    if zeros:
        said = f"{zeros} zero bytes where no encoder writes so many"
    else:
        said = "a block has more than its 64 values" if _TOO_MANY.search(fault or "") else "a block cannot be decoded"
    is_in_rows = parts.scan_count == 1 and not parts.is_progressive  # else y counts the rows of one component
    places = [int(found[1]) for line in words if is_in_rows and (found := _PLACE.search(line))]
    return Damage(
        condition="damaged",
        fault=f"corrupt JPEG data: {said}",
        share=1.0,
        noticed_at_row=places[0] * 8 * parts.sampling[1] if places else None,
        rows=height_px,
    )
