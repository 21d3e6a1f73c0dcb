"""Pictures of a highlight clip: title, scene with caption bar, credits; drawn the same on every machine.

Latin letters are in Pillow's own font, Chinese ones in OpenCV's unless the pack recipe names another: both are the same
everywhere. Letters that neither font has become a middle dot.
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

from processors.imaging.wide_letters import baseline_px, has_wide_letter, wide_mask, wide_width_px

BACKGROUND = (14, 12, 12)
INK = (240, 236, 230)
ACCENT = (226, 140, 88)
BAR_OPACITY = 0.85
Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Drawing of cards in one size, 16:9."""

    width_px: int
    font: Path | None = None
    """Font of letters that are not Latin; None: the one that OpenCV carries."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height; even, as H.264 in 4:2:0 requires."""
        return self.width_px // 2 * 2, self.width_px * 9 // 32 * 2

    def text(self, titles: Sequence[str], lines: Sequence[str]) -> Frame:
        """Return a card of text; lines that do not fit are omitted, with a note."""
        rows, room = self._rows(lines), self._room(titles)
        return self._card(titles, rows if len(rows) <= room else [*rows[: room - 1], "and more: see CREDITS.txt"])

    def texts(self, titles: Sequence[str], lines: Sequence[str]) -> list[Frame]:
        """Return as many cards of text as the lines need, at least one, each under the same titles."""
        rows, room = self._rows(lines), self._room(titles)
        return [self._card(titles, rows[first : first + room]) for first in range(0, max(len(rows), 1), room)]

    def _rows(self, lines: Sequence[str]) -> list[str]:
        return [row for line in lines for row in wrapped_to_columns(line, 72)]

    def _headings(self, titles: Sequence[str]) -> list[str]:
        return [row for title in titles for row in wrapped_to_columns(title, 34)[:3]][:5]

    def _top(self, titles: Sequence[str]) -> int:
        """Return the upper edge of the first row below the titles."""
        height = self.size_px[1]
        return height // 7 + len(self._headings(titles)) * (height // 11) + height // 30

    def _room(self, titles: Sequence[str]) -> int:
        """Return the number of rows that fit below the titles."""
        width, height = self.size_px
        return (height - width // 12 // 2 - self._top(titles)) * 22 // height

    def _card(self, titles: Sequence[str], rows: Sequence[str]) -> Frame:
        width, height = self.size_px
        card = Image.new("RGB", (width, height), BACKGROUND)
        draw, margin = ImageDraw.Draw(card), width // 12
        for number, line in enumerate(self._headings(titles)):
            self._write(draw, (margin, height // 7 + number * (height // 11)), line, ACCENT, 18)
        for number, row in enumerate(rows):
            self._write(draw, (margin, self._top(titles) + number * (height // 22)), row, INK, 32)
        return np.asarray(card)

    def scene(self, picture: Image.Image, title: str, credit: str) -> Frame:
        """Return a picture, scaled to fit, over a bar with its title and credit; a credit takes up to three rows."""
        width, height = self.size_px
        fitted = picture.convert("RGB")
        scale = min(width / fitted.width, height / fitted.height)
        fitted = fitted.resize(
            (max(1, round(fitted.width * scale)), max(1, round(fitted.height * scale))), Image.Resampling.LANCZOS
        )
        card = Image.new("RGB", (width, height), BACKGROUND)
        card.paste(fitted, ((width - fitted.width) // 2, (height - fitted.height) // 2))
        rows = wrapped_to_columns(credit, 110)[:3]
        row, below = height // 36, max(len(rows) - 1, 0)
        bar = height // 9 + below * row
        strip = card.crop((0, height - bar, width, height))
        card.paste(Image.blend(strip, Image.new("RGB", strip.size, BACKGROUND), BAR_OPACITY), (0, height - bar))
        draw = ImageDraw.Draw(card)
        for name in wrapped_to_columns(title, 80)[:1]:
            self._write(draw, (width // 40, height - height // 9 * 4 // 5 - below * row), name, INK, 30)
        for number, line in enumerate(rows, start=-below):
            self._write(draw, (width // 40, height - height // 9 * 7 // 20 + number * row), line, ACCENT, 46)
        return np.asarray(card)

    def _write(
        self, draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: tuple[int, int, int], lines: int
    ) -> None:
        """Write one line, letters of each script in their font; `lines` lines fill the picture's height."""
        size_px = self.size_px[1] / lines
        latin = ImageFont.load_default(size_px)
        other = ImageFont.truetype(self.font, size_px) if self.font else None
        left, base = place[0], place[1] + size_px
        for is_other, letters in groupby(text if other else without_unknown(text), _has_other_letter):
            run = "".join(letters)
            if is_other and other is None:
                mask = wide_mask(run, size_px)
                draw.bitmap((round(left), round(base) - baseline_px(size_px)), mask, colour)
                left += wide_width_px(run, size_px)
            else:
                font = other if is_other and other else latin
                draw.text((left, base), run, colour, font, anchor="ls")
                left += font.getlength(run)


def wrapped_to_columns(text: str, columns: int) -> list[str]:
    """Return lines of at most this width; a Chinese letter counts as two columns and is a word by itself."""
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
    """Return whether Pillow's own font has this letter: it draws the same box for all letters that it lacks."""
    font = ImageFont.load_default(20)
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


def _has_other_letter(character: str) -> bool:
    return not has_latin_letter(character) and has_wide_letter(character)


def without_unknown(text: str) -> str:
    """Return the text with a middle dot for each run of letters that neither font draws."""
    known = groupby(text, lambda one: has_latin_letter(one) or has_wide_letter(one))
    return "".join("".join(run) if is_known else "\u00b7" for is_known, run in known)
