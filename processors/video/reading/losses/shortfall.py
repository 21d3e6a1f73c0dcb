"""Detection of headers that declare more frames or seconds than their file holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from processors.video.reading.video_info import VideoInfo

DURATION_SHARE, DURATION_SECONDS = Fraction(102, 100), Fraction(1, 2)
"""A declared duration is too long if it exceeds the actual one by this factor and also by this many seconds."""


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """Declared but missing frames or seconds."""

    frame_count: int = 0
    words: str | None = None


def shortfall_of(
    info: VideoInfo, held_count: int | None, shown: tuple[Fraction | None, Fraction | None], *, weighs_duration: bool
) -> Shortfall:
    """Compare the header's declaration with the file; some writers count one frame too many.

    Parameters
    ----------
    held_count : frames in the file as a header counts them, including hidden and repeated ones; None if unknown.
    shown : first and last presentation time of the file's frames, seconds.
    weighs_duration : False if the last frame may be shown for as long as the header declares.
    """
    declared = info.frame_count_from_header
    if declared is not None and held_count is not None and declared > held_count + 1:
        words = f"the header declares {declared} frames, {held_count} are present"
        return Shortfall(frame_count=declared - held_count, words=words)
    seconds, (start, end) = info.duration_seconds_from_header, shown
    if not weighs_duration or seconds is None or start is None or end is None:
        return Shortfall()
    if seconds <= (end - start) * DURATION_SHARE + DURATION_SECONDS:
        return Shortfall()
    since = "" if start == 0 else f", {float(end - start):.3f} s after the first begins"
    words = f"the header declares {float(seconds):.3f} s, the last frame ends at {float(end):.3f} s{since}"
    return Shortfall(words=words)
