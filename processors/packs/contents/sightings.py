"""Sightings of the files of a pack: each time in which a place held some bytes, and what was there before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from processors.packs.contents.renamed_releases import RenamedReleases
from processors.store.catalogue.source_row import SourceRow, Stay
from processors.store.findings.moves import Moves
from processors.store.findings.whereabouts import Whereabouts
from processors.store.fixity.fixity_history import FileCheck, FixityHistory


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Time in which some bytes were at one place."""

    row: SourceRow
    stay: Stay

    @property
    def seen_utc(self) -> str:
        return self.stay.seen_utc

    @property
    def gone_utc(self) -> str | None:
        """Return the end of it; None while they are there."""
        return self.stay.gone_utc


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """Time in which some bytes were at one place, with the contents that they replaced, and that replaced them."""

    here: Presence
    before: Presence | None
    """Contents in whose place a run found them; None if it found nothing there before."""
    after: Presence | None
    """Contents that a run found in their place; None if they are there, or if it found nothing there any more."""
    moved_to: SourceRow | None = None
    """Place to which they were moved at the end of this time; the first of several; None if they were not."""
    copy: SourceRow | None = None
    """Other place that held the same bytes before and after the end of this time; the first of several."""
    checks: tuple[FileCheck, ...] = ()
    """Fixity checks in this time: those that failed, and the last one that did not."""


_Arrival = tuple[tuple[str, str] | None, str]
"""Folder of releases and release to which bytes came, None for all of them; and when."""


