"""Sources that a word names: a path, a name, a pattern or the first characters of a digest, also of a past place."""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from processors.errors import NoSuchSource, RequestError, SelectionError, closest, meant
from processors.sources.unicode_forms import composed, forms
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.whereabouts import Whereabouts, places_in_words

WORDS = ("medium", "release", "processor", "mission", "sol", "event", "camera", "date", "redistribute", "sql")
"""Keys of a selection, which are no names."""

Known = Callable[[], Whereabouts]
"""Returns where the bytes of gone files are; called only if there is one, as it reads their places."""


@dataclass(frozen=True, kw_only=True)
class Meant:
    """Places that a word means."""

    rows: list[SourceRow]
    remark: str | None = None
    """Where the files are now that the word names at a place where they no longer are; None if they are there."""

    @property
    def digests(self) -> set[str]:
        return {row.digest for row in self.rows}


class FoundSource(NamedTuple):
    row: SourceRow
    remarks: tuple[str, ...]
    """Where it is now or was last, if its place was named and is gone; empty otherwise."""


def find_source(word: str, rows: Sequence[SourceRow], catalogue: Catalogue) -> FoundSource:
    """Return the one source that matches a path, a name or the first characters of a digest; it may be gone.

    Raises
    ------
    SelectionError : none or several match; the message names them.
    """
    places = _places(word, rows)
    meant = _at_or_from(places, whereabouts_of(places, catalogue))
    return FoundSource(first_place(meant.rows), tuple(filter(None, [meant.remark])))


def first_place(rows: Iterable[SourceRow]) -> SourceRow:
    """Return the row that stands for a source with several places: one in raw if there is any, else the latest."""
    return min(rows, key=order_of_places)


def find_sighting(word: str, catalogue: Catalogue) -> FoundSource:
    """Find one source as `find_source` does, among all sources in the catalogue."""
    try:
        return find_source(word, catalogue.sightings(may_mean(word)), catalogue)
    except RequestError:
        return find_source(word, catalogue.sightings(), catalogue)  # lists similar names


def where_moved(word: str, catalogue: Catalogue) -> str | None:
    """Return where the file is now, in words, if a word names one place that is gone; None otherwise."""
    try:
        return next(iter(find_sighting(word, catalogue).remarks), None)
    except RequestError:
        return None


def named_places(word: str, rows: Sequence[SourceRow], known: Known) -> Meant:
    """Return every path that matches a pattern, path, name or digest, or where the bytes are that were there."""
    if is_pattern(word):
        found = [row for row in rows if fnmatchcase(row.name, word) or fnmatchcase(row.relative, word)]
        found = found or [row for row in rows if _fits_composed(row, word)]
        if present := [row for row in found if row.gone_utc is None]:
            return Meant(rows=present)
        if found:
            if led := where_led(word, found, known):
                return led
            raise SelectionError(f"{word}: {no_longer_in_raw(found, known)}")
    try:
        places = _places(word, rows)
    except NoSuchSource as error:
        if near := _release_or_folder(word, rows):
            raise NoSuchSource(f"{word}: no such source in the store; did you mean {near}?") from error
        raise
    return _at_or_from(places, known)


def _at_or_from(places: list[SourceRow], known: Known) -> Meant:
    """Return places in raw as they are; of gone ones, where their bytes are now, or were last."""
    gone = [row for row in places if row.gone_utc is not None]
    if len(gone) < len(places):
        return Meant(rows=places)
    whereabouts = known()
    led = {place_of(one): (row, one) for row in gone for one in whereabouts.now(row) or [whereabouts.last(row)]}
    row, first = min(led.values(), key=lambda pair: order_of_places(pair[1]))
    is_there = any(one.path == first.path for one in gone)
    remark = None if is_there else f"{whereabouts.in_words(row, first)}; correct the name"
    return Meant(rows=[one for _, one in led.values()], remark=remark)


def no_longer_in_raw(gone: Iterable[SourceRow], known: Known) -> str:
    """Return the end of a message about files that are all gone: which, where their bytes are, and what to do."""
    whereabouts = known()
    names: set[str] = set()
    for row in gone:
        told = [row.digest[:8]]
        if withdrawn := whereabouts.withdrawn_from(row):
            told.append(withdrawn.stays[-1].withdrawn_in_words)
        if now := whereabouts.now(row):
            told.append(f"now {first_place(now).relative}")
        names.add(f"{row.relative} ({', '.join(told)})")
    return f"no longer in raw: {', '.join(sorted(names)[:10])}; select by digest"


