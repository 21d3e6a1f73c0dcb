"""Files known to the catalogue, including those gone from raw: what recipes want of them, and their by-name entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.run.recipe_changes.named_results import Wanted, other_results
from processors.engine.own_companions import was_there
from processors.engine.recipe_book import Recipes
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import WantedResult, WantedResults, one_of_each_processor
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


class WantedOfKnown:
    """Results that recipes want of known files: of those that are there, by what their releases say now; of those that
    are gone, by the labels, sidecars and subtitle files that they had as they went.
    """

    def __init__(self, recipes: Recipes, catalogue: Catalogue) -> None:
        self._recipes = recipes
        self._sightings = catalogue.sightings()
        self._now = WantedResults(recipes, ReleaseIndex(row for row in self._sightings if row.gone_utc is None))
        self._then: dict[tuple[str, str, str], WantedResults] = {}

    def of(self, row: SourceRow) -> list[WantedResult]:
        """Return the wanted results of a media file, as `WantedResults.of`."""
        return self._at(row).of(row)

    def is_release_lost(self, row: SourceRow) -> bool:
        """Return True if the description that belonged to a media file is no longer there."""
        return self._at(row).is_release_lost(row)

    def _at(self, row: SourceRow) -> WantedResults:
        if row.gone_utc is None:
            return self._now
        place = row.folder, row.release, row.gone_utc
        if place not in self._then:
            then = [one for one in self._sightings if _is_of_release(one, row) and was_there(one, row.gone_utc)]
            self._then[place] = WantedResults(self._recipes, ReleaseIndex(then))
        return self._then[place]


def _is_of_release(one: SourceRow, row: SourceRow) -> bool:
    """Return whether a file is in the release of another, or is a `release.toml` above it."""
    is_above = one.name == "release.toml" and row.path.startswith(one.path.removesuffix(one.name))
    return is_above or (one.folder, one.release) == (row.folder, row.release)


def by_name_entries(rows: Iterable[SourceRow], today: Wanted, catalogue: Catalogue) -> Iterator[ByNameEntry]:
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
