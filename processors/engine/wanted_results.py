"""Results that recipes want of each source, given its release's statements; decided only here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.contract import (
    Processor,
    ReleaseContext,
    Source,
    asks_release,
    for_release,
    inputs_of,
    is_of_path,
    suits,
)
from processors.engine.recipe_book import RecipeBook, Recipes, processors_of, recipes_of
from processors.engine.release_index import ReleaseIndex
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef

__all__ = [
    "Recipes",
    "WantedResult",
    "WantedResults",
    "all_inputs",
    "applies",
    "lacks_sound",
    "one_of_each_processor",
    "wanted_of",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedResult:
    """Result that a recipe requests, whether or not it has been made."""

    processor: Processor
    ref: ResultRef
    is_named: bool = True
    """True if the recipe names the processor, false if it is only used by one that the recipe names."""

    @classmethod
    def of(cls, processor: Processor, digests: Sequence[str], *, is_named: bool = True) -> WantedResult:
        """Return the result of a processor for the source with these `digests`."""
        return cls(processor=processor, ref=ResultRef.of(processor, digests), is_named=is_named)

    @property
    def is_of_path(self) -> bool:
        """Return True if it depends on the statements at each path of a source, not on its bytes alone."""
        return is_of_path(self.processor)


class WantedResults:
    """Results that recipes want of the files of some releases."""

    def __init__(self, recipes: Recipes, releases: ReleaseIndex) -> None:
        self._recipes = recipes
        self._releases = releases
        self._asks_camera = isinstance(recipes, RecipeBook) and recipes.asks_camera
        self._is_asked = any(map(asks_release, processors_of(recipes)))

    def of(self, row: SourceRow) -> list[WantedResult]:
        """Return the wanted results of a media file, each after those that it uses."""
        return self._wanted(row)

    def of_path(self, row: SourceRow) -> list[WantedResult]:
        """Return only the results specific to each path of the same bytes, and those that they use."""
        return self._wanted(row, only_of_path=True)

    def entries(self, row: SourceRow, name: str) -> list[Processor]:
        """Return the recipe's processors of a name for a media file, as the recipe has them, the one that counts first.

        Those that others use come after those that the recipe names. Empty also if none of them suits the file.
        """
        source, (recipe, context) = row.source(), self._recipe(row)
        apply = [one for one in recipe if not lacks_sound(one, source) and suits(_configured(one, context), source)]
        used = [one for named in apply for one in all_inputs(named)]
        return [one for one in (*reversed(apply), *reversed(used)) if one.name == name]

    def configured(self, processor: Processor, row: SourceRow) -> Processor:
        """Return a processor configured with what the release states about a media file."""
        return _configured(processor, self._recipe(row)[1])

    def is_release_lost(self, row: SourceRow) -> bool:
        """Return True if the description that belonged to a media file is no longer there."""
        return self._releases.is_lost(row) or (self._asks_camera and self._releases.is_label_lost(row))

    def _recipe(self, row: SourceRow) -> tuple[Sequence[Processor], ReleaseContext | None]:
        context = self._releases.of(row) if self._is_asked else None
        camera = self._releases.camera_of(row) if self._asks_camera else None
        recipes = recipes_of(self._recipes, row.release, camera)
        return recipes[row.source().medium], context

    def _wanted(self, row: SourceRow, *, only_of_path: bool = False) -> list[WantedResult]:
        source, (recipe, context) = row.source(), self._recipe(row)
        if only_of_path:
            recipe = [processor for processor in recipe if is_of_path(processor)]
        return wanted_of(source, {source.medium: recipe}, context) if recipe else []


def wanted_of(source: Source, recipes: Recipes, context: ReleaseContext | None = None) -> list[WantedResult]:
    """Return what recipes want of a source, each result after those that it uses."""
    is_named: dict[Processor, bool] = {}
    for processor in recipes[source.medium]:
        if not lacks_sound(processor, source):
            named = _configured(processor, context)
            if not suits(named, source):
                continue
            for used in all_inputs(named):
                is_named.setdefault(used, False)
            is_named[named] = True
    digests = source.digests
    return [WantedResult.of(one, digests, is_named=named) for one, named in is_named.items()]


def all_inputs(processor: Processor) -> Iterator[Processor]:
    """Yield all direct and indirect inputs of a processor, each before its users; one may occur twice."""
    for used in inputs_of(processor):
        yield from all_inputs(used)
        yield used


def one_of_each_processor(wanted: Iterable[WantedResult]) -> tuple[ResultRef, ...]:
    """Return one result of each processor: the last named by the recipe, else the last that is only used."""
    chosen = {one.ref.processor: one.ref for one in sorted(wanted, key=lambda one: one.is_named)}
    return tuple(chosen.values())


def _configured(processor: Processor, context: ReleaseContext | None) -> Processor:
    return for_release(processor, context) if context else processor


def applies(processor: Processor, source: Source) -> bool:
    """Return False if there is nothing in a source that a processor could make its result from."""
    return not lacks_sound(processor, source) and suits(processor, source)


def lacks_sound(processor: Processor, source: Source) -> bool:
    """Return True if a processor or one of its inputs reads sound, and a source has none."""
    if source.has_sound or source.medium == "audio":
        return False
    return processor.reads == "audio" or any(lacks_sound(used, source) for used in inputs_of(processor))
