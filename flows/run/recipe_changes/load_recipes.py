"""Operator's recipes, completed with the inputs of their processors; an error is one line."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from flows.run.folder_defaults import recipe_file
from flows.run.recipe_changes.recipe_file import read_recipe_file
from processors.contract import Medium, Processor
from processors.engine.parameters import changed
from processors.engine.recipe_book import RecipeBook, RecipeChange, Recipes
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import WantedResults
from processors.errors import RecipeError, RequestError, meant
from processors.store.catalogue.source_row import SourceRow

FULL = "full"


def load_recipes(recipe: str | None = None) -> RecipeBook:
    """Load a named recipe of `flows/recipes.py`, with the changes of the recipe file if there is one.

    An input that an entry leaves at its default is the recipe's own entry for that processor: one
    `Spectrogram(window="hamming")` also applies to the picture, the spectra and the events.

    Parameters
    ----------
    recipe : its name; None for the one that the recipe file names, else the full one.

    Raises
    ------
    RecipeError : a parameter that does not exist, a value that is not allowed, or a mistake in a file.
    RequestError : no recipe has this name.
    """
    return load_recipes_of(recipe_file(), recipe)


def load_recipes_of(file: Path | None, recipe: str | None = None) -> RecipeBook:
    """Load a named recipe with the changes of a recipe file, None for no changes; as `load_recipes`."""
    return _book(_module(), read_recipe_file(file) if file else (), recipe, file)


def recipe_names() -> list[str]:
    """Return the names of all recipes; raises as `load_recipes`."""
    return [FULL, *_choices(_module())]


def _module() -> ModuleType:
    try:
        import flows.recipes
    except (ValueError, TypeError, NameError, SyntaxError, ImportError, AttributeError) as error:
        raise RecipeError(f"flows/recipes.py: {error}") from error
    return flows.recipes


def _choices(module: ModuleType) -> Mapping[str, Sequence[type[Any]]]:
    return getattr(module, "CHOICES", {})  # missing from recipes written before there were several


def _book(module: ModuleType, changes: Sequence[RecipeChange], recipe: str | None, file: Path | None) -> RecipeBook:
    known = [FULL, *_choices(module)]
    if recipe is not None and recipe not in known:
        raise RequestError(f"{recipe}: no such recipe; {meant(recipe, known)}")

    def build(some: Sequence[RecipeChange]) -> Recipes:
        with _naming(file):
            return _built(module, some, recipe)

    book = RecipeBook(changes, build)
    _ = book.all  # report a mistake in the change for one release even if no run includes that release
    return book


@contextmanager
def _naming(file: Path | None) -> Iterator[None]:
    """Add the name of the recipe file to the message about a mistake in it."""
    try:
        yield
    except RequestError as error:
        raise RecipeError(f"{file}: {error}") from error


def _built(module: ModuleType, changes: Sequence[RecipeChange], recipe: str | None) -> Recipes:
    """Return the recipes with changes; a requested recipe overrides those that changes name."""
    full, others = _changed(module, changes)
    named = [one.recipe for one in changes if one.recipe]
    choice = recipe or (named[-1] if named else FULL)
    choices = _choices(module)
    if choice not in (FULL, *choices):
        raise RequestError(f"recipe = {choice}: no such recipe; {meant(choice, [FULL, *choices])}")
    chosen = {p.name for ours in full.values() for p in ours}
    if choice != FULL:
        chosen &= {kind.name for kind in choices[choice]}
    also: set[str] = set()
    for change in changes:
        also = (also | set(change.also)) - set(change.without)
        chosen = (chosen | set(change.also)) - set(change.without)
    recipes: dict[Medium, tuple[Processor, ...]] = {}
    for medium, ours in full.items():
        entries = [p for p in ours if p.name in chosen]
        known = {p.name for p in ours}
        entries += [p for p in others.get(medium, ()) if p.name in also and p.name not in known]
        recipes[medium] = with_own_inputs(entries, ours)
    return recipes


def _changed(module: ModuleType, changes: Sequence[RecipeChange]) -> tuple[Recipes, Recipes]:
    """Return the entries of the recipes, and those made on request, with changed parameters."""
    full, others = dict(module.RECIPES), dict(module.ON_REQUEST)
    known = {p.name for recipes in (full, others) for ours in recipes.values() for p in ours}
    for change in changes:
        for name in (*change.also, *change.without, *change.parameters):
            if name not in known:
                raise RequestError(f"{name}: no such processor; {meant(name, sorted(known))}")
        for recipes in (full, others):
            for medium, ours in recipes.items():
                recipes[medium] = tuple(changed(p, change.parameters.get(p.name, {})) for p in ours)
    return full, others


def with_own_inputs(processors: Sequence[Processor], recipe: Sequence[Processor]) -> tuple[Processor, ...]:
    """Return the processors; inputs left at their defaults become the recipe's entries.

    A processor that is in the recipe twice, with different parameters, is not a default input.
    """
    counts = Counter(one.name for one in recipe)
    own = {one.name: one for one in recipe if counts[one.name] == 1}
    return tuple(_with_own_inputs(one, own) for one in processors)


def _with_own_inputs(processor: Processor, own: Mapping[str, Processor]) -> Processor:
    inputs: dict[str, Processor] = {}
    for field in dataclasses.fields(processor):  # type: ignore[arg-type]
        default, value = _default_input(field), getattr(processor, field.name)
        if default is not None and value == default:
            inputs[field.name] = _with_own_inputs(own.get(value.name, value), own)
    return dataclasses.replace(processor, **inputs) if inputs else processor  # type: ignore[type-var]


def _default_input(field: dataclasses.Field[Any]) -> Processor | None:
    """Return the default processor of a parameter; None for a parameter of another kind."""
    kind: Any = field.default_factory
    return kind() if hasattr(kind, "reads") else None


def without_own_inputs(processor: Processor, recipe: Sequence[Processor]) -> Processor:
    """Return the processor as written in a recipe: without the inputs that the recipe supplies anyway."""
    for field in dataclasses.fields(processor):  # type: ignore[arg-type]
        if (default := _default_input(field)) is not None:
            short = dataclasses.replace(processor, **{field.name: default})  # type: ignore[type-var]
            if with_own_inputs([short], recipe) == with_own_inputs([processor], recipe):
                processor = short
    return processor


def on_request() -> RecipeBook:
    """Load the results made on request; their inputs are the full recipes' entries. Raises as `load_recipes`."""
    file = recipe_file()

    def build(some: Sequence[RecipeChange]) -> Recipes:
        with _naming(file):
            full, others = _changed(_module(), some)
        return {medium: with_own_inputs(ours, full[medium]) for medium, ours in others.items()}

    return RecipeBook(read_recipe_file(file) if file else (), build)


