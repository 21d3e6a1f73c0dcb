"""A template `release.toml` that lists the files of a folder and explains every key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from processors.mission.profile import load_profile, profile_names

NOT_LISTED = {".xml", ".lbl", ".toml", ".txt", ".md", ".csv", ".tab", ".json"}
"""Labels and papers beside the media."""

_HEAD = """\
# What the agency says of this release. Leave out what it does not say: nothing is guessed.
# Every text is kept as written; `marsmedia release check FOLDER` names each mistake with its line.
title = "{title}"
# title_zh = "..."
# agency = "..."
{mission}
# credit = "..."                       # as the agency wants to be named
# rights = "..."                       # licence, or "unresolved"
# source = "https://..."               # where the release was published; never opened
# released = 2021-06-27                # the day it was published
redistribute = false                   # true only where the rights allow it
"""
_FILE = """
[[file]]
path = {path}
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
"""


def template(folder: Path, *, mission: str | None = None) -> str:
    """The text, listing every file that looks like a medium, in the order of names.

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
    head = _HEAD.format(title=json.dumps(folder.resolve().name, ensure_ascii=False)[1:-1], mission=line)
    return head + "".join(
        _FILE.format(path=json.dumps(path, ensure_ascii=False), events=events) for path in _media(folder)
    )


def _media(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if not name.startswith(".") and Path(name).suffix.lower() not in NOT_LISTED and path.isprintable():
                yield path
