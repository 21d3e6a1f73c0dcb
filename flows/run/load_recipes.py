"""Loads the recipes that an operator edits, and says in one line what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted import Recipes, WantedResults
from processors.errors import RecipeError, RequestError
from processors.store.catalogue import SourceRow


def load_recipes() -> Recipes:
    """What `flows/recipes.py` says.

    Raises
    ------
    RecipeError : a parameter that does not exist, a value that is not allowed, or a mistake in the Python.
    """
    try:
        from flows.recipes import RECIPES
    except (ValueError, TypeError, NameError, SyntaxError, ImportError, AttributeError) as error:
        raise RecipeError(str(error)) from error
    return RECIPES


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
    from flows.recipes import ON_REQUEST

    if found := _named(name, ON_REQUEST):
        return found
    names = sorted({p.name for processors in (*recipes.values(), *ON_REQUEST.values()) for p in processors})
    raise RequestError(f"{name}: no such processor: there are {', '.join(names)}")


def _named(name: str, recipes: Recipes) -> Recipes:
    found: Recipes = {medium: tuple(p for p in ours if p.name == name) for medium, ours in recipes.items()}
    return found if any(found.values()) else {}


def kind_of(name: str) -> type[Any]:
    """The class of a processor; raises as `named`."""
    return next(type(processor) for ours in named(name, load_recipes()).values() for processor in ours)
