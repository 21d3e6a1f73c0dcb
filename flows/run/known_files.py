"""Files known to the catalogue, also those gone from raw, and their entries in the by-name view."""

from __future__ import annotations

from flows.run.named_results import other_results
from processors.engine.wanted import WantedResults, shown
from processors.store.by_name import ByNameEntry
from processors.store.catalogue import Catalogue, SourceRow


def known_files(catalogue: Catalogue) -> list[SourceRow]:
    """Return the file at every path, and files that are gone from all their paths, which cannot be made again."""
    present = catalogue.sources()
    held = {row.digest for row in present.values()}
    gone = {row.digest: row for row in catalogue.sightings() if row.digest not in held}
    return [*present.values(), *gone.values()]


def by_name_entries(rows: list[SourceRow], today: WantedResults, catalogue: Catalogue) -> list[ByNameEntry]:
    """Return the entries of the by-name view: every media file with the results of today's recipes, and with others."""
    media = {row.path: today.of(row) for row in rows if row.kind == "media"}
    others = other_results(catalogue, {one.ref: one for wanted in media.values() for one in wanted})
    return [
        ByNameEntry.at(row.relative, row.release, shown(media[row.path]), others=others.get(row.digest, ()))
        for row in sorted(rows, key=lambda row: row.relative)
        if row.path in media
    ]
