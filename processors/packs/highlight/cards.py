"""Pictures of a highlight clip: title, scene with caption bar, credits; drawn alike on every machine.

Pillow's own font, which is Latin, is used: system fonts would give other bytes on other machines.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (14, 12, 12)
INK = (240, 236, 230)
ACCENT = (226, 140, 88)
BAR_OPACITY = 0.62
Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Drawing of cards in one size, 16:9."""

    width_px: int

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height; even, as H.264 in 4:2:0 requires."""
        return self.width_px // 2 * 2, self.width_px * 9 // 32 * 2

    def text(self, title: str, lines: Sequence[str]) -> Frame:
        """Return a card of text; lines that do not fit are omitted, with a note."""
        width, height = self.size_px
        card = Image.new("RGB", (width, height), BACKGROUND)
        draw, margin = ImageDraw.Draw(card), width // 12
        top = height // 7
        for line in textwrap.wrap(latin(title), 34)[:3]:
            draw.text((margin, top), line, ACCENT, self._font(18))
            top += height // 11
        top += height // 30
        rows = [row for line in lines for row in textwrap.wrap(latin(line), 72)]
        room = (height - margin // 2 - top) * 22 // height
        if len(rows) > room:
            rows = [*rows[: room - 1], "and more: see CREDITS.txt"]
        for row in rows:
            draw.text((margin, top), row, INK, self._font(32))
            top += height // 22
        return np.asarray(card)

    def scene(self, picture: Image.Image, title: str, credit: str) -> Frame:
        """Return a picture, scaled to fit, over a bar with its title and credit."""
        width, height = self.size_px
        fitted = picture.convert("RGB")
        scale = min(width / fitted.width, height / fitted.height)
        fitted = fitted.resize(
            (max(1, round(fitted.width * scale)), max(1, round(fitted.height * scale))), Image.Resampling.LANCZOS
        )
        card = Image.new("RGB", (width, height), BACKGROUND)
        card.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
        bar = height // 9
        strip = card.crop((0, height - bar, width, height))
        card.paste(Image.blend(strip, Image.new("RGB", strip.size, BACKGROUND), BAR_OPACITY), (0, height - bar))
        draw = ImageDraw.Draw(card)
        draw.text((width // 40, height - bar * 4 // 5), latin(title)[:80], INK, self._font(30))
        draw.text((width // 40, height - bar * 7 // 20), latin(credit)[:110], ACCENT, self._font(46))
        return np.asarray(card)

    def _font(self, lines: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """Return a font of which this number of lines fill the picture's height."""
        return ImageFont.load_default(self.size_px[1] / lines)


def latin(text: str) -> str:
    """Return the text in letters that the font has; others become a middle dot, and a run of them becomes one."""
    shown = "".join(c if " " <= c <= "~" or "\u00a0" <= c <= "\u017f" else "\u00b7" for c in " ".join(text.split()))
    while "\u00b7\u00b7" in shown:
        shown = shown.replace("\u00b7\u00b7", "\u00b7")
    return shown
