"""Cost of a result by the decoded size of its source, from earlier results of sources of about that size.

A cost has a fixed part, which every source has, and a part for each pixel or second: bytes of a compressed file say
little of either.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from processors.contract import Medium, Reads

KNEE: dict[Medium, float] = {"photo": 0.05, "audio": 2.0, "video": 1.0}
"""Decoded size (`decoded_size`) at which the fixed part of a cost is as large as the other."""
NEIGHBOURS = 8
"""Number of earlier results, those of the most similar size, whose mean is expected."""
FAR = 4.0
"""Factor by which a source exceeds every known one, from which on earlier results do not allow an estimate."""
PIXELS_A_BYTE = 2.0
"""Pixels of a photo for each byte of its file, if its header was not read."""
USUAL_FRAME_PIXELS = 640 * 360
USUAL_SECONDS = 10.0
MAX_PIXELS_A_BYTE = 10_000.0
"""Maximum pixels per byte of a credible picture, or of a second of video: a black PNG of one bit has 8,250."""
MIN_BYTES_A_SECOND: dict[Medium, float] = {"audio": 8, "video": 500}
"""Minimum size of a credible duration, in bytes per second: digital silence in Opus takes 46."""


def decoded_size(
    medium: Medium, reads: Reads, *, size_bytes: int, duration_seconds: float | None, frame_pixels: int | None
) -> float:
    """Return what a processor works through: megapixels of a photo, seconds of sound, or seconds times megapixels.

    What the header claims is limited to what the size of the file allows.

    Parameters
    ----------
    reads : what the processor reads; of a video, all but pictures count by seconds. `file` of a photo: its header.
    duration_seconds : as the header claims; None: usual ones.
    frame_pixels : as the header claims; None: usual ones.
    """
    most = size_bytes * MAX_PIXELS_A_BYTE / 1e6
    if medium == "photo":
        return 0.0 if reads == "file" else min((frame_pixels or size_bytes * PIXELS_A_BYTE) / 1e6, most)
    claimed = USUAL_SECONDS if duration_seconds is None else duration_seconds
    seconds = min(claimed, size_bytes / MIN_BYTES_A_SECOND[medium])
    return min(seconds * (frame_pixels or USUAL_FRAME_PIXELS) / 1e6, most) if reads == "video" else seconds


class CostCurve:
    """Expected cost by decoded size.

    Parameters
    ----------
    points : decoded size and cost of earlier results; at least one.
    knee : size at which the fixed part of a cost is as large as the other.
    """

    def __init__(self, points: Iterable[tuple[float, float]], knee: float) -> None:
        self._points = sorted(points)
        self._sizes = [size for size, _ in self._points]
        self._knee = knee

    def at(self, size: float) -> float:
        """Return the mean cost of the most similar sizes, each scaled to this one."""
        near = self._near(size)
        return (size + self._knee) * sum(cost / (known + self._knee) for known, cost in near) / len(near)

    def is_beyond(self, size: float) -> bool:
        """Return whether a size is far above every known one."""
        return size + self._knee > FAR * (self._sizes[-1] + self._knee)

    def _near(self, size: float) -> list[tuple[float, float]]:
        place = bisect_left(self._sizes, size)
        some = self._points[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
        return sorted(some, key=lambda point: self._ratio(point[0], size))[:NEIGHBOURS]

    def _ratio(self, one: float, other: float) -> float:
        return (max(one, other) + self._knee) / (min(one, other) + self._knee)
