"""Clips written with moviepy: each frame once, at its own time, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
from moviepy import VideoClip
from numpy.typing import NDArray

from processors.sample.files import Tags

_BT709 = (
    "scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,"
    "format=yuv420p,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)
"""Said as a filter, because ffmpeg converts RGB with the BT.601 matrix when nothing else is said."""


def write_clip(
    path: Path,
    frame: Callable[[int], NDArray[np.uint8]],
    *,
    frame_count: int,
    frames_per_second: int,
    quality_crf: int,
    keyframes: Sequence[int] = (),
    tags: Tags,
    sound: Path | None = None,
) -> None:
    """Write H.264 in MP4, with AAC where `sound` names a WAV file.

    `frame(index)` gives uint8 RGB, shape (rows, columns, 3), and is asked for each index in turn. With `keyframes`
    named, none falls elsewhere but where the encoder sees a cut, so that a held picture is not coded anew.

    Raises
    ------
    OSError
        ffmpeg wrote another number of frames; moviepy does not look at how ffmpeg ended.
    """
    # moviepy asks for int(duration * fps) frames at index / fps: half a frame more keeps both roundings exact.
    clip = VideoClip(
        lambda seconds: frame(round(seconds * frames_per_second)), duration=(frame_count + 0.5) / frames_per_second
    )
    at_seconds = ",".join(f"{(index - 0.5) / frames_per_second:.4f}" for index in keyframes if index)
    clip.write_videofile(
        str(path),
        fps=frames_per_second,
        codec="libx264",
        preset="veryfast",
        audio=str(sound) if sound else False,
        audio_codec="aac",
        threads=1,
        logger=None,
        ffmpeg_params=[
            *("-f", "mp4", "-vf", _BT709, "-crf", str(quality_crf)),
            *(("-g", str(frame_count), "-force_key_frames", at_seconds) if at_seconds else ("-g", "50")),
            *("-b:a", "160k", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *("-map_metadata", "-1", "-metadata", f"title={tags.title}", "-metadata", f"comment={tags.comment}"),
        ],
    )
    with av.open(str(path)) as container:
        written = sum(packet.size > 0 for packet in container.demux(video=0))
    if written != frame_count:
        raise OSError(f"{path.name}: ffmpeg wrote {written} of {frame_count} frames")
