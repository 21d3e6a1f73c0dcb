"""Video clips of the sample release, with title, comment and optional keyframes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from processors.imaging.clip_writer import write_steady_clip
from processors.sample.files import Tags


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
    """Write H.264 in MP4, with AAC if `sound` names a WAV file.

    `frame(index)` returns uint8 RGB, shape (rows, columns, 3), and is called for each index in turn. Besides
    `keyframes`, only cuts detected by the encoder become keyframes, so that a held picture is not encoded again.

    Raises
    ------
    OSError : ffmpeg wrote another number of frames.
    """
    at_seconds = ",".join(f"{(index - 0.5) / frames_per_second:.4f}" for index in keyframes if index)
    forced = ("-g", str(frame_count), "-force_key_frames", at_seconds) if at_seconds else ("-g", "50")
    write_steady_clip(
        path,
        frame,
        frame_count=frame_count,
        frames_per_second=frames_per_second,
        quality_crf=quality_crf,
        audio=sound,
        is_for_web=False,
        options=[
            *forced,
            *("-b:a", "160k", "-metadata", f"title={tags.title}", "-metadata", f"comment={tags.comment}"),
        ],
    )
