"""Text for pictures: the font, which characters it draws, and how wide a text is."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from PIL import ImageFont

PROBE_PX = 22
"""Size at which the font is asked for a character; any would do."""


@functools.cache
def load_font(size_px: int, *, is_bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans, which matplotlib carries; matplotlib itself is not loaded."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    path = Path(found.origin).parent / f"mpl-data/fonts/ttf/DejaVuSans{'-Bold' if is_bold else ''}.ttf"
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def _has_glyph(character: str) -> bool:
    """Return True if the font draws this character, and not the box that stands for unknown ones."""
    drawn, unknown = (load_font(PROBE_PX).getmask(one) for one in (character, "\uffff"))
    return character.isprintable() and (drawn.size, bytes(drawn)) != (unknown.size, bytes(unknown))


def drawable(text: str) -> str:
    """Return the text without what the font cannot draw, such as Chinese characters; empty if no word remains."""
    kept = "".join(one if one == " " or _has_glyph(one) else " " for one in text)
    words = " ".join(kept.split()).replace(" .", ".")
    stem = words.rpartition(".")[0] if "." in words else words
    return words if any(one.isalnum() for one in stem) else ""


def text_width_px(text: str, size_px: int, *, is_bold: bool = False) -> float:
    return float(load_font(size_px, is_bold=is_bold).getlength(text))


def shortened(text: str, width_px: float, size_px: int, *, is_bold: bool = False) -> str:
    """Return the text, cut off with … where it is wider than `width_px`."""
    while text_width_px(text, size_px, is_bold=is_bold) > width_px and text != "…":
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    return text


def wrapped(text: str, width_px: float, size_px: int) -> list[str]:
    """Return the text in lines no wider than `width_px`, broken between words; a longer word has a line of its own."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width_px(longer, size_px) > width_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
