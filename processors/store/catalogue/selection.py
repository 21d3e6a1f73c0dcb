"""Selection of sources by name, release, medium, mission, sol, event, camera, date, rights or SQL."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from processors.errors import NoSuchSource, RequestError, SelectionError, closest, meant
from processors.mission.when import When, parse_when
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.sql import connect

MEDIA = ("video", "audio", "photo")
NAMED_AT_MOST = 50
"""Maximum number of names in one query: its time grows with their square (2,000 took 160 s)."""
ELSE = "list sources with `marsmedia items` or `marsmedia query`"
WORDS = ("medium", "release", "processor", "mission", "sol", "event", "camera", "date", "redistribute", "sql")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Criteria of a selection: every field that is set narrows it; several names widen it."""

    names: tuple[str, ...] = ()
    medium: str | None = None
    release: str | None = None
    processor: str | None = None
    """Processor of items; does not narrow the sources."""
    mission: str | None = None
    sols: tuple[int, int] | None = None
    """First and last sol."""
    event: str | None = None
    camera: str | None = None
    date: When | None = None
    redistribute: bool | None = None
    """True for what may be passed on, False for what is forbidden or has no stated permission."""
    sql: str | None = None
    """SQL condition on the columns of the view `known`."""


def parse(words: Sequence[str]) -> Selection:
    """Parse the words of a selection.

    Raises
    ------
    RequestError : a word is invalid; the message names it.
    """
    names: list[str] = []
    fields: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in WORDS:
            names.append(word)
        elif name in fields:
            raise RequestError(f"{word}: {name}= is given twice; give it once")
        else:
            fields[name] = value
    if fields.get("medium", "video") not in MEDIA:
        raise RequestError(f"medium={fields['medium']}: must be video, audio or photo")
    if "redistribute" in fields:
        if fields["redistribute"] not in ("true", "false"):
            raise RequestError(f"redistribute={fields['redistribute']}: must be true or false")
        fields["redistribute"] = fields["redistribute"] == "true"
    if "sol" in fields:
        fields["sols"] = _sols(fields.pop("sol"))
    if "date" in fields:
        try:
            fields["date"] = parse_when(fields["date"], zone="UTC")
        except ValueError as error:
            raise RequestError(f"date={fields['date']}: {error}") from error
    return Selection(names=tuple(names), **fields)


