"""Moves within the releases: one run found a file's bytes gone from one place, and new at another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.findings.paired_places import NO_FOLDERS, paired_places


class Moves:
    """Moves of files, as the times show them in which their bytes were at each place.

    All that one run finds gone or new has one time, so what left one place as it came to another was moved. What a
    later run finds elsewhere was missing until then.
    """

    def __init__(self, sightings: Iterable[SourceRow], every: Callable[[], Iterable[SourceRow]] | None = None) -> None:
        """Take present and past contents, oldest first, of every path, or of those alone that hold or held some bytes.

        Parameters
        ----------
        every : returns the contents of every path, if `sightings` has those of some bytes alone. It is called only
            where copies came to several places: other files tell which folders were renamed.
        """
        rows = list(sightings)
        self.gone: Mapping[str, SourceRow] = {row.path: row for row in rows if row.gone_utc}
        """Last contents of each path that has lost some."""
        self._places = by_source(rows)
        self._every = every
        self._times: dict[str, _Times] = {}
        self._moved: dict[tuple[str, str], tuple[dict[str, SourceRow], list[SourceRow]]] = {}
        """Place to which bytes went from each path that they left, and the other places to which they came, by digest
        and time."""
        self._latest: dict[str, list[tuple[str, str]]] = {}
        """The two latest times at which bytes came to a place, each with its path, by digest."""

    def of(self, row: SourceRow, gone_utc: str) -> list[SourceRow]:
        """Return the places to which bytes were moved that left one place at this time.

        Of several that came as several left, each goes to the place whose path agrees: the first is that of this one,
        and those to which no other went follow, in the order of paths.
        """
        if gone_utc not in self._times_of(row.digest).came:
            return []
        if (row.digest, gone_utc) not in self._moved:
            self._moved[row.digest, gone_utc] = self._pair(row.digest, gone_utc)
        moved, others = self._moved[row.digest, gone_utc]
        return [moved[row.path], *others] if row.path in moved else others

    def _times_of(self, digest: str) -> _Times:
        if digest not in self._times:
            self._times[digest] = _Times.of(self._places.get(digest, ()))
        return self._times[digest]

    def _pair(self, digest: str, utc: str) -> tuple[dict[str, SourceRow], list[SourceRow]]:
        times = self._times_of(digest)
        left = {one.path for one in times.left[utc]}
        came = {one.path: one for one in times.came[utc] if one.path not in left}
        folders = self._renamed_folders.get(utc, NO_FOLDERS) if len(came) > 1 else NO_FOLDERS
        pairs = paired_places(left, came, folders)
        given = set(pairs.values())
        others = sorted((one for path, one in came.items() if path not in given), key=_by_path)
        return {old: came[new] for old, new in pairs.items()}, others

    @cached_property
    def _renamed_folders(self) -> Mapping[str, Mapping[str, str]]:
        """New path of folders by time, as most of the files say that left one place for one other."""
        counts: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for rows in (by_source(self._every()) if self._every else self._places).values():
            left, came = _Times.of(rows)
            for utc in left.keys() & came.keys():
                if len(left[utc]) == len(came[utc]) == 1:
                    counts[utc][_folder(left[utc][0].path), _folder(came[utc][0].path)] += 1
        return {utc: dict(pair for pair, _ in reversed(found.most_common())) for utc, found in counts.items()}

    def present(self, row: SourceRow) -> list[SourceRow]:
        """Return the places at which a gone file is now, after one move or several; empty if none leads there."""
        reached: dict[str, SourceRow] = {row.path: row}
        rest = [row]
        while rest:
            one = rest.pop()
            for place in self.of(one, one.gone_utc) if one.gone_utc else ():
                if place.path not in reached:
                    reached[place.path] = place
                    rest.append(place)
        return sorted((one for one in reached.values() if one.gone_utc is None), key=_by_path)

    def found_later(self, row: SourceRow) -> list[SourceRow]:
        """Return the places where bytes were found as they left another for good, or later, the earliest first."""
        gone_utc = row.gone_utc or ""
        later = [
            (min(times), one)
            for one in self._places.get(row.digest, ())
            if one.path != row.path and (times := [at for at, _ in one.times if at >= gone_utc])
        ]
        return [one for _, one in sorted(later, key=lambda pair: (pair[0], *_by_path(pair[1])))]

    def is_found_later(self, row: SourceRow) -> bool:
        """Return whether `found_later` gives any place; at once, also among thousands of copies."""
        if row.digest not in self._latest:
            held = self._places.get(row.digest, ())
            starts = ((max(at for at, _ in one.times), one.path) for one in held)
            self._latest[row.digest] = sorted(starts, reverse=True)[:2]
        return any(path != row.path and at >= (row.gone_utc or "") for at, path in self._latest[row.digest])

    def copies_at(self, row: SourceRow, utc: str) -> list[SourceRow]:
        """Return the other places that held the same bytes before, at and after a time, in the order of paths."""
        found = [
            one
            for one in self._places.get(row.digest, ())
            if one.path != row.path and any(seen < utc < (gone or "9") for seen, gone in one.times)
        ]
        return sorted(found, key=_by_path)


class _Times(NamedTuple):
    """Places of some bytes, by the times at which these left them, and came to them."""

    left: dict[str, list[SourceRow]]
    came: dict[str, list[SourceRow]]

    @classmethod
    def of(cls, rows: Iterable[SourceRow]) -> _Times:
        found = cls(defaultdict(list), defaultdict(list))
        for row in rows:
            for stay in row.stays:
                found.came[stay.seen_utc].append(row)
                if stay.gone_utc:
                    found.left[stay.gone_utc].append(row)
        return found


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _by_path(row: SourceRow) -> tuple[str, str]:
    return row.relative, row.path
