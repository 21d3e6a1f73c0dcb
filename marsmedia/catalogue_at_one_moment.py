"""A catalogue as it was when it was first read, of which the places of all files are read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.forked_process import refuse_if_forked

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from processors.store.store import Store


class CatalogueAtOneMoment(Catalogue):
    """Catalogue that a notebook reads until a run changes it: each table stays as it was when it was first opened."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._tables: dict[str, DeltaTable | None] = {}

    def sightings(self, where: str = "TRUE") -> list[SourceRow]:
        return list(self._every) if where == "TRUE" else super().sightings(where)

    @cached_property
    def _every(self) -> list[SourceRow]:
        return super().sightings()

    def _opened(self, name: str) -> DeltaTable | None:
        refuse_if_forked()
        if name not in self._tables:
            self._tables[name] = super()._opened(name)
        return self._tables[name]
