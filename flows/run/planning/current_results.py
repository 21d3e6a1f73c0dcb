"""Current results: those that today's recipes and releases request, and the one of each processor that counts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from flows.run.recipe_changes.load_recipes import every_processor, wanted_today
from processors.contract import Processor
from processors.engine.own_companions import OwnCompanions
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import WantedResult, WantedResults, one_of_each_processor
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.manifest import ResultRef


class CurrentResults:
    """Results that today's recipes and releases request for each source of a catalogue.

    Packs, notebooks and copied items take these results; of a processor without any of them, the latest that was made
    of its file's own companions. A result made on request counts as requested with the parameters of the recipe file,
    or with its defaults.

    Recipes and releases are read when they are first needed, which raises as `load_recipes`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.companions = OwnCompanions(catalogue.sightings)
        self._last: tuple[SourceRow, list[WantedResult]] | None = None

    def of(self, row: SourceRow) -> frozenset[ResultRef]:
        """Return every current result of a file, whether or not it was made."""
        return frozenset(one.ref for one in self._results(row))

    def entries(self, row: SourceRow, processor: str) -> list[Processor]:
        """Return the processors of a name that are requested for a file, without what its release states; best first.

        Empty if none is, or if the release's description is no longer there, so that it is unknown what it requests.
        """
        if any(wanted.is_release_lost(row) for wanted in self._recipes):
            return []
        return next(filter(None, (wanted.entries(row, processor) for wanted in self._recipes)), [])

    def configured(self, processor: Processor, row: SourceRow) -> Processor:
        """Return a processor as configured for a file, with what the release states about it."""
        return self._recipes[0].configured(processor, row)

    def chosen(self, row: SourceRow) -> frozenset[ResultRef]:
        """Return the one current result of each processor that counts."""
        return frozenset(one_of_each_processor(self._results(row)))

    def _results(self, row: SourceRow) -> list[WantedResult]:
        last = self._last  # another thread may ask for another file meanwhile
        if last is None or last[0] is not row:
            recipe, on_request = (wanted.of(row) for wanted in self._recipes)
            names = {one.ref.processor for one in recipe}
            last = row, [*(one for one in on_request if one.ref.processor not in names), *recipe]
            self._last = last
        return last[1]

    @cached_property
    def _recipes(self) -> list[WantedResults]:
        releases = ReleaseIndex(self._catalogue.sources().values())
        return [WantedResults(recipes, releases) for recipes in every_processor()]


class ResultsElsewhere:
    """Results of today's recipes that are not those of a file's own place, but of copies of it.

    Catalogue and recipes are read when they are first needed; the latter raises as `load_recipes`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._own: dict[str, frozenset[ResultRef]] = {}

    def of(self, row: SourceRow) -> frozenset[ResultRef]:
        """Return those of a file; none without copies."""
        places = self._places.get(row.digest, ())
        if len(places) < 2 or all(place.path != row.path for place in places):
            return frozenset()
        return frozenset().union(*map(self._of_path, places)) - self._of_path(row)

    def _of_path(self, row: SourceRow) -> frozenset[ResultRef]:
        if row.path not in self._own:
            self._own[row.path] = frozenset(one.ref for one in self._today.of_path(row) if one.is_of_path)
        return self._own[row.path]

    @cached_property
    def _known(self) -> list[SourceRow]:
        return list(self._catalogue.sources().values())

    @cached_property
    def _places(self) -> Mapping[str, list[SourceRow]]:
        return by_source(row for row in self._known if row.kind == "media")

    @cached_property
    def _today(self) -> WantedResults:
        return wanted_today(self._known)
