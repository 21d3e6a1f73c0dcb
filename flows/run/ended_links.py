"""Links of the by-name view to results made of companions that their file has no longer."""

from __future__ import annotations

from collections.abc import Iterable

from processors.engine.own_companions import OwnCompanions
from processors.store.by_name_view import ByNameEntry, remove_links
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.store import Store


def remove_ended_links(ended: Iterable[str], rows: Iterable[SourceRow], store: Store) -> None:
    """Remove the links of files to results that do not count any more (`OwnCompanions.counting`).

    Parameters
    ----------
    ended : paths of files that were replaced, or are gone.
    rows : files whose links are looked at, if one of `ended` was next to them.
    """
    if not store.is_in_folder:
        return
    folders = {path.rpartition("/")[0] for path in ended}
    own = OwnCompanions(Catalogue(store).sightings)
    for row in rows:
        if row.kind == "media" and row.path.rpartition("/")[0] in folders:
            results = list(store.manifests(row.digest))
            counting = {one.ref for one in own.counting(results, row)}
            others = [one.ref for one in results if one.ref not in counting]
            remove_links(store, ByNameEntry.at(row.relative, row.release), others)
