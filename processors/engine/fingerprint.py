"""Fingerprint of a source: it changes whenever anything that determines the source's wanted results does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from processors.contract import result_key
from processors.engine.program_files import PROCESSORS, state_of_files
from processors.engine.recipe_book import RecipeBook, Recipes, every_recipe, processors_of
from processors.engine.release_calibrations import has_calibration
from processors.engine.release_index import ReleaseIndex
from processors.store.catalogue.source_row import SourceRow


class Fingerprints:
    """Fingerprints of the sources of one run.

    A fingerprint covers the recipes with versions and parameters of all processors, the program's own files, and for
    each path of the source its bytes, location, type and evidence, the name that its results print
    (`ReleaseIndex.name_of_bytes`), and the bytes of all files that describe it (`ReleaseIndex.descriptions_of`).
    """

    def __init__(self, recipes: Recipes, releases: ReleaseIndex) -> None:
        self._releases = releases
        self.recipes = recipes_digest(recipes)
        self._is_calibrated = any(map(has_calibration, processors_of(recipes)))

    def of(self, places: Sequence[SourceRow]) -> str | None:
        """Return the fingerprint of a source, given its paths in the order of the plan.

        None for audio if the recipes contain a calibration: every run reports whether any audio uses it.
        """
        if self._is_calibrated and any(row.has_sound or row.medium == "audio" for row in places):
            return None
        found = hashlib.sha256(self.recipes.encode())
        for row in places:
            what = f"{row.digest}\n{row.label_name}\n{row.label_sha256}\n{row.medium}\n{row.format}"
            streams = f"{row.has_sound}\n{row.has_subtitles}"
            named = f"{self._releases.name_of_bytes(row)}\n{self._releases.descriptions_of(row)}"
            where = f"{row.path}\n{row.release}\n{row.evidence_key}\n{named}\n"
            found.update(f"{what}\n{streams}\n{where}".encode())
        return found.hexdigest()[:32]


def recipes_digest(recipes: Recipes) -> str:
    """Return the digest of recipes, with versions and parameters of all processors, and of the program's files."""
    parts = [repr(recipes.changes)] if isinstance(recipes, RecipeBook) else []
    for one in every_recipe(recipes):
        parts += [f"{medium} {result_key(processor)}" for medium, ours in one.items() for processor in ours]
    return hashlib.sha256("\n".join([state_of_files(PROCESSORS), *parts]).encode()).hexdigest()
