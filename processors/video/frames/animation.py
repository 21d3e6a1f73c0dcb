"""Animated WebP of the pictures that a video shows at the moments of a constant rate."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from math import ceil

from PIL import Image


class Animation:
    """Collector of small pictures, in memory until the end; a held picture is one frame of longer duration."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._images: list[Image.Image] = []
        self._durations_ms: list[int] = []
        self._moments = 0

    @property
    def picture_count(self) -> int:
        return len(self._images)

    @property
    def size_px(self) -> tuple[int, int]:
        return self._images[0].size

    def show(self, picture: Callable[[], Image.Image], until_seconds: Fraction) -> None:
        """Show a picture at each moment before a time that has none yet; it is made only if there is such a moment."""
        moments = ceil(until_seconds * self.rate_hz)
        if moments <= self._moments:
            return
        self._images.append(picture())
        self._durations_ms.append(round(moments * 1000 / self.rate_hz) - round(self._moments * 1000 / self.rate_hz))
        self._moments = moments

    def encoded(self) -> bytes:
        """Return the WebP file; at least one picture must have been shown."""
        buffer = io.BytesIO()
        self._images[0].save(
            buffer,
            "WEBP",
            save_all=True,
            append_images=self._images[1:],
            duration=self._durations_ms,
            loop=0,
            quality=70,
            method=2,
        )
        return buffer.getvalue()
