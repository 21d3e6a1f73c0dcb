"""Palette picture with axes: 240 colours for levels and 16 greys for lines and text, none of which overlap."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from processors.imaging.lettering import draw_text, load_font, shortened, text_width_px

COLOURS = 240
GREYS = 16
BLACK, WHITE = COLOURS, COLOURS + GREYS - 1
MISSING, SILENT = COLOURS + 8, COLOURS + 13
"""Palette numbers of missing samples, mid grey, and of silence, light grey."""
TICK_FONT_PX, TITLE_FONT_PX = 22, 26
"""Sizes of text: 11 and 13 px where a picture of 1600 px is shown at 800."""
TICK_PX = 7
DASH_PX = 12
GAP_PX = 6
"""Minimum distance between two texts."""
PNG_LEVEL = 2
"""Compression level of zlib: for a noisy picture 6 takes three times as long to save 3 percent."""
TextBox = tuple[float, float, float, float]
"""Left, upper, right and lower edge, in px."""


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


def tick_width_px(text: str) -> float:
    return text_width_px(text, TICK_FONT_PX)


class Canvas:
    """White canvas; positions are in px from the upper left corner."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._grey = Image.new("L", (width_px, height_px), 255)
        self._draw = ImageDraw.Draw(self._grey)
        self._pictures: list[tuple[int, int, np.ndarray]] = []
        self.text_boxes: dict[TextBox, str] = {}
        """Box of each text drawn so far."""

    def words(self, x: float, y: float, text: str, anchor: str, *, upwards: bool = False) -> bool:
        """Draw black text unless it would touch another or leave the canvas; return whether it was drawn.

        Parameters
        ----------
        anchor : as in Pillow (`mm`: `x`, `y` is its middle).
        """
        font = load_font(TICK_FONT_PX)
        if not upwards:
            box = self._draw.textbbox((x, y), text, font=font, anchor=anchor)
            if self._is_free(box):
                self._draw.text((x, y), text, fill=0, font=font, anchor=anchor)
                self.text_boxes[box] = text
                return True
            return False
        turned = _strip(text, paper=255, ink=0).rotate(90, expand=True)
        left, top = round(x - turned.width / 2), round(y - turned.height / 2)
        box = (left, top, left + turned.width, top + turned.height)
        if self._is_free(box):
            self._grey.paste(turned, (left, top))
            self.text_boxes[box] = text
            return True
        return False

    def title(self, x: float, y: float, text: str, right: float, *, is_main: bool) -> None:
        """Draw a line of the title from `x`, its middle at `y`; what would reach beyond `right` is cut off with …."""
        size = TITLE_FONT_PX if is_main else TICK_FONT_PX
        text = shortened(text, right - x, size, is_bold=is_main)
        box = draw_text(self._draw, (x, y), text, 0, size, anchor="lm", is_bold=is_main)
        self.text_boxes[box] = text

    def _is_free(self, box: TextBox) -> bool:
        left, top, right, bottom = box
        if left < 0 or top < 0 or right > self._grey.width or bottom > self._grey.height:
            return False
        return not any(
            left < other[2] + GAP_PX and other[0] < right + GAP_PX and top < other[3] and other[1] < bottom
            for other in self.text_boxes
        )

    def tick(self, x: float, y: float, dx: int, dy: int) -> None:
        """Draw a short line outwards."""
        self._draw.line((x, y, x + dx * TICK_PX, y + dy * TICK_PX), fill=0, width=2)

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
    left, top, right, bottom = load_font(TICK_FONT_PX).getbbox(text)
    strip = Image.new("L", (round(right - left) + 8, round(bottom - top) + 6), paper)
    ImageDraw.Draw(strip).text((4 - left, 3 - top), text, fill=ink, font=load_font(TICK_FONT_PX))
    return strip


def mark_row(numbers: np.ndarray, row: int, text: str) -> None:
    """Draw, in place, a dashed line across palette numbers, with its text in white on black at the right."""
    height, width = numbers.shape
    row = min(max(row, 0), height - 1)
    numbers[row] = np.where(np.arange(width) // DASH_PX % 2, WHITE, BLACK)
    strip = _strip(text, paper=0, ink=255)
    top = row - strip.height - 2 if row > strip.height + 2 else row + 2
    _lay(numbers, width - 4 - strip.width, top, strip)


def write_across(numbers: np.ndarray, text: str) -> None:
    """Write, in place, text in white on black in the middle of palette numbers."""
    strip = _strip(text, paper=0, ink=255)
    _lay(numbers, (numbers.shape[1] - strip.width) // 2, (numbers.shape[0] - strip.height) // 2, strip)


def _lay(numbers: np.ndarray, left: int, top: int, strip: Image.Image) -> None:
    """Lay a strip of text over palette numbers, in place, if there is room for it."""
    if strip.height + 4 > numbers.shape[0] or strip.width + 8 > numbers.shape[1]:
        return
    grey = np.asarray(strip, np.uint16)
    label = (BLACK + (grey * (GREYS - 1) + 127) // 255).astype(np.uint8)
    numbers[top : top + strip.height, left : left + strip.width] = label
