"""Provenance of an item, and changes since it was made: its bytes, the source, the libraries, the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.engine.plan import changes, differing
from processors.engine.result_records import software
from processors.engine.wanted_results import WantedResult
from processors.errors import RequestError
from processors.sources.source_file import sha256_of
from processors.store.bucket.raw_bucket import present
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Provenance:
    result: Manifest
    item: str | None
    changes: tuple[str, ...]
    """Sentences about changes; empty if nothing has changed."""


def provenance_of(
    manifest: Manifest, item: str | None, seen: Sequence[SourceRow], wanted: Sequence[WantedResult], store: Store
) -> Provenance:
    """Compare a result with the current state.

    Parameters
    ----------
    seen : paths of its source in the catalogue.
    wanted : results of that source that the recipes currently request.

    Raises
    ------
    RequestError : the result has no such item.
    """
    told = [*_bytes_changes(manifest, item, store), *_source_changes(seen), *_software_changes(manifest)]
    return Provenance(result=manifest, item=item, changes=(*told, *_recipe_changes(manifest, wanted)))


def _bytes_changes(manifest: Manifest, name: str | None, store: Store) -> list[str]:
    if name is None:
        return []
    known = {item.name: item for item in manifest.items}
    if name not in known:
        raise RequestError(f"{name}: {manifest.ref.processor} did not make it; it made {', '.join(sorted(known))}")
    digest = sha256_of(store.item_path(manifest.ref, name))
    if digest == known[name].sha256:
        return []
    return [f"the item: its bytes have changed: SHA-256 {digest}, not {known[name].sha256}"]


def _source_changes(seen: Sequence[SourceRow]) -> list[str]:
    told = []
    for row in seen:
        now = present(row.path)
        if now is None:
            told.append(f"the source: no longer at {row.path}")
            continue
        if now == (row.size_bytes, row.mtime_ns):
            return []
        told.append(f"the source: {row.path} has changed in size or date")
    return told or ["the source: not in the catalogue: run `marsmedia ingest`"]


def _software_changes(manifest: Manifest) -> list[str]:
    apart = differing(manifest.software, software())
    return [f"{name}: {then or 'none'} -> {now or 'none'}" for name, (then, now) in apart.items()]


def _recipe_changes(manifest: Manifest, wanted: Sequence[WantedResult]) -> list[str]:
    asked = [one for one in wanted if one.ref.processor == manifest.ref.processor]
    if any(one.ref == manifest.ref for one in asked):
        return []
    if not asked:
        return ["the recipe: it does not request this processor"]
    return [f"the recipe: it requests {changes(manifest.version, manifest.parameters, one.processor)}" for one in asked]
