"""Texts of a picture's title: file, mission, time and credit, from the release's texts."""

from __future__ import annotations

from collections.abc import Iterator

from processors.contract import ReleaseWords
from processors.imaging.lettering import drawable


def title_parts(file_name: str, words: ReleaseWords, start_utc: str | None, unnamed: str) -> Iterator[str]:
    """Yield title and file, `Touchdown (clip.mp4)`, mission, time and credit; unknown ones but the file are left out.

    Parameters
    ----------
    file_name : file name; what the font cannot draw is left out.
    start_utc : moment of the source's time 0, ISO 8601; None: the date of `words`, if there is one.
    unnamed : name for the file if neither its name nor its title can be drawn.
    """
    names = [name for name in (drawable(words.title), drawable(file_name)) if name]
    yield " (".join(names) + ")" * (len(names) - 1) if names else unnamed
    if mission := drawable(words.mission):
        yield mission
    if start_utc or words.date:
        yield _time_words(start_utc or words.date)
    if credit := drawable(words.credit):
        yield f"Credit: {credit}"


def _time_words(written: str) -> str:
    """Return a date as people write it: `2021-02-18 20:44:28 UTC`, `2021-05-14 23:18 UTC (touchdown)`."""
    date, of_event, event = written.partition(" (")
    day, clock, time = date.partition("T")
    if not clock:
        return written
    zone = " UTC" if time.endswith("Z") else ""
    time = time.removesuffix("Z").partition(".")[0]
    return f"{day} {time}{zone}{of_event}{event}"
