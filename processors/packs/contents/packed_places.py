"""Selected places of the same bytes, each with the files and results that belong to it alone.

A pack holds the bytes once; a release with copies can be restored from it only with what each of them has next to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from processors.engine.release_index import ReleaseIndex
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class PackedPlace:
    """Selected place that holds the bytes of a source."""

    row: SourceRow
    companions: tuple[SourceRow, ...] = ()
    """Labels, sidecars and subtitle files of the file at this place, if they go into the pack next to the original."""
    results: tuple[Manifest, ...] = ()
    """Results in the pack that only this place has, as they were made of its own companions; those of the source's own
    place are not among them."""
    evidence: Manifest | None = None
    """Evidence of this place, which compared its MD5 with that in its label; None if the pack has none."""


class SelectedPlaces:
    """Selected places of each source. A copy that the selection does not mean, as in a folder of drafts, is none: what
    is next to it stays out of the pack.

    Parameters
    ----------
    selected : places that the selection means.
    rows : every file of the catalogue that is present, if labels, sidecars and subtitle files go into the pack next to
        their originals; else None.
    """

    def __init__(self, selected: Iterable[SourceRow], rows: Iterable[SourceRow] | None) -> None:
        self._index = None if rows is None else ReleaseIndex(rows)
        self._held: dict[str, dict[str, SourceRow]] = {}
        """Places of each digest by path below the folder of releases: of two such folders the one seen last."""
        for row in sorted(selected, key=lambda row: row.seen_utc):
            self._held.setdefault(row.digest, {})[row.relative] = row

    def of(self, row: SourceRow) -> list[PackedPlace]:
        """Return the place of a selected row, then every other place of its bytes, in the order of their paths."""
        held: Mapping[str, SourceRow] = {**self._held.get(row.digest, {}), row.relative: row}
        places = sorted(held.values(), key=lambda one: (one is not row, one.relative))
        return [
            PackedPlace(row=one, companions=tuple(self._index.companions_of(one)) if self._index else ())
            for one in places
        ]
