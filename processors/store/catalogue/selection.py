"""Selection of sources by name, release, medium, mission, sol, event, camera, date, rights or SQL."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.errors import NoSuchSource, RequestError, SelectionError, meant
from processors.mission.when import When, parse_when
from processors.sources.unicode_forms import spelt
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.named_sources import (
    WORDS,
    Known,
    Meant,
    is_pattern,
    may_mean,
    named_places,
    no_longer_in_raw,
    order_of_places,
    place_of,
    where_led,
    whereabouts_of,
)
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.sql import connect
from processors.store.findings.whereabouts import Whereabouts

MEDIA = ("video", "audio", "photo")
NAMED_AT_MOST = 50
"""Maximum number of names in one query: its time grows with their square (2,000 took 160 s)."""
ELSE = "list sources with `marsmedia items` or `marsmedia query`"


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
            both = " ".join(shlex.quote(f"{one}/*") for one in (fields[name], value))
            others = f", or write {both} for files of both" if name == "release" else ""
            raise RequestError(f"{word}: {name}= is given twice; give it once{others}")
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


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Selected media sources."""

    rows: list[SourceRow]
    """One row each, or as `every_place` says, in order of release and name."""
    places: tuple[SourceRow, ...]
    """Those of `rows`, and every other selected path in raw of these sources."""
    positions: Mapping[str, int]
    """Position of the first name that means a source, by its SHA-256; empty if the selection names none."""
    moved: tuple[str, ...]
    """Where the files are now, or were last, that are named at a place where they no longer are."""
    replaced: Mapping[str, str]
    """By what a source was replaced that is gone for that reason, and what to do, by its SHA-256."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what a user must know who names bytes that are no longer in their place."""
        return (*self.moved, *self.replaced.values())


def select(selection: Selection, catalogue: Catalogue, *, every_place: bool = False) -> list[SourceRow]:
    """Return the rows of `find_selected`, which says what it selects and raises."""
    return find_selected(selection, catalogue, every_place=every_place).rows


def find_selected(selection: Selection, catalogue: Catalogue, *, every_place: bool = False) -> Selected:
    """Return the selected media sources.

    A source at several paths is returned as it is at the first selected one (of those that are described, and whose
    suffix fits): the row's release and path determine whose metadata apply. A path, name or release that is gone means
    the places where its bytes are now. A file no longer in raw at all is selected only by its path, name or digest.

    Parameters
    ----------
    every_place : return a row for each selected path in raw, not only for the first.

    Raises
    ------
    SelectionError : no source matches, a name matches none or several, or the SQL is invalid.
    """
    if (candidates := _candidates(selection)) != "TRUE":
        few = catalogue.sightings(candidates)
        try:
            return _select(selection, catalogue, few, whereabouts_of(few, catalogue), every_place=every_place)
        except SelectionError:
            pass  # of all sources it lists similar names
    every = catalogue.sightings()
    return _select(selection, catalogue, every, functools.cache(lambda: Whereabouts(every)), every_place=every_place)


def _select(
    selection: Selection, catalogue: Catalogue, sightings: list[SourceRow], known: Known, *, every_place: bool
) -> Selected:
    rows = [row for row in sightings if row.kind == "media"]
    release = spelt(selection.release, {row.release for row in rows})
    ours = [row for row in rows if release in (None, row.release)]
    named = [_in_release(word, ours, rows, known) for word in selection.names]
    if not named:
        named = [_of_release(selection.release, ours, known)]
    places = {place_of(row): row for one in named for row in one.rows}
    meant = _that_satisfy(selection, catalogue, list(places.values()))
    found = [row for row in meant if selection.names or row.gone_utc is None]
    if not found:
        raise SelectionError(_none_found(selection, meant, catalogue, known))
    chosen: dict[str, SourceRow] = {}
    for row in sorted(found, key=order_of_places):
        is_another = every_place and row.gone_utc is None and row.digest in chosen
        chosen.setdefault(row.path if is_another else row.digest, row)
    positions: dict[str, int] = {}
    for position, one in enumerate(named if selection.names else ()):
        for row in one.rows:
            positions.setdefault(row.digest, position)
    ordered = sorted(chosen.values(), key=lambda row: (row.release, row.relative, row.digest))
    present = [row for row in found if row.gone_utc is None]
    moved = [one.remark for one in named if one.remark and not chosen.keys().isdisjoint(one.digests)]
    return Selected(
        rows=ordered,
        places=tuple({row.path: row for row in (*ordered, *present)}.values()),
        positions=positions,
        moved=tuple(dict.fromkeys(moved)),
        replaced=_replaced(ordered, known),
    )


def _in_release(word: str, ours: Sequence[SourceRow], rows: Sequence[SourceRow], known: Known) -> Meant:
    """Return what a word means in the selected release; nothing if it means a file of another one.

    Parameters
    ----------
    ours : the files of that release among all `rows`.
    """
    try:
        return named_places(word, ours, known)
    except NoSuchSource:
        named_places(word, rows, known)  # names similar ones
        return Meant(rows=[])


def _of_release(release: str | None, ours: list[SourceRow], known: Known) -> Meant:
    """Return the files of a release, or of all; those of one that is gone as a whole are where they were moved."""
    if release is None or not ours or any(row.gone_utc is None for row in ours):
        return Meant(rows=ours)
    return where_led(f"release={release}", ours, known) or Meant(rows=ours)


def _replaced(rows: Iterable[SourceRow], known: Known) -> dict[str, str]:
    """Return a line for each file that is gone because other bytes are in its place, by its digest."""
    gone = [row for row in rows if row.gone_utc is not None]
    if not gone:
        return {}
    whereabouts = known()
    return {row.digest: words for row in gone if (words := whereabouts.replaced_in_words(row))}


def _candidates(selection: Selection) -> str:
    """Return an SQL condition satisfied by every source that the selection includes, so that few rows are read."""
    if not 0 < len(selection.names) <= NAMED_AT_MOST or any(map(is_pattern, selection.names)):
        return "TRUE"
    return " OR ".join(map(may_mean, selection.names))


def _that_satisfy(selection: Selection, catalogue: Catalogue, rows: list[SourceRow]) -> list[SourceRow]:
    """Return the rows whose own path satisfies all conditions, besides that of the release."""
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
    return [row for row in rows if place_of(row) in places]


def _none_found(selection: Selection, gone: list[SourceRow], catalogue: Catalogue, known: Known) -> str:
    """Return the message for an empty selection: a value that nothing has, or that the words exclude each other."""
    if not selection.names and gone:
        return no_longer_in_raw(gone, known)
    for name in ("release", "mission", "event"):
        value = getattr(selection, name)
        if value is not None and value not in (values := _values(name, catalogue)):
            return f"{name}={value}: no such {name} in the store; {meant(value, values) if values else ELSE}"
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
