"""Moves within the releases: one run found a file's bytes gone from one place, and new at another."""

from __future__ import annotations

from collections.abc import Iterable

from processors.store.catalogue.source_row import SourceRow, by_source


class Moves:
    """Moves of files, as the times show them in which their bytes were at each place.

    All that one run finds gone or new has one time, so what left one place as it came to another was moved. What a
    later run finds elsewhere was missing until then.
    """

    def __init__(self, sightings: Iterable[SourceRow]) -> None:
        """Take present and past contents of every path."""
        self._places = by_source(sightings)
        self._latest: dict[str, list[tuple[str, str]]] = {}
        """The two latest times at which bytes came to a place, each with its path, by digest."""

    def of(self, row: SourceRow, gone_utc: str) -> list[SourceRow]:
        """Return the places to which bytes were moved that left one place at this time, in the order of paths."""
        others = (one for one in self._places.get(row.digest, ()) if one.path != row.path)
        found = [one for one in others if any(stay.seen_utc == gone_utc for stay in one.stays)]
        return sorted(found, key=_by_path)

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


def _by_path(row: SourceRow) -> tuple[str, str]:
    return row.relative, row.path
