"""A template `release.toml` that lists the files of a folder, with what is known of each, and explains every key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processors.mission.profile import load_profile, profile_names

NOT_LISTED = {".xml", ".lbl", ".toml", ".txt", ".md", ".csv", ".tab", ".json", ".xmp"}
"""Labels and papers beside the media."""

_HEAD = """\
# What the agency says of this release. Leave out what it does not say: nothing is guessed.
# Every text is kept as written; `marsmedia release check FOLDER` names each mistake with its line.
title = {title}
# title_zh = "..."
# agency = "..."
{mission}
# credit = "..."                       # as the agency wants to be named
# rights = "..."                       # licence, or "unresolved"
# source = "https://..."               # where the release was published; never opened
# released = 2021-06-27                # the day it was published
redistribute = false                   # true only where the rights allow it

# Each file below may have:
# title = "..."                        # also title_zh
# caption = "..."                      # also caption_zh
# alt_text = "..."                     # what is to be seen, for those who cannot see it; also alt_text_zh
# recorded_by = "..."                  # camera or instrument, in the agency's words
# date = "2021-06-16"                  # or "2021-05-22T02:40Z", "2021-05-22T10:40+08:00"; when it was recorded
# date_precision = "day"               # year, month, day, minute, second, subsecond; a day never becomes an instant
# date_zone = "Beijing"                # or "UTC", where the date itself names none
# event = "..."                        # an event of the mission profile{events}
# keywords = ["...", "..."]
# altitude_metres = 100.0              # of a descent camera at the first frame of a shot, with the two below it
# field_of_view_degrees = 60.0         # from the left to the right edge of its picture
# altitude_shot = 3                    # which shot: its number in shots.csv
# credit, rights, source, redistribute # where they differ from the release's
# What stands at a file already is from the file itself or its label, as the comment behind it says.
"""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A key of a file with what is known already."""

    key: str
    value: str
    source: str
    """Who says so: "exif:DateTimeOriginal", "label mic.xml"."""


def template(
    folder: Path, *, mission: str | None = None, known: Mapping[str, tuple[Suggestion, ...]] | None = None
) -> str:
    """Return the text, listing every file that looks like a medium, in the order of names.

    Parameters
    ----------
    known : what files and labels say, by path below the folder.

    Raises
    ------
    ValueError : no such mission.
    """
    events = ""
    line = f'# mission = "..."                      # one of {", ".join(profile_names())}'
    if mission:
        profile = load_profile(mission)
        events = ": " + ", ".join(event.name for event in profile.events)
        line = f"mission = {json.dumps(mission)}"
    head = _HEAD.format(title=_text(folder.resolve().name), mission=line, events=events)
    return head + "".join(_entry(path, (known or {}).get(path, ())) for path in media_below(folder))


def media_below(folder: Path) -> Iterator[str]:
    """Yield the path of every file that looks like a medium, relative to the folder, in the order of names."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if not name.startswith(".") and Path(name).suffix.lower() not in NOT_LISTED and path.isprintable():
                yield path


def _entry(path: str, known: tuple[Suggestion, ...]) -> str:
    lines = [f"\n[[file]]\npath = {_text(path)}\n"]
    lines += [f"{one.key} = {_text(one.value)}  # {_comment(one.source)}\n" for one in known]
    return "".join(lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
