"""Words that the shell completes: names of processors, sources and recipes, and keys of a selection."""

from __future__ import annotations

import os

import click

KEYS = ("medium=", "release=", "processor=", "mission=", "sol=", "event=", "camera=", "date=", "redistribute=", "sql=")
MEDIA = ("video", "audio", "photo")


def complete_processors(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the processors whose names begin like this."""
    from flows.run.recipe_changes.load_recipes import known_processors

    names = {p.name for recipes in known_processors() for ours in recipes.values() for p in ours}
    return sorted(name for name in names if name.startswith(incomplete))


def complete_recipes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the recipes whose names begin like this."""
    from flows.run.recipe_changes.load_recipes import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


def complete_sources(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the sources of the store whose names begin like this; empty without a store."""
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.open_store import is_address, is_store, open_store

    folder = context.params.get("store_folder") or os.environ.get("MARSMEDIA_STORE") or "processed"
    if is_address(folder) or not is_store(folder):  # a bucket is too slow for the press of a key
        return []
    names = {row.name for row in Catalogue(open_store(folder)).sources().values() if row.kind == "media"}
    return sorted(name for name in names if name.startswith(incomplete))


def complete_selection(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the words of a selection that begin so: keys, their values where they are few, and sources."""
    key, equals, value = incomplete.partition("=")
    if equals and key == "processor":
        return [f"processor={name}" for name in complete_processors(context, parameter, value)]
    if equals and key == "medium":
        return [f"medium={medium}" for medium in MEDIA if medium.startswith(value)]
    return [one for one in KEYS if one.startswith(incomplete)] + complete_sources(context, parameter, incomplete)
