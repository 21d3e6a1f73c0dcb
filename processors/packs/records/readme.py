"""`README.txt` at the top of a pack, in the pack's languages: what to open first."""

from __future__ import annotations

from processors.languages.language import phrase
from processors.packs.contents.layout import places_of
from processors.packs.contents.names import UniqueNames
from processors.packs.contents.packed_file import PackIdentity
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records.iiif import FILE


def readme(recipe: Recipe, identity: PackIdentity) -> bytes:
    """Return the file, one language after the other."""
    path = places_of(recipe.layout or "source", UniqueNames()).record(FILE)
    iiif = recipe.web_address + path if recipe.web_address else phrase("iiif_here")
    text = phrase(
        "readme_by_kind" if recipe.layout == "kind" else "readme",
        title=recipe.title,
        urn=identity.urn,
        day=identity.day,
        audience=recipe.audience,
        iiif=iiif,
    )
    return "\n".join(text[code] for code in recipe.languages).encode()
