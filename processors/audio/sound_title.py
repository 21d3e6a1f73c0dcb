"""Title of a picture of sound: file, mission, time and credit, from the release's texts."""

from __future__ import annotations

from processors.audio.canvas import TICK_FONT_PX, TITLE_FONT_PX, Canvas
from processors.contract import ReleaseWords
from processors.imaging.picture_title import title_parts

LINE_PX = TITLE_FONT_PX + 10
HEIGHT_PX = 2 * LINE_PX + 6
"""Height of the two lines of a title, in px."""


def draw_title(
    canvas: Canvas, left: int, right: int, file_name: str, words: ReleaseWords, start_utc: str | None, what: str = ""
) -> None:
    """Draw the title at the top of a picture.

    Parameters
    ----------
    file_name : file name; characters that the font lacks are left out.
    what : content of the picture; empty if its axes show it.
    """
    name, *details = filter(None, [*title_parts(file_name, words, start_utc, "sound"), what])
    canvas.title(left, LINE_PX / 2 + 4, name, right, is_main=True)
    canvas.title(left, LINE_PX + TICK_FONT_PX / 2 + 4, " · ".join(details), right, is_main=False)
