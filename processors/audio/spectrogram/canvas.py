"""Palette picture with axes: 240 colours for levels and 16 greys for lines and text."""

from __future__ import annotations

import functools
import importlib.util
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLOURS = 240
GREYS = 16
BLACK, GREY, WHITE = COLOURS, COLOURS + GREYS // 2, COLOURS + GREYS - 1
FONT_PX = 14
TICK_PX = 5
DASH_PX = 12
PNG_LEVEL = 2
"""Compression level of zlib: for a noisy picture 6 takes three times as long to save 3 percent."""


def colour_numbers(levels_db: np.ndarray, bottom_db: float, top_db: float) -> np.ndarray:
    """Return the palette numbers of levels: uint8, in the same shape."""
    scaled = (levels_db - np.float32(bottom_db)) * np.float32((COLOURS - 1) / (top_db - bottom_db))
    return np.clip(np.rint(scaled), 0, COLOURS - 1).astype(np.uint8)


def palette() -> np.ndarray:
    """Return viridis, perceptually uniform and readable for the colour-blind, then greys: uint8, shape (256, 3)."""
    import cv2  # imported late: 20 MB that a plan need not load

    place = np.linspace(0, 255, COLOURS).round().astype(np.uint8)
    viridis = cv2.applyColorMap(place[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1]
    grey = np.linspace(0, 255, GREYS).round().astype(np.uint8)
    return np.concatenate([viridis, np.repeat(grey[:, None], 3, axis=1)])


@functools.cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, which matplotlib carries; matplotlib itself is not loaded."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """White canvas; positions are in px from the upper left corner."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._grey = Image.new("L", (width_px, height_px), 255)
        self._draw = ImageDraw.Draw(self._grey)
        self._pictures: list[tuple[int, int, np.ndarray]] = []

    def words(self, x: float, y: float, text: str, anchor: str, *, upwards: bool = False) -> None:
        """Draw black text; `anchor` as in Pillow (`mm`: `x`, `y` is its middle)."""
        if not upwards:
            self._draw.text((x, y), text, fill=0, font=_font(FONT_PX), anchor=anchor)
            return
        turned = _strip(text, paper=255, ink=0).rotate(90, expand=True)
        self._grey.paste(turned, (round(x - turned.width / 2), round(y - turned.height / 2)))

    def tick(self, x: float, y: float, dx: int, dy: int) -> None:
        """Draw a short line outwards."""
        self._draw.line((x, y, x + dx * TICK_PX, y + dy * TICK_PX), fill=0)

    def picture(self, left: int, top: int, numbers: np.ndarray) -> None:
        """Draw palette numbers, uint8, shape (height, width), with a frame around them."""
        height, width = numbers.shape
        self._draw.rectangle((left - 1, top - 1, left + width, top + height), outline=0)
        self._pictures.append((left, top, numbers))

    def png(self) -> bytes:
        """Return the drawing as PNG; the same drawing gives the same bytes."""
        grey = np.asarray(self._grey, np.uint16)
        numbers = (BLACK + (grey * (GREYS - 1) + 127) // 255).astype(np.uint8)
        for left, top, part in self._pictures:
            numbers[top : top + part.shape[0], left : left + part.shape[1]] = part
        image = Image.fromarray(numbers).convert("P")
        image.putpalette(palette().tobytes())
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=PNG_LEVEL)
        return buffer.getvalue()


def _strip(text: str, paper: int, ink: int) -> Image.Image:
    """Return text on a strip of its own size."""
    left, top, right, bottom = _font(FONT_PX).getbbox(text)
    strip = Image.new("L", (round(right - left) + 8, round(bottom - top) + 6), paper)
    ImageDraw.Draw(strip).text((4 - left, 3 - top), text, fill=ink, font=_font(FONT_PX))
    return strip


def mark_row(numbers: np.ndarray, row: int, text: str) -> None:
    """Draw, in place, a dashed line across palette numbers, with its text in white on black at the right."""
    height, width = numbers.shape
    row = min(max(row, 0), height - 1)
    numbers[row] = np.where(np.arange(width) // DASH_PX % 2, WHITE, BLACK)
    strip = np.asarray(_strip(text, paper=0, ink=255), np.uint16)[:, : width - 8]
    if strip.shape[0] + 4 > height:
        return
    top = row - strip.shape[0] - 2 if row > strip.shape[0] + 2 else row + 2
    label = (BLACK + (strip * (GREYS - 1) + 127) // 255).astype(np.uint8)
    numbers[top : top + label.shape[0], width - 4 - label.shape[1] : width - 4] = label
