"""Recipes for every medium, and their changes for one release or camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from processors.contract import Medium, Processor
from processors.sources.unicode_forms import composed

Recipes = Mapping[Medium, Sequence[Processor]]


@dataclass(frozen=True, kw_only=True)
class RecipeChange:
    """Change to the recipes, for every source or for those of one release or camera."""

    release: str | None = None
    """Name or pattern of a release; None for any."""
    camera: str | None = None
    """Part of the name of a camera or instrument in release.toml or a label, in any case; None for any."""
    recipe: str | None = None
    """Named recipe to begin with; None for the run's own."""
    also: tuple[str, ...] = ()
    """Names of processors to add."""
    without: tuple[str, ...] = ()
    """Names of processors to leave out."""
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Changed parameters by processor, as the text of `--set`."""
    place: str = field(default="", compare=False, repr=False)
    """File and line where it is written, for messages; not a part of the recipes."""

    def applies(self, release: str, camera: str | None) -> bool:
        """Return True if it is meant for a source of this release, recorded by this camera."""
        if self.release is not None and not fnmatchcase(composed(release), composed(self.release)):
            return False
        return self.camera is None or self.camera.casefold() in (camera or "").casefold()

    @property
    def is_for_all(self) -> bool:
        return self.release is None and self.camera is None


class RecipeBook(Mapping[Medium, Sequence[Processor]]):
    """Recipes for sources in general, as a mapping by medium; `of` gives those of one release and camera.

    Parameters
    ----------
    changes : in order; a later one overrides an earlier one.
    build : makes recipes with some of the changes.
    """

    def __init__(self, changes: Sequence[RecipeChange], build: Callable[[Sequence[RecipeChange]], Recipes]) -> None:
        self._changes, self._build = tuple(changes), build
        self._general = build([one for one in self._changes if one.is_for_all])
        self._built: dict[tuple[int, ...], Recipes] = {}

    @property
    def changes(self) -> tuple[RecipeChange, ...]:
        """Return how the recipes differ by release and camera."""
        return self._changes

    @property
    def asks_camera(self) -> bool:
        """Return True if a change depends on the camera, which release.toml or a label names."""
        return any(one.camera is not None for one in self._changes)

    @property
    def all(self) -> list[Recipes]:
        """Return the general recipes, and those with each single exception."""
        special = [one for one in self._changes if not one.is_for_all]
        return [self._general, *(self._build([c for c in self._changes if c.is_for_all or c is s]) for s in special)]

    def of(self, release: str, camera: str | None) -> Recipes:
        """Return the recipes for the sources of a release recorded by a camera."""
        meant = tuple(n for n, one in enumerate(self._changes) if one.applies(release, camera))
        if meant not in self._built:
            self._built[meant] = self._build([self._changes[n] for n in meant])
        return self._built[meant]

    def set_for(self, release: str, camera: str | None) -> frozenset[str]:
        """Return the names of the processors whose parameters are set for these sources."""
        return frozenset(name for one in self._changes if one.applies(release, camera) for name in one.parameters)

    def each(self, changed: Callable[..., Recipes], *others: RecipeBook) -> RecipeBook:
        """Return a book whose recipes result from a function of each recipe and the same one in other books."""
        books = (self, *others)
        return RecipeBook(self._changes, lambda some: changed(*(one._build(some) for one in books)))

    def __getitem__(self, medium: Medium) -> Sequence[Processor]:
        return self._general[medium]

    def __iter__(self) -> Iterator[Medium]:
        return iter(self._general)

    def __len__(self) -> int:
        return len(self._general)


def every_recipe(recipes: Recipes) -> list[Recipes]:
    """Return the general recipes, and those with each single exception if they are in a book."""
    return recipes.all if isinstance(recipes, RecipeBook) else [recipes]


def processors_of(recipes: Recipes) -> Iterator[Processor]:
    """Yield the processors of every recipe, for every medium; one may occur several times."""
    return (processor for one in every_recipe(recipes) for ours in one.values() for processor in ours)


def recipes_of(recipes: Recipes, release: str, camera: str | None) -> Recipes:
    """Return the recipes for one release and camera; plain recipes are the same for all."""
    return recipes.of(release, camera) if isinstance(recipes, RecipeBook) else recipes
