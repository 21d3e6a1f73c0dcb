"""Complaints of decoders that do not mark damaged frames: they log an error, and return the frame as if intact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import av
import av.logging

from processors.decoding.jpeg2000_ends import is_wrong_end
from processors.decoding.open_media import ffmpeg_errors

EXPLODING = frozenset({"amv", "jpegls", "mjpeg"})
"""Silent decoders that fail at their own errors if configured to (`err_detect`), in any number of threads."""
LENIENT = frozenset({"msmpeg4", "msmpeg4v1", "msmpeg4v2", "wmv1", "wmv2"})
"""Decoders that ignore values out of range unless configured to check, and then mark the frame; a known fault of
Microsoft's encoder is ignored even so."""
ONLY_LOGGING = {
    **dict.fromkeys(
        ("cinepak", "dvvideo", "flashsv", "gif", "h261", "msvideo1", "snow", "theora", "zmbv"), av.logging.ERROR
    ),
    **dict.fromkeys(("jpeg2000", "magicyuv", "rpza", "smc", "utvideo"), av.logging.WARNING),
}
"""Silent decoders that never fail, and the level from which they log damage: decoded in one thread, as FFmpeg's log is
captured only there. Measured with damaged packets of every codec that FFmpeg can encode."""
OF_SLICES = frozenset({"mpeg1video", "mpeg2video"})
"""Decoders whose threads share a picture: with several, none of nine damaged pictures was marked; with one, all."""
SILENT = EXPLODING | ONLY_LOGGING.keys()
"""Decoders that log nothing of whole files, or nothing that counts as damage. Others mark their frames, and log errors
of whole files, too: of H.264 that begins within a group of pictures, for example."""

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
    if codec.name in LENIENT:
        codec.options = {**codec.options, "err_detect": "bitstream"}
    return in_order or codec.name in ONLY_LOGGING or codec.name in OF_SLICES


@contextmanager
def complaints(codec: av.VideoCodecContext) -> Iterator[Callable[[], str | None]]:
    """Listen to a decoder of one thread; the given function returns its first complaint about a picture so far.

    Always None for decoders that mark damaged frames, and for those of several threads.
    """
    if codec.name not in SILENT or codec.thread_count != 1:
        yield lambda: None
        return
    with ffmpeg_errors(ONLY_LOGGING.get(codec.name, av.logging.ERROR)) as heard:
        yield lambda: next((words for words in heard() if _tells_damage(codec.name, words)), None)


def _tells_damage(codec: str, words: str) -> bool:
    """Return whether a decoder's words concern the pixels; that of JPEG 2000 also warns about intact data."""
    return is_wrong_end(words) if codec == "jpeg2000" else not _HARMLESS.search(words)
