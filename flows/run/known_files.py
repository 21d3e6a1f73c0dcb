"""Files known to the catalogue, also those gone from raw, and their entries in the by-name view."""

from __future__ import annotations

from processors.engine.wanted import WantedResults, shown
from processors.store.by_name import ByNameEntry
from processors.store.catalogue import Catalogue, SourceRow


def known_files(catalogue: Catalogue) -> list[SourceRow]:
    """Return the file at every path, and files that are gone from all their paths, which cannot be made again."""
    present = catalogue.sources()
    held = {row.digest for row in present.values()}
    gone = {row.digest: row for row in catalogue.sightings() if row.digest not in held}
    return [*present.values(), *gone.values()]


def by_name_entries(rows: list[SourceRow], today: WantedResults) -> list[ByNameEntry]:
    """Return the entries of the by-name view: every media file with the results of today's recipes."""
    return [
        ByNameEntry(release=row.release, name=row.name, refs=shown(today.of(row)))
        for row in sorted(rows, key=lambda row: row.relative)
        if row.kind == "media"
    ]
