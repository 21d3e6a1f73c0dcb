"""Names of results as the by-name view has them, for commands that name results and copy their items."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property

from processors.store.by_name_view import ByNameEntry
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef
from processors.store.store import Store


class NamesInView:
    """Names of the results of some files: those of their links in the view, else as `rebuild` would write them.

    A store in a bucket has no view. Recipes are read when a file has no links, which raises as `load_recipes`.
    """

    def __init__(self, rows: Iterable[SourceRow], store: Store, catalogue: Catalogue) -> None:
        self._rows = list(rows)
        self._store = store
        self._catalogue = catalogue
        self._last: tuple[SourceRow, dict[str, str]] | None = None

    def of(self, row: SourceRow, ref: ResultRef) -> str | None:
        """Return the name of a file's result; None for one that the view does not show, such as an older version's."""
        if links := self._links(row):
            return links.get(os.path.realpath(self._store.folder(ref)))
        return self._as_rebuilt.get(row.path, {}).get(ref)

    def _links(self, row: SourceRow) -> dict[str, str]:
        """Return the name of each link of a file, by the folder of the result; empty without a view."""
        if not self._store.is_in_folder:
            return {}
        if self._last is None or self._last[0] is not row:
            folder = ByNameEntry.at(row.relative, row.release).links_folder(self._store)
            folders = folder, folder.with_name(f"{folder.name}~{row.digest[:8]}")
            links = [link for one in folders for link in one.glob("*") if link.is_symlink()]
            self._last = row, {os.path.realpath(link): link.name for link in links}
        return self._last[1]

    @cached_property
    def _as_rebuilt(self) -> dict[str, dict[ResultRef, str]]:
        from flows.run.planning.known_files import by_name_entries  # takes as long to import as `items` to answer
        from flows.run.recipe_changes.load_recipes import wanted_today

        media = sorted((row for row in self._rows if row.kind == "media"), key=lambda row: row.relative)
        entries = by_name_entries(media, wanted_today(self._catalogue.sources().values()), self._catalogue)
        return {row.path: {ref: name for name, ref in entry.links} for row, entry in zip(media, entries, strict=True)}
