"""Stored results as inputs of other processors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.contract import Inputs, Processor, Reads, Source, T, inputs_of, works_without_inputs
from processors.errors import ItemMissing, UsedNotMade, is_over_limit_of_run
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
    UsedNotMade : one of them failed or was refused, so this one cannot be made either; of a processor with
        `works_without_inputs` only if another run may make it.
    ResultMissing : one of them is missing.
    """
    found: dict[str, StoredResult] = {}
    facts: dict[Reads, Json] = {}
    not_made: dict[str, str] = {}
    for used in inputs_of(processor):
        manifest = store.manifest(ResultRef.of(used, source.digests))
        if manifest.verdict != "made":
            if not (works_without_inputs(processor) and _is_of_file(manifest)):
                raise _because_of(used, manifest, source, store)
            not_made[used.name] = manifest.reason or "unknown"
            continue
        found[used.name] = StoredResult(store=store, manifest=manifest)
        facts[used.reads] = manifest.source_facts
    if not found and not not_made:
        return None
    return Inputs(info=None, results=found, source_facts=facts, not_made=not_made)


def _is_of_file(manifest: Manifest) -> bool:
    """Return whether it lies in the file that a result was not made, so that no other run of this version makes it."""
    return manifest.blame in ("file", "version") and not is_over_limit_of_run(manifest.reason)


def _because_of(processor: Processor, manifest: Manifest, source: Source, store: Store) -> UsedNotMade:
    """Find the root cause: a failed result may itself be due to another failed result."""
    for used in inputs_of(processor):
        below = store.manifest(ResultRef.of(used, source.digests))
        if below.verdict != "made":
            return _because_of(used, below, source, store)
    return UsedNotMade(processor.name, manifest.verdict, manifest.reason or "unknown", manifest.blame or "file")