def _sols(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(-?\d{1,6})(?:\.\.(-?\d{1,6}))?", text)
    if not found:
        raise RequestError(f"sol={text}: must be a number or a range such as 10..40")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise RequestError(f"sol={text}: the range ends before it begins")
    return first, last


def select(selection: Selection, catalogue: Catalogue, *, every_place: bool = False) -> list[SourceRow]:
    """Return the selected media sources, one row each, in order of release and name.

    A source at several paths is returned as it is at the first selected one (of those that are described, and whose
    suffix fits): the row's release and path determine whose metadata apply. A file no longer in raw is selected only by
    its path, name or digest.

    Parameters
    ----------
    every_place : return a row for each selected path in raw, not only for the first.

    Raises
    ------
    SelectionError : no source matches, a name matches none or several, or the SQL is invalid.
    """
    candidates = _candidates(selection)
    try:
        return _select(selection, catalogue, catalogue.sightings(candidates), every_place=every_place)
    except SelectionError:
        if candidates == "TRUE":
            raise
    return _select(selection, catalogue, catalogue.sightings(), every_place=every_place)  # lists similar names


def _select(
    selection: Selection, catalogue: Catalogue, sightings: list[SourceRow], *, every_place: bool
) -> list[SourceRow]:
    rows = [row for row in sightings if row.kind == "media"]
    meant = _at_places(selection, catalogue, rows)
    if selection.names:
        named = {_place(row) for name in selection.names for row in _named(name, rows)}
        found = [row for row in meant if _place(row) in named]
    else:
        found = [row for row in meant if row.gone_utc is None]
    if not found:
        raise SelectionError(_none_found(selection, meant, catalogue))
    chosen: dict[str, SourceRow] = {}
    for row in sorted(found, key=_first):
        is_another = every_place and row.gone_utc is None and row.digest in chosen
        chosen.setdefault(row.path if is_another else row.digest, row)
    return sorted(chosen.values(), key=lambda row: (row.release, row.relative, row.digest))


def position(selection: Selection, row: SourceRow) -> int:
    """Return the position of the first name that matches a selected source; 0 if the selection names none."""
    return next((number for number, word in enumerate(selection.names) if _is_meant(word, row)), 0)


def _is_meant(word: str, row: SourceRow) -> bool:
    if _is_pattern(word):
        return fnmatchcase(row.name, word) or fnmatchcase(row.relative, word)
    return bool(_at_path(word, [row]) or _called(word, [row]) or _of_digest(word, [row]))


def find_sighting(word: str, catalogue: Catalogue) -> SourceRow:
    """Find one source as `find_source` does, among all sources in the catalogue."""
    try:
        return find_source(word, catalogue.sightings(_may_mean(word)))
    except RequestError:
        return find_source(word, catalogue.sightings())  # lists similar names


def _candidates(selection: Selection) -> str:
    """Return an SQL condition satisfied by every source that the selection includes, so that few rows are read."""
    if not 0 < len(selection.names) <= NAMED_AT_MOST or any(map(_is_pattern, selection.names)):
        return "TRUE"
    return " OR ".join(map(_may_mean, selection.names))


def _may_mean(word: str) -> str:
    """Return an SQL condition satisfied by every source that a path, name or digest may match."""
    text, end = _quoted(word), _quoted(f"/{word}")
    paths = ", ".join(map(_quoted, absolute(word)))
    called = f"name = {text} OR relative = {text} OR ends_with(relative, {end})"
    return f"(path IN ({paths}) OR {called} OR starts_with(digest, {text}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_pattern(word: str) -> bool:
    return any(character in word for character in "*?[")


def absolute(word: str) -> set[str]:
    """Return the paths that a word may name, as they are written in the catalogue."""
    return {os.path.realpath(word), str(Path(word).absolute())}


def _at_places(selection: Selection, catalogue: Catalogue, rows: list[SourceRow]) -> list[SourceRow]:
    """Return the rows whose own path satisfies all conditions."""
    if selection.release is not None:
        rows = [row for row in rows if row.release == selection.release]
    asked, values = _conditions(selection)
    if not asked:
        return rows
    with connect(catalogue) as connection:
        import duckdb

        try:
            statement = f"SELECT path, source FROM sightings WHERE {' AND '.join(asked)}"
            if len(connection.extract_statements(statement)) != 1:
                raise SelectionError(f"sql={selection.sql}: give one condition")
            places = set(connection.execute(statement, values).fetchall())
        except duckdb.Error as error:
            raise SelectionError(f"sql={selection.sql}: {error}") from error
    return [row for row in rows if _place(row) in places]


def _place(row: SourceRow) -> tuple[str, str]:
    return row.path, row.digest


def _first(row: SourceRow) -> tuple[bool, float, bool, bool, str, str]:
    """Return a sort key: files in raw first, by path, then past ones.

    Those that nothing describes while their release describes another copy come behind the others, and those with the
    suffix of another format last. The view `sighted` has the same order.
    """
    gone = datetime.fromisoformat(row.gone_utc).timestamp() if row.gone_utc else 0.0
    return row.gone_utc is not None, -gone, row.is_misnamed, row.described_at is not None, row.relative, row.path


def _none_found(selection: Selection, gone: list[SourceRow], catalogue: Catalogue) -> str:
    """Return the message for an empty selection: a value that nothing has, or that the words exclude each other."""
    if not selection.names and gone:
        names = ", ".join(sorted({f"{row.relative} ({row.digest[:8]})" for row in gone})[:10])
        return f"no longer in raw: {names}; select by digest"
    for name in ("release", "mission", "event"):
        value = getattr(selection, name)
        if value is not None and value not in (known := _values(name, catalogue)):
            return f"{name}={value}: no such {name} in the store; {meant(value, known) if known else ELSE}"
    several = len([value for value in vars(selection).values() if value not in (None, ())]) > 1
    narrowed = ", which every word narrows" if several else ""
    return f"no source matches the selection{narrowed}; {ELSE}"


def _values(name: str, catalogue: Catalogue) -> list[str]:
    """Return the values of one column of `sightings`, in order."""
    with connect(catalogue) as connection:
        found = connection.execute(f"SELECT DISTINCT {name} FROM sightings WHERE {name} IS NOT NULL ORDER BY 1")
        return [value for (value,) in found.fetchall()]


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
    if selection.redistribute is not None:
        conditions.append("redistribute IS TRUE" if selection.redistribute else "redistribute IS NOT TRUE")
    return [*conditions, *([f"({selection.sql}\n)"] if selection.sql is not None else [])], values


def _named(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Return every path that matches a pattern, path, name or digest."""
    if _is_pattern(word):
        found = [row for row in rows if fnmatchcase(row.name, word) or fnmatchcase(row.relative, word)]
        if present := [row for row in found if row.gone_utc is None]:
            return present
        if found:
            names = ", ".join(sorted({f"{row.relative} ({row.digest[:8]})" for row in found})[:10])
            raise SelectionError(f"{word}: no longer in raw: {names}; select by digest")
    try:
        return _places(word, rows)
    except NoSuchSource as error:
        if near := _release_or_folder(word, rows):
            raise NoSuchSource(f"{word}: no such source in the store; did you mean {near}?") from error
        raise


def _release_or_folder(word: str, rows: Sequence[SourceRow]) -> str | None:
    """Return the words for all sources of a release or a folder whose name, or path, was given; None if it is none."""
    parts, releases = word.strip("/").split("/"), {row.release for row in rows}
    if parts[-1] in releases:
        return f"release={parts[-1]}"
    for start in range(len(parts)):
        folder = "/".join([*parts[start:], ""])
        if any(row.relative.startswith(folder) for row in rows):
            return f"{folder}*"
        if any(f"/{folder}" in row.relative for row in rows):
            return f"*/{folder}*"
    near = None if _close(word, rows) else closest(parts[-1], releases)
    return near and f"release={near}"


def find_source(word: str, rows: Sequence[SourceRow]) -> SourceRow:
    """Return the one source that matches a path, a name or the first characters of a digest; it may be gone.

    Raises
    ------
    SelectionError : none or several match; the message names them.
    """
    return min(_places(word, rows), key=_first)


def _places(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Return every path of the one matching source: those in raw or, if there are none, past ones."""
    for matching in (_at_path(word, rows), _called(word, rows), _of_digest(word, rows)):
        found = [row for row in matching if row.gone_utc is None] or _latest(matching)
        if len({row.digest for row in found}) > 1:
            choices = ", ".join(sorted({f"{row.relative} ({row.digest[:8]})" for row in found})[:10])
            raise SelectionError(
                f"{word}: several sources have this name: {choices}; give more of the path, or the digest"
            )
        if found:
            return found
    key, equals, _ = word.partition("=")
    if equals and re.fullmatch(r"[A-Za-z_]+", key):
        raise SelectionError(f"{word}: no such key; {meant(key, WORDS)}")
    if re.fullmatch(r"[0-9a-f]{1,3}", word):
        raise NoSuchSource(f"{word}: no such source in the store; give at least 4 characters of a digest")
    raise NoSuchSource(f"{word}: no such source in the store; {_similar(word, rows)}")


def _similar(word: str, rows: Sequence[SourceRow]) -> str:
    """Return the end of a message about an unknown name."""
    similar = _close(word, rows)
    return f"did you mean {', '.join(similar[:5])}?" if similar else "list sources with `marsmedia items`"


def _close(word: str, rows: Sequence[SourceRow]) -> list[str]:
    """Return the names that contain a word or are spelt like it."""
    names = {row.name.casefold(): row.name for row in rows}
    close = difflib.get_close_matches(word.casefold(), names, 3)
    return sorted({name for low, name in names.items() if low in close or word.casefold() in low})


def _at_path(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    places = absolute(word)
    return [row for row in rows if row.path in places]


def _called(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Match the whole path below the folder of releases, else its end: a name, or a name in a folder."""
    whole = [row for row in rows if row.relative == word]
    return whole or [row for row in rows if row.name == word or row.relative.endswith(f"/{word}")]


def _of_digest(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    return [row for row in rows if row.digest.startswith(word)] if re.fullmatch(r"[0-9a-f]{4,64}", word) else []


def _latest(rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Return the latest content of each path."""
    latest: dict[str, SourceRow] = {}
    for row in rows:  # oldest first
        latest[row.path] = row
    return list(latest.values())
