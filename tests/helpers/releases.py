"""Releases that hold the same photo, each with words of its own, ingested and packed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from flows.run.build_pack import build_pack, recipe_of
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import SourceRecord, subjects
from processors.packs.recipe.audience import Audience
from processors.packs.recipe.pack_recipe import Override
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.sql import connect
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"video": (), "audio": (), "photo": (Metadata(), PhotoPreview(), Evidence())}
FREE = "redistribute = true\nrights = 'CC0'\ncredit = 'Someone else'\n[[file]]\npath = 'b.jpg'\ntitle = 'Photo as A'\n"
RESTRICTED = "redistribute = false\nrights = 'unresolved'\ncredit = 'CNSA'\n[[file]]\npath = 'b.jpg'\ntitle = 'As B'\n"


class Releases:
    """Releases that hold the same photo."""

    def __init__(self, folder: Path) -> None:
        self.raw, self.store_folder, self.out = folder / "raw", folder / "store", folder / "out"
        self.raw.mkdir()
        photo = MediaMaker(folder).photo("photo.jpg", size=(80, 60))
        self.bytes = photo.read_bytes()

    def add(self, release: str, words: str | None, *names: str) -> None:
        for name in names or ("b.jpg",):
            path = self.raw / release / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.bytes)
        if words is not None:
            (self.raw / release / "release.toml").write_text(words)

    def ingest(self) -> tuple[int, int, int, int, int]:
        return counts(ingest(self.raw, self.store_folder, RECIPES))

    @property
    def store(self) -> Store:
        return Store(self.store_folder)

    def subject(self, *words: str) -> SourceRecord:
        catalogue = Catalogue(self.store)
        (found,) = subjects(select(parse(words), catalogue), self.store, catalogue)
        with connect(catalogue) as connection:  # a selection by rights finds what a pack takes as cleared
            asked = "SELECT redistribute FROM sightings WHERE path = ? AND source = ?"
            (may,) = connection.execute(asked, [found.path, found.digest]).fetchall()
        assert may == (found.redistribute,)
        return found

    def pack(self, *words: str, audience: Audience = "public", overrides: tuple[Override, ...] = ()) -> str:
        """Build a pack; gives its CREDITS.txt."""
        recipe = dataclasses.replace(recipe_of(words, audience=audience), overrides=overrides)
        build_pack(recipe, self.out, self.store, force=True)
        return next((self.out / "data").rglob("CREDITS.txt")).read_text()
