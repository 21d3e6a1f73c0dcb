"""Damage of JPEG 2000 files, as far as FFmpeg's decoder notices it: the one used for pixels notices none."""

from __future__ import annotations

from typing import BinaryIO

import av
import av.error
import av.logging

from processors.decoding.jpeg2000_ends import is_wrong_end
from processors.decoding.open_media import ffmpeg_errors
from processors.photo.reading.damage import Damage

MAX_PIXELS = 64_000_000
"""Size up to which a picture is decoded again: FFmpeg's decoder is slow."""


def jpeg2000_damage(file: BinaryIO, width_px: int, height_px: int) -> Damage | None:
    """Decode again and return the damage if a part does not end where its header says.

    The format has no checksum: about half of all changed bytes go unnoticed. A refusal by FFmpeg is no damage, as it
    does not support all kinds.
    """
    if width_px * height_px > MAX_PIXELS:
        return None
    file.seek(0)
    decoder = av.CodecContext.create("jpeg2000", "r")
    decoder.thread_type, decoder.thread_count = "NONE", 1
    with ffmpeg_errors(av.logging.WARNING) as heard:
        try:
            decoder.decode(av.Packet(file.read()))
        except (av.error.FFmpegError, ValueError):
            return None
        found = [words for words in heard() if is_wrong_end(words)]
    if not found:
        return None
    fault = (
        f"{len(found)} of its parts do not end where they should"
        if len(found) > 1
        else "a part does not end where it should"
    )
    return Damage(condition="damaged", fault=fault, share=1.0)
