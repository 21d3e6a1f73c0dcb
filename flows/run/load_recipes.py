"""Recipes as an operator writes them, with what their processors build on; one line says what is wrong with them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from processors.contract import Processor
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted import Recipes, WantedResults
from processors.errors import RecipeError, RequestError
from processors.store.catalogue import SourceRow


def load_recipes(*, as_written: bool = False) -> Recipes:
    """Load the recipes of `flows/recipes.py`.

    Where an entry says nothing of a processor that it builds on, it takes the recipe's own entry for it: one
    `Spectrogram(window="hamming")` is that of the picture, the spectra and the events, too.

    Parameters
    ----------
    as_written : the entries alone; what they build on has its defaults.

    Raises
    ------
    RecipeError : a parameter that does not exist, a value that is not allowed, or a mistake in the Python.
    """
    try:
        from flows.recipes import RECIPES
    except (ValueError, TypeError, NameError, SyntaxError, ImportError, AttributeError) as error:
        raise RecipeError(str(error)) from error
    return RECIPES if as_written else {medium: with_own_inputs(ours, ours) for medium, ours in RECIPES.items()}


def on_request() -> Recipes:
    """Load what is made when asked for; it builds on the recipes' entries. Raises as `load_recipes`."""
    recipes = load_recipes()
    from flows.recipes import ON_REQUEST

    return {medium: with_own_inputs(ours, recipes[medium]) for medium, ours in ON_REQUEST.items()}


def with_own_inputs(processors: Sequence[Processor], recipe: Sequence[Processor]) -> tuple[Processor, ...]:
    """Processors whose inputs, where they are left at their defaults, are the recipe's entries.

    A processor that stands in the recipe twice, with different parameters, is nobody's input by itself.
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
    """The processor that a parameter holds by default; None for a parameter of another kind."""
    kind: Any = field.default_factory
    return kind() if hasattr(kind, "reads") else None


def without_own_inputs(processor: Processor, recipe: Sequence[Processor]) -> Processor:
    """The same processor as an entry of the recipe is written: without the inputs that the recipe gives it anyway."""
    for field in dataclasses.fields(processor):  # type: ignore[arg-type]
        if (default := _default_input(field)) is not None:
            short = dataclasses.replace(processor, **{field.name: default})  # type: ignore[type-var]
            if with_own_inputs([short], recipe) == with_own_inputs([processor], recipe):
                processor = short
    return processor


def wanted_today(rows: Iterable[SourceRow]) -> WantedResults:
    """What today's recipes want of files; raises as `load_recipes`.

    Parameters
    ----------
    rows : every file of the catalogue, for what one says of another.
    """
    return WantedResults(load_recipes(), ReleaseIndex(rows))


def named(name: str, recipes: Recipes) -> Recipes:
    """One processor, for each medium, as the recipes have it; where they do not, with the defaults.

    Raises
    ------
    RequestError : no such processor; the message lists all.
    """
    if found := _named(name, recipes):
        return found
    others = on_request()
    if found := _named(name, others):
        return found
    names = sorted({p.name for processors in (*recipes.values(), *others.values()) for p in processors})
    raise RequestError(f"{name}: no such processor: there are {', '.join(names)}")


def _named(name: str, recipes: Recipes) -> Recipes:
    found: Recipes = {medium: tuple(p for p in ours if p.name == name) for medium, ours in recipes.items()}
    return found if any(found.values()) else {}


def kind_of(name: str) -> type[Any]:
    """The class of a processor; raises as `named`."""
    return next(type(processor) for ours in named(name, load_recipes()).values() for processor in ours)
