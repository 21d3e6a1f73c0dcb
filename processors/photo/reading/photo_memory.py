"""Minimum memory that a photo needs, known from its header."""

from __future__ import annotations

from dataclasses import dataclass

_PILLOW_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
"""Bytes of a pixel in Pillow's memory by mode; 4 for all others, RGB among them (Pillow, "Concepts: modes")."""
_DECODER_BYTES = {"WEBP": 12}
"""Further bytes per pixel that a decoder holds, by format: libwebp's decoder for animations keeps two pictures, and
gives a third, of still pictures too."""
_SUMS_BYTES = 8
"""Bytes per pixel of a measurement of all pixels, in 64-bit sums."""
WORKER_BYTES = 80_000_000
"""Private memory of a worker before it reads anything."""


@dataclass(frozen=True, kw_only=True)
class DecodedSize:
    """Size of a decoded picture; lower bounds, as the memory of its decoder is unknown."""

    pixels: int
    """Pixels after the reduction of a very large picture."""
    picture_bytes: int

    def needed_bytes(self, *, measures_all: bool) -> int:
        """Return the memory, in bytes, needed to decode and use a picture.

        `measures_all`: a processor measures all pixels, not only a reduced copy.
        """
        sums = self.pixels * _SUMS_BYTES if measures_all else 0
        return WORKER_BYTES + self.picture_bytes + sums


def pillow_size(pixels: int, mode: str, kind: str | None, *, is_converted: bool) -> DecodedSize:
    """Return the size of a picture in Pillow's memory.

    `kind`: Pillow's name of the format.
    `is_converted`: it has a colour profile or transparency, for which Pillow makes a second picture.
    """
    pixel_bytes = _PILLOW_BYTES.get(mode, 4) + _DECODER_BYTES.get(kind or "", 0)
    return DecodedSize(pixels=pixels, picture_bytes=pixels * (pixel_bytes + (4 if is_converted else 0)))
