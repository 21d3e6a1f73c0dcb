"""Pictures of a highlight clip: title, scene with caption bar, credits; drawn alike on every machine.

Latin letters are in Pillow's own font, the same everywhere. Others are in the font that the recipe names, else in the
first usual one of the system, which may differ from machine to machine; without any they become a middle dot.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (14, 12, 12)
INK = (240, 236, 230)
ACCENT = (226, 140, 88)
BAR_OPACITY = 0.62
SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
"""Usual fonts with Chinese letters of Linux, macOS and Windows."""
Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Drawing of cards in one size, 16:9."""

    width_px: int
    font: Path | None = None
    """Font of letters that are not Latin; None: they become a middle dot."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height; even, as H.264 in 4:2:0 requires."""
        return self.width_px // 2 * 2, self.width_px * 9 // 32 * 2

    def text(self, titles: Sequence[str], lines: Sequence[str]) -> Frame:
        """Return a card of text; lines that do not fit are omitted, with a note."""
        width, height = self.size_px
        card = Image.new("RGB", (width, height), BACKGROUND)
        draw, margin = ImageDraw.Draw(card), width // 12
        top = height // 7
        for line in [row for title in titles for row in wrapped(title, 34)[:3]][:5]:
            self._write(draw, (margin, top), line, ACCENT, 18)
            top += height // 11
        top += height // 30
        rows = [row for line in lines for row in wrapped(line, 72)]
        room = (height - margin // 2 - top) * 22 // height
        if len(rows) > room:
            rows = [*rows[: room - 1], "and more: see CREDITS.txt"]
        for row in rows:
            self._write(draw, (margin, top), row, INK, 32)
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
        for text, top, colour, most, lines in (
            (title, height - bar * 4 // 5, INK, 80, 30),
            (credit, height - bar * 7 // 20, ACCENT, 110, 46),
        ):
            if rows := wrapped(text, most):
                self._write(draw, (width // 40, top), rows[0], colour, lines)
        return np.asarray(card)

    def _write(
        self, draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: tuple[int, int, int], lines: int
    ) -> None:
        """Write one line, letters of each script in their font; this number of lines fill the picture's height."""
        size_px = self.size_px[1] / lines
        latin = ImageFont.load_default(size_px)
        other = ImageFont.truetype(self.font, size_px) if self.font else None
        left, base = place[0], place[1] + size_px
        shown = text if other else without_other_scripts(text)
        for is_latin, run in groupby(shown, has_latin_letter):
            part, font = "".join(run), latin if is_latin or other is None else other
            draw.text((left, base), part, colour, font, anchor="ls")
            left += font.getlength(part)


def system_font() -> Path | None:
    """Return the first usual font of the system with Chinese letters; None if it has none."""
    return next((Path(place) for place in SYSTEM_FONTS if Path(place).is_file()), None)


def wrapped(text: str, columns: int) -> list[str]:
    """Return lines of at most this width, in which a Chinese letter counts as two and ends a word by itself."""
    lines, line, taken = [], "", 0
    for word in re.findall(r"[\u2e80-\uffef]|\s+|[^\s\u2e80-\uffef]+", " ".join(text.split())):
        wide = 2 if "\u2e80" <= word <= "\uffef" else len(word)
        if line and taken + wide > columns:
            lines.append(line.rstrip())
            line, taken = "", 0
        if line or not word.isspace():
            line, taken = line + word, taken + wide
    return [*lines, line.rstrip()] if line.strip() else lines


@functools.cache
def has_latin_letter(character: str) -> bool:
    """Return whether Pillow's own font has this letter: it draws the same box for all that it lacks."""
    font = ImageFont.load_default(20)
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


def without_other_scripts(text: str) -> str:
    """Return the text with a middle dot for each run of letters that Pillow's own font lacks."""
    return "".join("".join(run) if is_latin else "\u00b7" for is_latin, run in groupby(text, has_latin_letter))
