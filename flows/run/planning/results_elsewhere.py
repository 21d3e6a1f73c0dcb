"""Results that belong to other places of the same bytes: their evidence, and results made from files next to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flows.run.recipe_changes.load_recipes import wanted_today
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.manifest import ResultRef


def results_elsewhere(rows: Iterable[SourceRow], catalogue: Catalogue) -> Mapping[str, frozenset[ResultRef]]:
    """Return the results of today's recipes that are not those of a file's own place, by path.

    A file without copies has none, and is left out.
    """
    known = catalogue.sources().values()
    places = by_source(row for row in known if row.kind == "media")
    chosen = [row for row in rows if row.kind == "media" and len(places.get(row.digest, ())) > 1]
    if not chosen:
        return {}
    today = wanted_today(known)
    own = {
        row.path: {one.ref for one in today.of_path(row) if one.is_of_path}
        for digest in {row.digest for row in chosen}
        for row in places[digest]
    }
    return {
        row.path: frozenset().union(*(own[place.path] for place in places[row.digest])) - own[row.path]
        for row in chosen
        if row.path in own
    }
