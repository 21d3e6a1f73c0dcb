"""Which sources a person means: by name, release, medium, mission, sol, event, camera, date, or SQL."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from processors.errors import RequestError
from processors.mission.when import When, parse_when
from processors.store.ask import connect
from processors.store.catalogue import Catalogue, SourceRow

MEDIA = ("video", "audio", "photo")
WORDS = ("medium", "release", "processor", "mission", "sol", "event", "camera", "date", "sql")
HELP = """A word is a source (path, name, pattern such as '*.mp4', first characters of a digest) or
medium=video|audio|photo, release=NAME, mission=NAME, sol=32 or sol=10..40, event=NAME,
camera=PART (of its name or of the release's words), date=2021-06 (overlaps it),
sql='duration_seconds > 60' (a condition on `known`)."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Every field that is set narrows; several names widen."""

    names: tuple[str, ...] = ()
    medium: str | None = None
    release: str | None = None
    processor: str | None = None
    """Of items; it narrows no sources."""
    mission: str | None = None
    sols: tuple[int, int] | None = None
    """First and last."""
    event: str | None = None
    camera: str | None = None
    date: When | None = None
    sql: str | None = None
    """A condition on the columns of the view `known`."""


def parse(words: Sequence[str]) -> Selection:
    """Read the words of a selection.

    Raises
    ------
    RequestError : a word that means nothing; the message names it.
    """
    names: list[str] = []
    fields: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in WORDS:
            names.append(word)
        elif name in fields:
            raise RequestError(f"{word}: {name}= is given twice: give it once")
        else:
            fields[name] = value
    if fields.get("medium", "video") not in MEDIA:
        raise RequestError(f"medium={fields['medium']}: must be video, audio or photo")
    if "sol" in fields:
        fields["sols"] = _sols(fields.pop("sol"))
    if "date" in fields:
        try:
            fields["date"] = parse_when(fields["date"], zone="UTC")
        except ValueError as error:
            raise RequestError(f"date={fields['date']}: {error}") from error
    return Selection(names=tuple(names), **fields)


def _sols(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})(?:\.\.(\d{1,6}))?", text)
    if not found:
        raise RequestError(f"sol={text}: must be a number or a range such as 10..40")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise RequestError(f"sol={text}: the range ends before it begins")
    return first, last


def select(selection: Selection, catalogue: Catalogue) -> list[SourceRow]:
    """The media sources that are meant, one row each, in the order of release and name.

    Raises
    ------
    RequestError : there are none, a name means none or several, or the SQL is wrong.
    """
    import duckdb

    rows = [row for row in catalogue.sources().values() if row.kind == "media"]
    by_digest: dict[str, SourceRow] = {}
    for row in sorted(rows, key=lambda row: (row.seen_utc, row.path)):
        by_digest[row.digest] = row
    asked, values = _conditions(selection)
    if asked:
        with connect(catalogue) as connection:
            try:
                statement = f"SELECT source FROM known WHERE {' AND '.join(asked)}"
                if len(connection.extract_statements(statement)) != 1:
                    raise RequestError(f"sql={selection.sql}: give one condition")
                meant = {str(row[0]) for row in connection.execute(statement, values).fetchall()}
            except duckdb.Error as error:
                raise RequestError(f"sql={selection.sql}: {error}") from error
    else:
        meant = set(by_digest)
    if selection.names:
        meant &= {digest for name in selection.names for digest in _named(name, rows)}
    if selection.release is not None:
        meant &= {row.digest for row in rows if row.release == selection.release}
    if not meant:
        raise RequestError("the selection means no source in the store: `marsmedia items` and `query` show what is")
    return sorted((by_digest[digest] for digest in meant), key=lambda row: (row.release, row.relative, row.digest))


def _conditions(selection: Selection) -> tuple[list[str], list[object]]:
    asked: list[tuple[str, object]] = []
    for name in ("medium", "mission", "event"):
        if (value := getattr(selection, name)) is not None:
            asked.append((f"{name} = ?", value))
    if selection.camera is not None:
        part = "%" + re.sub(r"([\\%_])", r"\\\1", selection.camera) + "%"
        asked.append((r"concat_ws(chr(10), camera, recorded_by) ILIKE ? ESCAPE '\'", part))
    if selection.sols:
        asked += [("last_sol >= ?", selection.sols[0]), ("first_sol <= ?", selection.sols[1])]
    if selection.date:
        asked += [("latest_utc > ?", selection.date.earliest_utc), ("earliest_utc < ?", selection.date.latest_utc)]
    conditions, values = [condition for condition, _ in asked], [value for _, value in asked]
    return [*conditions, *([f"({selection.sql}\n)"] if selection.sql is not None else [])], values


def _named(word: str, rows: Sequence[SourceRow]) -> set[str]:
    if any(character in word for character in "*?["):
        found = {row.digest for row in rows if fnmatchcase(row.name, word) or fnmatchcase(row.relative, word)}
        if found:
            return found
    return {find_source(word, rows).digest}


def find_source(word: str, rows: Sequence[SourceRow]) -> SourceRow:
    """The one source that is meant by a path, a name or the first characters of a digest.

    Raises
    ------
    RequestError : none is, or several are; the message names them.
    """
    place = os.path.realpath(word)
    found = [row for row in rows if row.path == place or row.path == str(Path(word).absolute())]
    found = found or [row for row in rows if word in (row.name, row.relative)]
    if not found and re.fullmatch(r"[0-9a-f]{4,64}", word):
        found = [row for row in rows if row.digest.startswith(word)]
    if not found:
        raise RequestError(f"{word}: no such source in the store: `marsmedia items` lists what there is")
    if len({row.digest for row in found}) > 1:
        choices = ", ".join(sorted(f"{row.relative} ({row.digest[:8]})" for row in found)[:10])
        raise RequestError(f"{word}: several sources are called that: {choices}: use the digest")
    return found[0]
