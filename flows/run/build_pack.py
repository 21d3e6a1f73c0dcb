"""Building a pack from a recipe file or a selection, for the command and the flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flows.run.load_recipes import every_processor, wanted_today
from processors.errors import RequestError
from processors.languages.text import Text
from processors.packs.build import Built, build
from processors.packs.gallery.page import write_gallery
from processors.packs.recipe.pack_recipe import Audience, Recipe
from processors.packs.recipe.recipe_file import read_recipe
from processors.packs.registry import remember
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import ResultRef
from processors.store.store import Store

EVERYTHING = "Everything in the store"


def recipe_of(words: Sequence[str], *, audience: Audience | None = None, title: str | None = None) -> Recipe:
    """Return the recipe in the TOML file that the words name, or one with the defaults for the selection that they are.

    Raises
    ------
    RequestError : the recipe has mistakes; the message lists them all.
    """
    if len(words) == 1 and words[0].endswith(".toml"):
        if not Path(words[0]).is_file():
            raise RequestError(f"{words[0]}: no such file")
        recipe = read_recipe(Path(words[0]), processor_names())
    else:
        recipe = Recipe(title=Text(en=EVERYTHING if set(words) <= {"*"} else " ".join(words)), selection=tuple(words))
    if audience:
        recipe = replace(recipe, audience=audience)
    return replace(recipe, title=Text(en=title)) if title else recipe


def processor_names() -> frozenset[str]:
    """Return the name of every processor that a pack recipe may name."""
    every = [processors for recipes in every_processor() for processors in recipes.values()]
    return frozenset(processor.name for processors in every for processor in processors)


def build_pack(recipe: Recipe, output: Path, store: Store, *, force: bool = False) -> Built:
    """Build a pack and record what it was made of; raises as `build` does."""
    wanted = wanted_today(Catalogue(store).sources().values())

    def asked(row: SourceRow) -> frozenset[ResultRef]:
        return frozenset(one.ref for one in wanted.of(row))

    built = build(recipe, output, store, asked=asked, gallery=write_gallery, force=force)
    remember(store, built)
    return built