def _places(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Return every path of the one matching source: those in raw or, if there are none, past ones."""
    ways = (_at_path, _called, _of_digest) if word.isascii() else (_at_path, _called, _in_another_form)
    for matching in (way(word, rows) for way in ways):
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


def _in_another_form(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Match as `_at_path` and `_called`, where names differ in Unicode form only."""
    name, places = composed(word), set(map(composed, absolute(word)))
    found = [row for row in rows if composed(row.path) in places or composed(row.relative) == name]
    return found or [row for row in rows if composed(row.relative).endswith(f"/{name}")]


def _fits_composed(row: SourceRow, pattern: str) -> bool:
    return any(fnmatchcase(composed(name), composed(pattern)) for name in (row.name, row.relative))


def _of_digest(word: str, rows: Sequence[SourceRow]) -> list[SourceRow]:
    return [row for row in rows if row.digest.startswith(word)] if re.fullmatch(r"[0-9a-f]{4,64}", word) else []


def _latest(rows: Sequence[SourceRow]) -> list[SourceRow]:
    """Return the latest content of each path."""
    latest: dict[str, SourceRow] = {}
    for row in rows:  # oldest first
        latest[row.path] = row
    return list(latest.values())


def where_led(word: str, gone: Sequence[SourceRow], known: Known) -> Meant | None:
    """Return where all files of a release or a pattern are now that are gone; None if it is not certain that all are
    meant.

    It is if none is missing, and they left in one run or are in one release now: what left alone, for another release,
    may no longer be meant. Confirmed withdrawals are left out, and counted in the remark; beside them a copy of another
    file, which was there before, does not stand for it.
    """
    whereabouts, files = known(), _latest(gone)
    withdrawn = {place_of(one) for row in files if (one := whereabouts.withdrawn_from(row))}
    left = [row for row in files if not whereabouts.withdrawn_from(row)]
    now = [(whereabouts.moved_to if withdrawn else whereabouts.now)(row) for row in left]
    if not left or not all(now):
        return None
    places = list({row.path: row for row in map(first_place, now)}.values())
    if len({row.gone_utc for row in left}) > 1 and len({(row.folder, row.release) for row in places}) > 1:
        return None
    return Meant(rows=places, remark=f"{places_in_words(word, places, len(withdrawn))}; correct the name")


def whereabouts_of(rows: Iterable[SourceRow], catalogue: Catalogue) -> Known:
    """Return a function that returns where the bytes of the gone ones of some files are.

    Nothing is read before it is called, and then once, only the places that hold or held these bytes, unless copies of
    them came to several.
    """
    return functools.cache(
        lambda: Whereabouts(catalogue.seen({row.digest for row in rows if row.gone_utc}), catalogue.sightings)
    )


def place_of(row: SourceRow) -> tuple[str, str]:
    """Return what identifies a row: path and digest."""
    return row.path, row.digest


def order_of_places(row: SourceRow) -> tuple[bool, float, bool, bool, str, str]:
    """Return a sort key: files in raw first, by path, then past ones.

    Those that nothing describes while their release describes another copy come behind the others, and those with the
    suffix of another format last. The view `sighted` has the same order.
    """
    gone = datetime.fromisoformat(row.gone_utc).timestamp() if row.gone_utc else 0.0
    return row.gone_utc is not None, -gone, row.is_misnamed, row.described_at is not None, row.relative, row.path


def may_mean(word: str) -> str:
    """Return an SQL condition satisfied by every source that a path, name or digest may match."""
    if not word.isascii():
        return f"({' OR '.join(_may_mean(form) for form in sorted(forms(word)))})"
    return _may_mean(word)


def _may_mean(word: str) -> str:
    text, end = _quoted(word), _quoted(f"/{word}")
    paths = ", ".join(map(_quoted, absolute(word)))
    called = f"name = {text} OR relative = {text} OR ends_with(relative, {end})"
    return f"(path IN ({paths}) OR {called} OR starts_with(digest, {text}))"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def is_pattern(word: str) -> bool:
    """Return whether a word is a pattern, which may mean any number of files."""
    return any(character in word for character in "*?[")


def absolute(word: str) -> set[str]:
    """Return the paths that a word may name, as they are written in the catalogue."""
    return {os.path.realpath(word), str(Path(word).absolute())}
