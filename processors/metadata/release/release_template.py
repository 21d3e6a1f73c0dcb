"""Template `release.toml` that lists the files of a folder with their known values and explains every key."""

from __future__ import annotations

import codecs
import itertools
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.languages.language import translated_keys
from processors.metadata.release.release_values import TRANSLATED
from processors.mission.profile import load_profile, profile_names
from processors.planetary.labels import LABEL_SUFFIXES
from processors.sources.scan import FoundFile, survey

NOT_LISTED = (*LABEL_SUFFIXES, ".toml", ".txt", ".md", ".csv", ".tab", ".json", ".xmp", ".srt", ".vtt")
"""Labels, documents and subtitles next to the media."""

_HEAD = """\
# What the agency states about this release. Leave out what it does not state: nothing is guessed.
# Every text is kept as written; `marsmedia release check FOLDER` names each mistake with its line.
title = {title}
{translated}# agency = "..."
{mission}
# credit = "..."                       # as the agency wants to be credited
# rights = "..."                       # licence, or "unresolved"
# source = "https://..."               # where the release was published; never opened
# released = 2021-06-27                # the day it was published
redistribute = false                   # true only where the rights allow it

# Each file below may have:
# title = "..."                        # also {titles}
# caption = "..."                      # also {captions}
# alt_text = "..."                     # what is to be seen, for those who cannot see it; also {alt_texts}
# recorded_by = "..."                  # camera or instrument, in the agency's words
# date = "2021-06-16"                  # or "2021-05-22T02:40Z", "2021-05-22T10:40+08:00"; when it was recorded
# date_precision = "day"               # year, month, day, minute, second, subsecond; a day never becomes an instant
# date_zone = "Beijing"                # or "UTC", where the date itself has none
# event = "..."                        # an event of the mission profile{events}
# keywords = ["...", "..."]
# still_seconds = 12.4                 # of a video: the frame shown at this time represents it
# altitude_metres = 100.0              # of a descent camera at the first frame of a shot, with the two below it
# field_of_view_degrees = 60.0         # from the left to the right edge of its picture
# altitude_shot = 3                    # which shot: its number in shots.csv
# mission = "..."                      # where it is another than the release's: agency, credit, rights and
                                       # redistribute are then its own, else those of its profile; "" for none of them
# usage_terms = "..."                  # under what terms it may be used, in the words of the rights holder
# instructions = "..."                 # what an editor must know: "Embargoed until 1 July"
# agency, credit, rights, source, redistribute # where they differ from the release's
# Values that a file has already are from the file itself or its label, as the comment after each says.
"""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Key of a file with its known value."""

    key: str
    value: str | bool | float | Sequence[str]
    source: str
    """Source of the value: "exif:DateTimeOriginal", "label mic.xml"."""


def template(
    folder: Path, *, mission: str | None = None, known: Mapping[str, tuple[Suggestion, ...]] | None = None
) -> str:
    """Return the text, listing every file that looks like a medium, in the order of names.

    Parameters
    ----------
    known : values from files and labels, by path below the folder.

    Raises
    ------
    ValueError : no such mission.
    """
    events = ""
    line = f'# mission = "..."                      # one of {", ".join(profile_names())}'
    if mission:
        profile = load_profile(mission)
        names = ", ".join(event.name for event in profile.events)
        events = f": {names}" if names else " (it has none)"
        line = f"mission = {json.dumps(mission)}"
    names = {f"{key}s": ", ".join(translated_keys(key)) for key in TRANSLATED}
    translated = "".join(f'# {key} = "..."\n' for key in translated_keys("title"))
    title = _text(folder.resolve().name)
    head = _HEAD.format(title=title, translated=translated, mission=line, events=events, **names)
    return head + file_sections(media_below(folder), known or {})


def file_sections(paths: Iterable[str], known: Mapping[str, tuple[Suggestion, ...]]) -> str:
    """Return a `[[file]]` section for each path, with its known values."""
    return "".join(_entry(path, known.get(path, ())) for path in paths)


def with_entries(data: bytes, added: str) -> bytes:
    """Return a `release.toml` with sections appended; its own bytes are unchanged, and its line ends are used.

    Raises
    ------
    ValueError : nothing can be added to it: it is not TOML, or lists its files in one line.
    """
    end = b"\r\n" if b"\r\n" in data else b"\n"
    joined = data + (b"" if data.endswith(b"\n") or not data else end) + added.encode().replace(b"\n", end)
    try:
        tomllib.loads(joined.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"nothing can be added to it ({error}); correct it first") from error
    return joined


def with_mission(data: bytes, mission: str) -> bytes:
    """Return a `release.toml` without a mission with this one: in place of the template's hint, else as first line."""
    line = f"mission = {json.dumps(mission)}".encode()
    replaced, count = re.subn(rb"(?m)^# mission = [^\r\n]*", lambda found: line, data, count=1)
    if count and tomllib.loads(replaced.decode("utf-8-sig")).get("mission") == mission:
        return replaced
    mark, rest = (codecs.BOM_UTF8, data[3:]) if data.startswith(codecs.BOM_UTF8) else (b"", data)
    return mark + line + (b"\r\n" if b"\r\n" in data else b"\n") + rest


def backup_path(target: Path) -> Path:
    """Return the first of `release.toml.bak`, `.bak2`, `.bak3` ... that does not exist."""
    names = (target.with_name(f"{target.name}.bak{number if number > 1 else ''}") for number in itertools.count(1))
    return next(path for path in names if not os.path.lexists(path))


def media_below(folder: Path) -> Iterator[str]:
    """Yield the path of every file that looks like a medium and that a run would read, in the order of names.

    Paths are relative to the folder, in the form in which `release.toml` names files.
    """
    paths = [found.relative for found in survey(folder) if isinstance(found, FoundFile)]
    there = set(paths)
    for path in paths:
        is_label_of_cnsa = path.lower().endswith("l") and path[:-1] in there
        if not is_label_of_cnsa and not path.lower().endswith(NOT_LISTED):
            yield path


def _entry(path: str, known: tuple[Suggestion, ...]) -> str:
    lines = [f"\n[[file]]\npath = {_text(path)}\n"]
    lines += [f"{one.key} = {_text(one.value)}  # {_comment(one.source)}\n" for one in known]
    return "".join(lines)


def _text(value: str | bool | float | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
