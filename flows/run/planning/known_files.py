"""Files known to the catalogue, including those gone from raw, and their entries in the by-name view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.run.recipe_changes.named_results import other_results
from processors.engine.wanted_results import WantedResults, one_of_each_processor
from processors.store.by_name_view import ByNameEntry
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef


def known_files(catalogue: Catalogue) -> list[SourceRow]:
    """Return the file at every path, and files gone from all their paths, whose results cannot be made again."""
    present = catalogue.sources()
    held = {row.digest for row in present.values()}
    gone = {row.digest: row for row in catalogue.sightings() if row.digest not in held}
    return [*present.values(), *gone.values()]


def by_name_entries(rows: Iterable[SourceRow], today: WantedResults, catalogue: Catalogue) -> Iterator[ByNameEntry]:
    """Yield the entries of the by-name view: every media file with the results of today's recipes, and with others.

    Only the names of wanted results are kept in memory: there may be 1,000,000.
    """
    media = sorted((row for row in rows if row.kind == "media"), key=lambda row: row.relative)
    keys: set[str] = set()
    refs: list[tuple[ResultRef, ...]] = []
    for row in media:
        wanted = today.of(row)
        keys.update(one.ref.key for one in wanted)
        refs.append(one_of_each_processor(wanted))
    others = other_results(catalogue, keys, {row.digest: row for row in media}, today)
    for row, of_row in zip(media, refs, strict=True):
        yield ByNameEntry.at(row.relative, row.release, of_row, others=others.get(row.digest, ()))
