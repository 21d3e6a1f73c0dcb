"""Loads the recipes that an operator edits, and says in one line what is wrong with them."""

from __future__ import annotations

from processors.errors import RecipeError
from processors.plan import Recipes


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
