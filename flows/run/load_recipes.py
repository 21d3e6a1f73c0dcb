"""Recipes of the operator, completed with the inputs of their processors; an error is one line."""

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

    An input that an entry leaves at its default is the recipe's own entry for that processor: one
    `Spectrogram(window="hamming")` also applies to the picture, the spectra and the events.

    Parameters
    ----------
    as_written : return the entries unchanged; their inputs keep the defaults.

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
    """Load the results made on request; they build on the recipes' entries. Raises as `load_recipes`."""
    recipes = load_recipes()
    from flows.recipes import ON_REQUEST

    return {medium: with_own_inputs(ours, recipes[medium]) for medium, ours in ON_REQUEST.items()}


def with_own_inputs(processors: Sequence[Processor], recipe: Sequence[Processor]) -> tuple[Processor, ...]:
    """Return the processors; inputs left at their defaults become the recipe's entries.

    A processor that is in the recipe twice, with different parameters, is not used as an input by default.
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
    """Return the processor as a recipe entry is written: without the inputs that the recipe supplies anyway."""
    for field in dataclasses.fields(processor):  # type: ignore[arg-type]
        if (default := _default_input(field)) is not None:
            short = dataclasses.replace(processor, **{field.name: default})  # type: ignore[type-var]
            if with_own_inputs([short], recipe) == with_own_inputs([processor], recipe):
                processor = short
    return processor


def wanted_today(rows: Iterable[SourceRow]) -> WantedResults:
    """Return what today's recipes want of files; raises as `load_recipes`.

    Parameters
    ----------
    rows : every file of the catalogue, since one may describe another.
    """
    return WantedResults(load_recipes(), ReleaseIndex(rows))


def named(name: str, recipes: Recipes) -> Recipes:
    """Return one processor, for each medium, as in the recipes; if it is not in them, with the defaults.

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
    raise RequestError(f"{name}: no such processor: use one of {', '.join(names)}")


def _named(name: str, recipes: Recipes) -> Recipes:
    found: Recipes = {medium: tuple(p for p in ours if p.name == name) for medium, ours in recipes.items()}
    return found if any(found.values()) else {}


def kind_of(name: str) -> type[Any]:
    """Return the class of a processor; raises as `named`."""
    return next(type(processor) for ours in named(name, load_recipes()).values() for processor in ours)
