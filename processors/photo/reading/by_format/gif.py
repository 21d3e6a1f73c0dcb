"""Damage of GIF files: pictures that do not decode, and bytes that are no blocks."""

from __future__ import annotations

from typing import BinaryIO

import av
import av.error

from processors.containers.photo.gif_file import GifFile
from processors.decoding.open_media import MAX_FRAME_PIXELS, ffmpeg_errors
from processors.photo.reading.damage import Damage


def gif_damage(file: BinaryIO, gif: GifFile) -> Damage | None:
    """Decode every picture again, and return what is damaged; None if nothing is."""
    if gif.is_cut:
        return Damage(condition="truncated", fault="the trailer of a GIF is missing", share=None)
    bad = _pictures_with_errors(file)
    if gif.lost_at is None and not bad:
        return None
    if gif.lost_at is not None:
        fault = f"the data after byte {gif.lost_at} is not a GIF block"
    elif gif.picture_count > 1:
        fault = f"{len(bad)} of its {gif.picture_count} pictures {'does' if len(bad) == 1 else 'do'} not decode"
    else:
        fault = "its picture does not decode without errors"
    if 0 in bad or not gif.picture_count:
        return Damage(condition="damaged", fault=fault, share=1.0)
    words = f"the file is damaged behind its first picture: {fault}, so that later pictures are wrong or missing"
    return Damage(condition="damaged", fault=fault, share=None, in_words=words)


def _pictures_with_errors(file: BinaryIO) -> list[int]:
    """Return the numbers of the pictures at which FFmpeg reports an error; empty if it does not open the file."""
    file.seek(0)
    wrong, number = list[int](), 0
    limits = {"max_pixels": str(MAX_FRAME_PIXELS)}
    try:
        with av.open(file, mode="r", format="gif", metadata_errors="replace", options=limits) as container:
            stream = container.streams.video[0]
            stream.thread_type, stream.codec_context.thread_count = "NONE", 1
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                with ffmpeg_errors() as heard:
                    try:
                        packet.decode()
                        has_failed = bool(heard())
                    except av.error.FFmpegError:
                        has_failed = True
                wrong += [number] if has_failed else []
                number += 1
    except (av.error.FFmpegError, ValueError, IndexError):
        return wrong
    return wrong
