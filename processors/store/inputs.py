"""Stored results as inputs of other processors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.contract import Inputs, Processor, Reads, Source, T, inputs_of
from processors.errors import ItemMissing, UsedNotMade
from processors.json_records import Json, from_json
from processors.store.manifest import Manifest, ResultRef, StoredItem
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    store: Store
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Return an item's path; raises `ResultMissing` if the result has no such item."""
        self._item(name)
        return self.store.item_path(self.manifest.ref, name)

    def facts(self, name: str, kind: type[T]) -> T:
        """Return an item's facts as the type of record from which they were stored."""
        return from_json(kind, self._item(name).facts)

    def _item(self, name: str) -> StoredItem:
        if (item := self.manifest.item(name)) is None:
            raise ItemMissing(f"{self.manifest.ref.processor}: has no item {name!r}")
        return item


def stored_inputs(processor: Processor, source: Source, store: Store) -> Inputs[Any] | None:
    """Return the results of one source that a processor uses; None if it uses none.

    Raises
    ------
    UsedNotMade : one of them failed or was refused, so this one cannot be made either.
    ResultMissing : one of them is missing.
    """
    found: dict[str, StoredResult] = {}
    facts: dict[Reads, Json] = {}
    for used in inputs_of(processor):
        manifest = store.manifest(ResultRef.of(used, source.digests))
        if manifest.verdict != "made":
            raise _because_of(used, manifest, source, store)
        found[used.name] = StoredResult(store=store, manifest=manifest)
        facts[used.reads] = manifest.source_facts
    return Inputs(info=None, results=found, source_facts=facts, source_name=source.name) if found else None


def _because_of(processor: Processor, manifest: Manifest, source: Source, store: Store) -> UsedNotMade:
    """Find the root cause: a failed result may itself be due to another failed result."""
    for used in inputs_of(processor):
        below = store.manifest(ResultRef.of(used, source.digests))
        if below.verdict != "made":
            return _because_of(used, below, source, store)
    return UsedNotMade(processor.name, manifest.verdict, manifest.reason or "unknown", manifest.blame or "file")
