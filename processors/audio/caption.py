"""Title of a picture of sound: file, mission, time and credit, from the release's words."""

from __future__ import annotations

from collections.abc import Iterator

from processors.audio.canvas import TICK_FONT_PX, TITLE_FONT_PX, Canvas, drawable
from processors.contract import ReleaseWords

LINE_PX = TITLE_FONT_PX + 10
HEIGHT_PX = 2 * LINE_PX + 6
"""Height of the two lines of a title, in px."""


def draw_title(
    canvas: Canvas, left: int, right: int, source_name: str, words: ReleaseWords, start_utc: str | None, what: str
) -> None:
    """Draw the title at the top of a picture.

    Parameters
    ----------
    source_name : file name; what the font cannot draw is left out.
    what : what the picture shows.
    """
    name, *details = [*title_parts(source_name, words, start_utc), what]
    canvas.title(left, LINE_PX / 2 + 4, name, right, is_main=True)
    canvas.title(left, LINE_PX + TICK_FONT_PX / 2 + 4, " · ".join(details), right, is_main=False)


def title_parts(source_name: str, words: ReleaseWords, start_utc: str | None) -> Iterator[str]:
    """Yield file (with its title), mission, time and credit; what is not known is left out but for the file."""
    names = [name for name in (drawable(words.title), drawable(source_name)) if name]
    yield ": ".join(names) or "sound"
    if mission := drawable(words.mission):
        yield mission
    if start_utc or words.date:
        yield _time_words(start_utc or words.date)
    if credit := drawable(words.credit):
        yield f"Credit: {credit}"


def _time_words(written: str) -> str:
    """Return a date as people write it: `2021-02-18 20:44:28 UTC`."""
    day, clock, time = written.partition("T")
    if not clock:
        return day
    is_utc = time.endswith("Z")
    time = time.removesuffix("Z").partition(".")[0]
    return f"{day} {time} UTC" if is_utc else f"{day} {time}"