class Sightings:
    """All sightings of a store, by place and by bytes."""

    def __init__(self, rows: Iterable[SourceRow], fixity: FixityHistory | None = None) -> None:
        """Take present and past contents of every path, oldest first, as `Catalogue.sightings` returns them."""
        rows = list(rows)
        self._fixity, self._moves = fixity or FixityHistory(), Moves(rows)
        self._at: dict[str, list[SourceRow]] = {}
        self._places: dict[str, dict[str, None]] = {}
        for row in rows:
            self._at.setdefault(row.path, []).append(row)
            self._places.setdefault(row.digest, {})[row.path] = None

    def places_of(self, digest: str) -> list[str]:
        """Return the paths that hold or held some bytes, in every release."""
        return list(self._places.get(digest, ()))

    def with_earlier(self, paths: Iterable[str]) -> list[list[str]]:
        """Return each path with those at which its contents were before they were moved, or put back, to it, and where
        they were before that. A path is given once, to the first that leads to it.
        """
        groups = [[path] for path in dict.fromkeys(paths)]
        reached = {path for (path,) in groups}
        origins: dict[str, dict[_Arrival, list[str]]] = {}
        """Paths from which contents came that are not reached yet, by digest and arrival."""
        for group in groups:
            for path in group:  # grows meanwhile
                for row in self._at[path]:
                    if row.digest not in origins:
                        origins[row.digest] = self._origins(row.digest)
                    for seen_utc, _ in row.times:
                        for release in (None, (row.folder, row.release)):
                            found = origins[row.digest].pop((release, seen_utc), ())
                            new = [other for other in dict.fromkeys(found) if other not in reached]
                            group += new
                            reached.update(new)
        return groups

    def _origins(self, digest: str) -> dict[_Arrival, list[str]]:
        """Return from where some bytes came: the places that they left in the same run, else those that held them last.

        Only what a release, or all releases, had lost is put back: no new copy of what another place holds.
        """
        rows = [row for path in self._places[digest] for row in self._at[path] if row.digest == digest]
        by_release: dict[tuple[str, str] | None, list[SourceRow]] = {None: rows}
        for row in rows:
            by_release.setdefault((row.folder, row.release), []).append(row)
        found: dict[_Arrival, list[str]] = {}
        for release, ours in by_release.items():
            times = sorted((seen, gone or "9", row.path) for row in ours for seen, gone in row.times)
            left: dict[str, list[str]] = {}
            for _, gone, path in times:
                left.setdefault(gone, []).append(path)
            held_until = ""
            for seen, gone, _ in times:
                if held_until and seen >= held_until:
                    found[release, seen] = left[held_until]
                elif seen in left:
                    found[release, seen] = left[seen]
                held_until = max(held_until, gone)
        return found

    def present(self, digest: str) -> list[SourceRow]:
        """Return the places that hold some bytes now, in every release."""
        rows = (row for path in self._places.get(digest, ()) for row in self._at[path])
        return [row for row in rows if (row.digest, row.gone_utc) == (digest, None)]

    def held(self, digest: str, releases: Collection[str]) -> list[str]:
        """Return the places below the folder of releases that hold some bytes now, in some releases, in their order."""
        return sorted({row.relative for row in self.present(digest) if row.release in releases})

    def at(self, path: str) -> list[Sighting]:
        """Return all that a path has held, the oldest first."""
        times = [Presence(row=row, stay=stay) for row in self._at[path] for stay in row.stays]
        times.sort(key=lambda one: one.seen_utc)
        pairs = list(pairwise([None, *times, None]))
        return [
            Sighting(
                here=here,
                before=before if _next_to(before, here) else None,
                after=after if _next_to(here, after) else None,
                moved_to=next(iter(self._moves.of(here.row, here.gone_utc)), None) if here.gone_utc else None,
                copy=next(iter(self._moves.copies_at(here.row, here.gone_utc)), None) if here.gone_utc else None,
                checks=tuple(self._fixity.of(here.row, here.seen_utc, here.gone_utc)),
            )
            for (before, here), (_, after) in pairwise(pairs)
            if here
        ]

    def then(self, row: SourceRow, utc: str) -> SourceRow:
        """Return the place that held the bytes of a row at a time, from which they came to its own; else its own."""
        (paths,) = self.with_earlier([row.path])
        held = [one for path in paths for one in self._at[path] if one.digest == row.digest]
        return next((one for one in held if any(seen <= utc < (gone or "9") for seen, gone in one.times)), row)

    def is_missing(self, row: SourceRow) -> bool:
        """Return whether nobody has confirmed that a gone file was withdrawn, and no place has held its bytes since."""
        return row.confirmed_utc is None and self._is_nowhere_since(row)

    def _is_nowhere_since(self, row: SourceRow) -> bool:
        return not self.present(row.digest) and not self._moves.found_later(row)

    def elsewhere_in_words(self, row: SourceRow) -> str | None:
        """Return the place to which a gone file was moved, or where its bytes have been since; None if nowhere."""
        places = self._whereabouts
        if moved := places.moved_to(row):
            return f"moved to {moved[0].relative}"
        if copies := places.now(row):
            return f"while {copies[0].relative} has the same bytes"
        last = places.last(row)
        return None if last is row else f"moved to {last.relative}"

    @cached_property
    def _whereabouts(self) -> Whereabouts:
        return Whereabouts(row for rows in self._at.values() for row in rows)

    def withdrawn(self, releases: Collection[str]) -> Iterator[SourceRow]:
        """Yield the files that were withdrawn from releases, or are gone from them and at a place in another, in the
        order of their paths.

        A file that was replaced, or moved within these releases or has a copy in them, is not withdrawn. Of a release
        that was renamed, or sorted into several, every heir has what was withdrawn, but for files that are, or were
        later, at any other place.
        """
        last = [max(rows, key=lambda row: row.seen_utc) for rows in self._at.values()]
        held = {row.digest for row in last if row.gone_utc is None and row.release in releases}
        renamed = RenamedReleases(last, self._moves)

        def is_inherited(row: SourceRow) -> bool:
            return not renamed.heirs(row).isdisjoint(releases)

        def is_withdrawn(row: SourceRow) -> bool:
            if row.release not in releases:
                return is_inherited(row) and self._is_nowhere_since(row)
            later = self._moves.found_later(row)
            return row.digest not in held and not any(one.release in releases or is_inherited(one) for one in later)

        gone = [row for row in last if row.gone_utc is not None and is_withdrawn(row)]
        yield from sorted(gone, key=lambda row: (row.relative, row.path))


def _next_to(before: Presence | None, after: Presence | None) -> bool:
    """Return whether one run found the later contents in place of the earlier ones."""
    return before is not None and after is not None and before.gone_utc == after.seen_utc
