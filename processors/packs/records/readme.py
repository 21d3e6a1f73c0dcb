"""`README.txt` at the top of a pack, in the pack's languages: what to open first."""

from __future__ import annotations

from processors.languages.language import phrase
from processors.packs.contents.packed_file import PackIdentity
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records.iiif import FILE, LOCAL_ADDRESS


def readme(recipe: Recipe, identity: PackIdentity) -> bytes:
    """Return the file, one language after the other."""
    address = (recipe.web_address or LOCAL_ADDRESS) + FILE
    text = phrase(
        "readme", title=recipe.title, urn=identity.urn, day=identity.day, audience=recipe.audience, address=address
    )
    return "\n".join(text[code] for code in recipe.languages).encode()
