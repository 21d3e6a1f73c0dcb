"""Damage of HEIC files, found by FFmpeg's decoder: the one used for pixels conceals missing and wrong data."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import av.container
import av.error

from processors.containers.photo.heif_file import items_of_picture
from processors.decoding.open_media import MAX_FRAME_PIXELS, ffmpeg_errors, open_container, packets_of, words_of
from processors.errors import MediaError
from processors.photo.reading.damage import Damage

CUT = "partial file"
"""Part of FFmpeg's message about an item beyond the end of the file."""


def heic_damage(file: BinaryIO, width_px: int, height_px: int) -> Damage | None:
    """Decode every tile and picture again, and return the damage that FFmpeg reports; None if it cannot open the file.

    Parameters
    ----------
    width_px, height_px : size of the shown picture.
    """
    try:
        with ffmpeg_errors() as heard, open_container(file) as container:
            faults = _faults(container, heard)
            sizes = {stream.id: stream.width * stream.height for stream in container.streams.video}
    except (MediaError, av.error.FFmpegError):
        return None
    if not faults:
        return None
    shown = items_of_picture(file)
    wrong = [number for number in faults if number in shown or not shown]
    words = faults[wrong[0]] if wrong else next(iter(faults.values()))
    is_cut = CUT in words
    share = min(1.0, sum(sizes[number] for number in wrong) / (width_px * height_px)) if wrong else None
    of_how_many = (
        f" in {len(wrong)} of {len(shown & sizes.keys()) or len(sizes)} tiles" if len(sizes) > 1 and wrong else ""
    )
    return Damage(
        condition="truncated" if is_cut else "damaged",
        fault=f"{'the file ends before its picture does' if is_cut else words}{of_how_many}",
        share=share,
    )


def _faults(container: av.container.InputContainer, heard: Callable[[], list[str]]) -> dict[int, str]:
    """Return the first complaint about each item, by its number."""
    streams = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and 0 < stream.width * stream.height <= MAX_FRAME_PIXELS
    ]
    for stream in streams:
        stream.thread_type, stream.codec_context.thread_count = "NONE", 1
    faults, decoded = dict[int, str](), set[int]()
    for packet in packets_of(container, streams):
        before = len(heard())
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            frames = []
            faults.setdefault(packet.stream.id, words_of(error))
        if len(heard()) > before:
            faults.setdefault(packet.stream.id, heard()[before])
        if frames:
            decoded.add(packet.stream.id)
    lost = next((words for words in heard() if CUT in words), "no picture decodes")
    return {**faults, **{stream.id: lost for stream in streams if stream.id not in decoded}}
