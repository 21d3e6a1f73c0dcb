"""Text for pictures: two fonts that are the same everywhere, their characters, and the width of a text."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

from processors.imaging.wide_letters import baseline_px, has_wide_letter, wide_mask, wide_width_px

PROBE_PX = 22
"""Size at which a character is looked up in the font; any would do."""
Ink = int | tuple[int, ...]
Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge, in px."""


@functools.cache
def load_font(size_px: int, *, is_bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, which matplotlib carries; matplotlib itself is not loaded."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / f"mpl-data/fonts/ttf/DejaVuSans{'-Bold' if is_bold else ''}.ttf"
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def has_plain_letter(character: str) -> bool:
    """Return True if DejaVu Sans draws this character, and not the box for unknown ones."""
    drawn, unknown = (load_font(PROBE_PX).getmask(one) for one in (character, "\uffff"))
    return character.isprintable() and (drawn.size, bytes(drawn)) != (unknown.size, bytes(unknown))


def drawable(text: str) -> str:
    """Return the text without characters that neither font has, such as emoji; empty if no word remains."""
    kept = "".join(one if one == " " or has_plain_letter(one) or has_wide_letter(one) else " " for one in text)
    words = " ".join(kept.split()).replace(" .", ".")
    stem = words.rpartition(".")[0] if "." in words else words
    return words if any(one.isalnum() for one in stem) else ""


def text_width_px(text: str, size_px: int, *, is_bold: bool = False) -> float:
    return sum(_width_px(run, size_px, is_plain, is_bold) for run, is_plain in font_runs(text))


def shortened(text: str, width_px: float, size_px: int, *, is_bold: bool = False) -> str:
    """Return the text, cut off with … if it is wider than `width_px`."""
    while text_width_px(text, size_px, is_bold=is_bold) > width_px and text != "…":
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text


def wrapped_to_width(text: str, width_px: float, size_px: int) -> list[str]:
    """Return the text in lines no wider than `width_px`, broken between words; a longer word has a line of its own."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width_px(longer, size_px) > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def draw_text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    ink: Ink,
    size_px: int,
    *,
    anchor: str = "la",
    is_bold: bool = False,
) -> Box:
    """Draw a line of text, letters of each script in their font; return its box.

    Parameters
    ----------
    anchor : `la` (`place` is the upper left corner of the line), `lm` (the middle of its left edge) or `ls` (the left
        end of its baseline), as in Pillow.
    """
    font = load_font(size_px, is_bold=is_bold)
    if all(is_plain for _, is_plain in font_runs(text)):
        draw.text(place, text, ink, font, anchor=anchor)
        return draw.textbbox(place, text, font, anchor=anchor)
    ascent, descent = font.getmetrics()
    left = place[0]
    base = place[1] + {"la": ascent, "lm": (ascent - descent) / 2, "ls": 0}[anchor]
    for run, is_plain in font_runs(text):
        if is_plain:
            draw.text((left, base), run, ink, font, anchor="ls")
        else:
            mask = wide_mask(run, size_px, is_bold=is_bold)
            draw.bitmap((round(left), round(base) - baseline_px(size_px)), mask, ink)
        left += _width_px(run, size_px, is_plain, is_bold)
    return place[0], base - ascent, left, base + descent


def font_runs(text: str, is_plain: Callable[[str], bool] = has_plain_letter) -> Iterator[tuple[str, bool]]:
    """Yield the text in runs of one font each, with True for the font of plain letters.

    Parameters
    ----------
    is_plain : whether the font of plain letters has a character, or neither font has it.
    """
    for plain, run in groupby(text, lambda one: is_plain(one) or not has_wide_letter(one)):
        yield "".join(run), plain


def _width_px(run: str, size_px: int, is_plain: bool, is_bold: bool) -> float:
    if is_plain:
        return float(load_font(size_px, is_bold=is_bold).getlength(run))
    return wide_width_px(run, size_px)
