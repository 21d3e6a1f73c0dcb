"""Letters that DejaVu Sans lacks, mainly Chinese, from the font that OpenCV carries: the same on every machine.

The font is WenQuanYi Micro Hei (Apache License 2.0): Chinese, Japanese and Korean, in the shapes of mainland China.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from PIL import Image

FONT = "uni"
"""Name of the font in OpenCV."""
SCALE = 0.96
"""Size of this font relative to that of DejaVu Sans next to it; a letter is then as wide as that size."""
WEIGHT = 400
PROBE_PX = 22
DEPTH = 0.35
"""Height below the baseline, relative to the size."""


@functools.cache
def has_wide_letter(character: str) -> bool:
    """Return True if the font draws this character: neither nothing, as for some, nor the box for unknown ones."""
    if not character.isprintable() or character.isascii():
        return False
    drawn, unknown = (wide_mask(one, PROBE_PX) for one in (character, "\uffff"))
    return drawn.getbbox() is not None and (drawn.size, drawn.tobytes()) != (unknown.size, unknown.tobytes())


@functools.lru_cache(maxsize=1024)
def wide_width_px(text: str, size_px: float) -> int:
    """Return the width that the text takes on its line."""
    import cv2  # imported late: 20 MB that few pictures need for text

    nowhere = np.zeros((1, 1), np.uint8)
    (end, _), _ = cv2.putText(nowhere, text, (0, 0), 255, _font(), _size(size_px), WEIGHT)
    return int(end)


def baseline_px(size_px: float) -> int:
    """Return the row of a mask that is the baseline of its letters."""
    return round(size_px * 1.1)


@functools.lru_cache(maxsize=256)
def wide_mask(text: str, size_px: float, *, is_bold: bool = False) -> Image.Image:
    """Return the text as a mask of mode L; bold letters are those of the only weight, widened by a pixel."""
    import cv2

    base = baseline_px(size_px)
    drawn = np.zeros((base + round(size_px * DEPTH), wide_width_px(text, size_px) + 2), np.uint8)
    cv2.putText(drawn, text, (0, base), 255, _font(), _size(size_px), WEIGHT)
    if is_bold:
        drawn[:, 1:] = np.maximum(drawn[:, 1:], drawn[:, :-1])
    return Image.fromarray(drawn)


def _size(size_px: float) -> int:
    return max(1, round(size_px * SCALE))


@functools.cache
def _font() -> Any:
    import cv2

    return cv2.FontFace(FONT)
