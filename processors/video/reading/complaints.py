"""Complaints of decoders that do not mark damaged frames: they log an error, and return the frame as if intact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av

from processors.decoding.open_media import ffmpeg_errors

EXPLODING = frozenset({"mjpeg"})
"""Silent decoders that fail at their own errors if configured to (`err_detect`), in any number of threads."""
ONLY_LOGGING = frozenset({"cinepak", "dvvideo", "theora"})
"""Silent decoders that never fail: decoded in one thread, as FFmpeg's log is captured only there."""
SILENT = EXPLODING | ONLY_LOGGING
"""Decoders that log nothing of whole files. Others mark their frames, and log errors of whole files, too: of H.264 that
begins within a group of pictures, for example."""

_HARMLESS = re.compile(r"APP fields|decode_app|EXIF|ICC profile")
"""Errors in a picture's header segments, which affect no pixel."""


def make_audible(codec: av.VideoCodecContext, *, in_order: bool) -> bool:
    """Prepare a decoder, before it opens, so that its errors are noticed; return whether it must have one thread.

    Parameters
    ----------
    in_order : whether frames with errors are wanted, too; otherwise the decoder may fail at the first.
    """
    if codec.name in EXPLODING and not in_order:
        codec.options = {**codec.options, "err_detect": "explode"}
    return in_order or codec.name in ONLY_LOGGING


@contextmanager
def complaints(codec: av.VideoCodecContext) -> Iterator[Callable[[], str | None]]:
    """Listen to a decoder of one thread; the given function returns its first complaint about a picture so far.

    Always None for decoders that mark damaged frames, and for those of several threads.
    """
    if codec.name not in SILENT or codec.thread_count != 1:
        yield lambda: None
        return
    with ffmpeg_errors() as heard:
        yield lambda: next((words for words in heard() if not _HARMLESS.search(words)), None)
