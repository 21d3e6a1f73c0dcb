"""Results that today's recipes and releases ask for: which of several results of a processor counts."""

from __future__ import annotations

from collections.abc import Sequence, Set
from functools import cached_property

from flows.run.load_recipes import every_processor
from processors.contract import parameters
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import WantedResult, WantedResults, shown
from processors.json_records import Json, canonical_json
from processors.store.catalogue import Catalogue
from processors.store.latest import current, latest
from processors.store.manifest import Manifest, ResultRef
from processors.store.source_row import SourceRow


class AskedToday:
    """What today's recipes and releases ask for of each source of a catalogue.

    Packs, notebooks and copied items take these results; of a processor without any of them, the latest. A result made
    on request counts as asked for with the parameters of the recipe file, or with its defaults.

    Recipes and releases are read when they are first needed, which raises as `load_recipes`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._last: tuple[SourceRow, list[WantedResult]] | None = None

    def of(self, row: SourceRow) -> frozenset[ResultRef]:
        """Return every result asked for of a file, whether or not it was made."""
        return frozenset(one.ref for one in self._asked(row))

    def one_of(self, row: SourceRow, found: Sequence[Manifest], named: Set[str] = frozenset()) -> Manifest:
        """Return the one that counts of several results of one processor.

        It is the one asked for; without it, the latest of those that differ from it only in the named parameters;
        without any, the latest.

        Parameters
        ----------
        found : results of this file; at least one.
        named : names of the parameters by which they were found.
        """
        if len(found) == 1:
            return found[0]
        asked = self._asked(row)
        refs = frozenset(shown(asked))
        usual = next((one for one in asked if one.ref in refs and one.ref.processor == found[0].ref.processor), None)
        if usual and named and usual.ref not in {one.ref for one in found}:
            rest = _without(parameters(usual.processor), named)
            found = [one for one in found if _without(one.parameters, named) == rest] or found
        return latest(current(found, refs))

    def _asked(self, row: SourceRow) -> list[WantedResult]:
        if self._last is None or self._last[0] is not row:
            recipe, on_request = (wanted.of(row) for wanted in self._wanted)
            names = {one.ref.processor for one in recipe}
            self._last = row, [*(one for one in on_request if one.ref.processor not in names), *recipe]
        return self._last[1]

    @cached_property
    def _wanted(self) -> list[WantedResults]:
        releases = ReleaseIndex(self._catalogue.sources().values())
        return [WantedResults(recipes, releases) for recipes in every_processor()]


def _without(values: dict[str, Json], named: Set[str]) -> bytes:
    return canonical_json({name: value for name, value in values.items() if name not in named})
