"""Drawing of a contact sheet: a header, and pictures with their times, numbers and shots below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from processors.imaging.lettering import draw_text, load_font, shortened, text_width_px

MARGIN_PX = 8
NAME_PX, TEXT_PX = 20, 14
"""Sizes of the file's name and of all other text."""
LINE_PX = 20
"""Height of a line of `TEXT_PX`."""
NAME_LINE_PX = 30
CAPTION_PX = 2 * LINE_PX + 4
"""Height of the two lines below a picture."""
MARK_PX = 4
"""Width of the mark of a new shot: a line over the picture's left margin, its captions and the shot's number."""
MIN_WIDTH_PX = 560
"""Minimum width of a sheet, so that there is room for its header."""
BACKGROUND = (18, 18, 20)
INK = (236, 232, 226)
FAINT = (168, 164, 158)
ACCENT = (240, 160, 60)


@dataclass(frozen=True, kw_only=True)
class SheetPicture:
    picture: np.ndarray
    """uint8, shape (height, width, 3), RGB."""
    time: str
    frame: str
    shot: str | None
    """Name of its shot; None if shots are unknown."""
    is_new_shot: bool
    """True if the previous picture, if any, is from another shot."""


def draw_sheet(name: str, details: Sequence[str], pictures: Sequence[SheetPicture], columns: int) -> Image.Image:
    """Return a sheet of pictures, row by row.

    Parameters
    ----------
    name : first line of the header.
    details : further lines; those too wide for the sheet are cut off with ….
    """
    columns = min(columns, len(pictures))
    rows = ceil(len(pictures) / columns)
    widest = max(max(one.picture.shape[1], _caption_width_px(one)) for one in pictures)
    cell_width = widest + MARGIN_PX
    cell_height = max(one.picture.shape[0] for one in pictures) + CAPTION_PX + MARGIN_PX
    top_px = MARGIN_PX + NAME_LINE_PX + LINE_PX * len(details) + MARGIN_PX
    width_px = max(MARGIN_PX + cell_width * columns, MIN_WIDTH_PX)
    sheet = Image.new("RGB", (width_px, top_px + cell_height * rows), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    room_px = width_px - 2 * MARGIN_PX
    name = shortened(name, room_px, NAME_PX, is_bold=True)
    draw_text(draw, (MARGIN_PX, MARGIN_PX), name, INK, NAME_PX, is_bold=True)
    for number, line in enumerate(details):
        place = MARGIN_PX, MARGIN_PX + NAME_LINE_PX + LINE_PX * number
        draw_text(draw, place, shortened(line, room_px, TEXT_PX), FAINT, TEXT_PX)
    for number, one in enumerate(pictures):
        left = MARGIN_PX + number % columns * cell_width
        top = top_px + number // columns * cell_height
        _draw_picture(sheet, draw, left, top, one)
    return sheet


def _draw_picture(sheet: Image.Image, draw: ImageDraw.ImageDraw, left: int, top: int, one: SheetPicture) -> None:
    sheet.paste(Image.fromarray(one.picture), (left, top))
    below, font = top + one.picture.shape[0] + 3, load_font(TEXT_PX)
    if one.is_new_shot:
        draw.rectangle((left - MARK_PX - 1, top, left - 2, below + CAPTION_PX - 8), fill=ACCENT)
    draw.text((left + 2, below), one.time, INK, font)
    draw.text((left + 2, below + LINE_PX), one.frame, FAINT, font)
    if one.shot:
        frame_px = text_width_px(f"{one.frame}  ", TEXT_PX)
        ink = ACCENT if one.is_new_shot else FAINT
        draw.text((left + 2 + frame_px, below + LINE_PX), one.shot, ink, load_font(TEXT_PX, is_bold=one.is_new_shot))


def _caption_width_px(one: SheetPicture) -> int:
    second = text_width_px(f"{one.frame}  ", TEXT_PX) + text_width_px(one.shot or "", TEXT_PX, is_bold=True)
    return ceil(max(text_width_px(one.time, TEXT_PX), second)) + 4
