"""Pictures of a highlight clip: title, scene with caption bar, credits; drawn the same on every machine.

Latin letters are in Pillow's own font, others in OpenCV's or, as far as it has them, in the one that the pack recipe
names: all are the same everywhere. Letters that no font has become a middle dot.
"""

from __future__ import annotations

import functools
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from processors.errors import RequestError
from processors.imaging.wide_letters import baseline_px, has_wide_letter, wide_mask, wide_width_px

BACKGROUND = (14, 12, 12)
INK = (240, 236, 230)
ACCENT = (226, 140, 88)
BAR_OPACITY = 0.85
FILLS_WITHIN = 0.02
"""Maximum relative difference of proportions of a picture that fills the clip: 854 x 480 px is 16:9 for everyone."""
HEADING_LINES = (18, 22, 27, 33)
"""Sizes of titles on cards of text, as numbers of lines that fill the height: the first at which they fit."""
MAX_HEADINGS_HEIGHT = 0.46
"""Maximum of the height that titles take on cards of text."""
TITLE_LINES, CREDIT_LINES = 30, 46
"""Sizes of title and credit below a picture."""
MAX_TITLE_ROWS, MAX_CREDIT_ROWS = 4, 6
Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Cards:
    """Drawing of cards in one size, 16:9."""

    width_px: int
    font: Path | None = None
    """Font of letters that are not Latin; None, and for letters that it lacks: the one that OpenCV carries."""

    def __post_init__(self) -> None:
        """Open the font.

        Raises
        ------
        RequestError : there is none.
        """
        try:
            if self.font:
                _font(self.font, 20)
        except OSError as error:
            fault = "not a TrueType or OpenType font" if self.font and self.font.is_file() else "no such file"
            raise RequestError(
                f"highlight: font: {fault} ({self.font}); name one, relative to the recipe, or leave the key out"
            ) from error

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

    def _headings(self, titles: Sequence[str]) -> tuple[list[str], int, int]:
        """Return the rows of the titles, how many lines of their size fill the height, and their distance in px."""
        width, height = self.size_px
        rows, pitch_px = list[str](), height // 11
        for lines in HEADING_LINES:
            pitch_px = height // 11 * HEADING_LINES[0] // lines
            rows = [row for title in titles for row in self._wrapped(title, width - 2 * (width // 12), lines)]
            if len(rows) * pitch_px <= height * MAX_HEADINGS_HEIGHT:
                return rows, lines, pitch_px
        return first_rows(rows, int(height * MAX_HEADINGS_HEIGHT) // pitch_px), HEADING_LINES[-1], pitch_px

    def _top(self, titles: Sequence[str]) -> int:
        """Return the upper edge of the first row below the titles."""
        height, (rows, _, pitch_px) = self.size_px[1], self._headings(titles)
        return height // 7 + len(rows) * pitch_px + height // 30

    def _room(self, titles: Sequence[str]) -> int:
        """Return the number of rows that fit below the titles."""
        width, height = self.size_px
        return (height - width // 12 // 2 - self._top(titles)) * 22 // height

    def _card(self, titles: Sequence[str], rows: Sequence[str]) -> Frame:
        width, height = self.size_px
        card = Image.new("RGB", (width, height), BACKGROUND)
        draw, margin = ImageDraw.Draw(card), width // 12
        headings, lines, pitch_px = self._headings(titles)
        for number, line in enumerate(headings):
            self._write(draw, (margin, height // 7 + number * pitch_px), line, ACCENT, lines)
        for number, row in enumerate(rows):
            self._write(draw, (margin, self._top(titles) + number * (height // 22)), row, INK, 32)
        return np.asarray(card)

    def scene(self, picture: Image.Image, title: str, credit: str) -> Frame:
        """Return a picture with a bar that is as high as its title and credit need, up to a limit.

        A picture of the clip's proportions fills it, the bar over its lower edge; any other stands above the bar, whose
        further rows of credit may cover its edge: they come and go with the sound, and the picture must not jump.
        """
        width, height = self.size_px
        names = first_rows(self._wrapped(title, width - 2 * (width // 40), TITLE_LINES), MAX_TITLE_ROWS)
        rows = first_rows(wrapped_to_columns(credit, 110), MAX_CREDIT_ROWS)
        row, below = height // 36, max(len(rows) - 1, 0)
        name_row, above = height // 24, max(len(names) - 1, 0)
        bar_of_a_row = height // 9 + above * name_row
        bar = bar_of_a_row + below * row
        proportion = picture.width * height / (picture.height * width)
        free = height if abs(proportion - 1) < FILLS_WITHIN else height - bar_of_a_row
        scale = min(width / picture.width, free / picture.height)
        fitted_size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        fitted = picture.convert("RGB").resize(fitted_size, Image.Resampling.LANCZOS)
        card = Image.new("RGB", (width, height), BACKGROUND)
        card.paste(fitted, ((width - fitted.width) // 2, (free - fitted.height) // 2))
        strip = card.crop((0, height - bar, width, height))
        card.paste(Image.blend(strip, Image.new("RGB", strip.size, BACKGROUND), BAR_OPACITY), (0, height - bar))
        draw = ImageDraw.Draw(card)
        for number, name in enumerate(names, start=-above):
            top = height - height // 9 * 4 // 5 - below * row + number * name_row
            self._write(draw, (width // 40, top), name, INK, TITLE_LINES)
        for number, line in enumerate(rows, start=-below):
            top = height - height // 9 * 7 // 20 + number * row
            self._write(draw, (width // 40, top), line, ACCENT, CREDIT_LINES)
        return np.asarray(card)

    def _write(
        self, draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: tuple[int, int, int], lines: int
    ) -> None:
        """Write one line, letters of each script in their font; `lines` lines fill the picture's height."""
        size_px = self.size_px[1] / lines
        left, base = place[0], place[1] + size_px
        for run, font, width_px in self._runs(text, size_px):
            if font is None:
                mask = wide_mask(run, size_px)
                draw.bitmap((round(left), round(base) - baseline_px(size_px)), mask, colour)
            else:
                draw.text((left, base), run, colour, font, anchor="ls")
            left += width_px

    def _runs(
        self, text: str, size_px: float
    ) -> Iterator[tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont | None, float]]:
        """Yield runs of letters of one font, each with that font, None for OpenCV's, and its width in px."""

        def font_of(character: str) -> str:
            if has_latin_letter(character):
                return "latin"
            if self.font and has_letter(self.font, character):
                return "named"
            return "wide" if has_wide_letter(character) else "latin"

        for name, letters in groupby(without_unknown(text, self.font), font_of):
            run = "".join(letters)
            if name == "wide":
                yield run, None, wide_width_px(run, size_px)
            else:
                font = _font(self.font if name == "named" else None, size_px)
                yield run, font, font.getlength(run)

    def _wrapped(self, text: str, room_px: float, lines: int) -> list[str]:
        """Return rows of at most this width; a Chinese letter is a word, and a longer word than that is broken."""
        size_px = self.size_px[1] / lines

        def width_px(run: str) -> float:
            return sum(one for *_, one in self._runs(run, size_px))

        return wrapped_to_width(text, room_px, width_px)


def wrapped_to_columns(text: str, columns: int) -> list[str]:
    """Return lines of at most this width; a Chinese letter counts as two columns and is a word by itself."""
    return wrapped_to_width(text, columns, lambda word: sum(2 if "\u2e80" <= one <= "\uffef" else 1 for one in word))


def wrapped_to_width(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    """Return lines of at most this width; a Chinese letter is a word, and a word wider than a line is broken."""
    lines, line, taken = [], "", 0.0
    for word in re.findall(r"[\u2e80-\uffef]|\s+|[^\s\u2e80-\uffef]+", " ".join(text.split())):
        for part in [word] if width(word) <= room else word:
            wide = width(part)
            if line and taken + wide > room:
                lines.append(line.rstrip())
                line, taken = "", 0.0
            if line or not part.isspace():
                line, taken = line + part, taken + wide
    return [*lines, line.rstrip()] if line.strip() else lines


def first_rows(rows: Sequence[str], count: int) -> list[str]:
    """Return the first rows; if there are more, the last one ends with an ellipsis."""
    return list(rows) if len(rows) <= count else [*rows[: count - 1], f"{rows[count - 1]} …"]


@functools.cache
def has_latin_letter(character: str) -> bool:
    """Return whether Pillow's own font has this letter: it draws the same box for all letters that it lacks."""
    font = ImageFont.load_default(20)
    return bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


def _font(named: Path | None, size_px: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font in a file, or without one Pillow's own."""
    return _opened(named, _state(named), size_px) if named else ImageFont.load_default(size_px)


def has_letter(font: Path, character: str) -> bool:
    """Return whether the font in a file has this letter."""
    return _has_letter(font, _state(font), character)


def _state(font: Path) -> tuple[int, int]:
    """Return modification time in ns and size: a file that replaces another at its path is another font."""
    found = font.stat()
    return found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=16)
def _opened(font: Path, _: tuple[int, int], size_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(font.read_bytes()), size_px)  # not the file, which may change while it is used


@functools.lru_cache(maxsize=4096)
def _has_letter(font: Path, state: tuple[int, int], character: str) -> bool:
    named = _opened(font, state, 20)
    drawn, unknown = (named.getmask(one) for one in (character, "\uffff"))
    return (drawn.size, bytes(drawn)) != (unknown.size, bytes(unknown))


def without_unknown(text: str, font: Path | None = None) -> str:
    """Return the text as fonts draw it: "a" for "ǎ" that none has, a middle dot for each run of other such letters."""

    def is_known(one: str) -> bool:
        return has_latin_letter(one) or has_wide_letter(one) or (font is not None and has_letter(font, one))

    def drawn(one: str) -> str:
        plain = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
        return plain if not is_known(one) and plain.strip() and all(is_known(part) for part in plain) else one

    runs = groupby("".join(drawn(one) for one in text), is_known)
    return "".join("".join(run) if known else "\u00b7" for known, run in runs)