def wanted_today(rows: Iterable[SourceRow]) -> WantedResults:
    """Return the results that the current recipes want of files; raises as `load_recipes`.

    Parameters
    ----------
    rows : every file of the catalogue, since one may describe another.
    """
    return WantedResults(load_recipes(), ReleaseIndex(rows))


def every_processor() -> list[RecipeBook]:
    """Return the full recipes and the processors run on request; raises as `load_recipes`."""
    return [load_recipes(FULL), on_request()]


def known_processors() -> list[RecipeBook]:
    """Return `every_processor`, and last the full recipe with what the recipe file leaves out."""
    file = recipe_file()

    def build(some: Sequence[RecipeChange]) -> Recipes:
        with _naming(file):
            return _built(_module(), [dataclasses.replace(one, without=()) for one in some], FULL)

    return [*every_processor(), RecipeBook(read_recipe_file(file) if file else (), build)]


def named(name: str, *recipes: Recipes) -> Recipes:
    """Return one processor for each medium, as in the first recipe that has it.

    Raises
    ------
    RequestError : no such processor; the message names those with similar names, or all.
    """
    for some in recipes:
        found: Recipes = {medium: tuple(p for p in ours if p.name == name) for medium, ours in some.items()}
        if any(found.values()):
            return found
    names = {p.name for some in recipes for processors in some.values() for p in processors}
    raise RequestError(f"{name}: no such processor; {meant(name, sorted(names))}")


def processor_class(name: str) -> type[Any]:
    """Return the class of a processor, whatever the recipe file leaves out; raises as `named`."""
    module = _module()
    return next(type(one) for ours in named(name, module.RECIPES, module.ON_REQUEST).values() for one in ours)
