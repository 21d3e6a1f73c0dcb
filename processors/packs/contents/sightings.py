"""Sightings of the files of a pack: every place that holds or held their bytes, and what was there before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from processors.store.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A file at one place, with the contents of that place before and after it."""

    row: SourceRow
    before: SourceRow | None
    """Contents that it replaced; None if it was the first file at its place."""
    after: SourceRow | None
    """Contents that replaced it; None if it is still there, or if nothing is."""

    @property
    def is_withdrawn(self) -> bool:
        """Return whether a run found nothing at its place any more."""
        return self.row.gone_utc is not None and self.after is None


class Sightings:
    """All sightings of a store, by place and by bytes."""

    def __init__(self, rows: Iterable[SourceRow]) -> None:
        """Take present and past contents of every path, oldest first, as `Catalogue.sightings` returns them."""
        by_path: dict[str, list[SourceRow]] = {}
        for row in rows:
            by_path.setdefault(row.path, []).append(row)
        self._at: dict[tuple[str, str], Sighting] = {}
        self._of: dict[str, list[Sighting]] = {}
        for contents in by_path.values():
            for before, row, after in zip((None, *contents), contents, (*contents[1:], None), strict=False):
                one = Sighting(row=row, before=before, after=after)
                self._at[row.path, row.digest] = one
                self._of.setdefault(row.digest, []).append(one)

    def at(self, row: SourceRow) -> Sighting:
        """Return the sighting of a file at its place."""
        return self._at[row.path, row.digest]

    def of(self, digest: str) -> list[Sighting]:
        """Return the sightings of some bytes in every release, the first one first."""
        return sorted(self._of.get(digest, ()), key=lambda one: (one.row.seen_utc, one.row.path))

    def withdrawn(self, releases: Collection[str]) -> Iterator[SourceRow]:
        """Yield the files that were withdrawn from releases, in the order of their paths.

        A file that was moved, or has a copy in these releases, is not withdrawn.
        """
        held = {
            digest
            for digest, found in self._of.items()
            if any(one.row.gone_utc is None and one.row.release in releases for one in found)
        }
        gone = [one.row for one in self._at.values() if one.is_withdrawn and one.row.release in releases]
        yield from sorted((row for row in gone if row.digest not in held), key=lambda row: (row.relative, row.path))
