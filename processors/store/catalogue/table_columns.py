"""Columns of the catalogue's tables, and the values in the rows of a result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_type_hints

from processors.json_records import canonical_json
from processors.store.catalogue.source_row import SourceRow
from processors.store.catalogue.stored_links import LINK_COLUMNS
from processors.store.manifest import Manifest, StoredItem

ColumnType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"]
"""Type of a column, in SQL's words."""

_RESULT: dict[str, tuple[ColumnType, Callable[[Manifest], Any]]] = {
    "source": ("VARCHAR", lambda result: result.ref.source),
    "processor": ("VARCHAR", lambda result: result.ref.processor),
    "key": ("VARCHAR", lambda result: result.ref.key),
    "version": ("BIGINT", lambda result: result.version),
    "parameters": ("VARCHAR", lambda result: canonical_json(result.parameters).decode()),
    "verdict": ("VARCHAR", lambda result: result.verdict),
    "reason": ("VARCHAR", lambda result: result.reason),
    "item_count": ("BIGINT", lambda result: len(result.items)),
    "size_bytes": ("BIGINT", lambda result: sum(item.size_bytes for item in result.items)),
    "source_name": ("VARCHAR", lambda result: result.source_name),
    "release": ("VARCHAR", lambda result: result.release),
    "source_facts": ("VARCHAR", lambda result: json.dumps(result.source_facts, ensure_ascii=False)),
    "started_utc": ("VARCHAR", lambda result: result.started_utc),
    "seconds": ("DOUBLE", lambda result: result.seconds),
    "reading_seconds": ("DOUBLE", lambda result: result.cost.reading_seconds if result.cost else None),
    "own_seconds": ("DOUBLE", lambda result: result.cost.own_seconds if result.cost else None),
    "blame": ("VARCHAR", lambda result: result.blame),
    "made_without": ("VARCHAR", lambda result: ",".join(result.made_without) or None),
    "damage": ("VARCHAR", lambda result: None),  # in the store: set by a check, cleared when the result is made again
}
_ITEM: dict[str, tuple[ColumnType, Callable[[Manifest, StoredItem], Any]]] = {
    "source": ("VARCHAR", lambda result, item: result.ref.source),
    "processor": ("VARCHAR", lambda result, item: result.ref.processor),
    "key": ("VARCHAR", lambda result, item: result.ref.key),
    "name": ("VARCHAR", lambda result, item: item.name),
    "media_type": ("VARCHAR", lambda result, item: item.media_type),
    "size_bytes": ("BIGINT", lambda result, item: item.size_bytes),
    "sha256": ("VARCHAR", lambda result, item: item.sha256),
    "facts": ("VARCHAR", lambda result, item: json.dumps(item.facts, ensure_ascii=False)),
}


def _of_sources() -> dict[str, ColumnType]:
    """Return columns for the fields of `SourceRow`; all but numbers are text."""
    numbers: dict[type, ColumnType] = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}
    kinds = {name: set(get_args(hint) or (hint,)) for name, hint in get_type_hints(SourceRow).items()}
    columns: dict[str, ColumnType] = dict.fromkeys(kinds, "VARCHAR")
    columns.update((name, word) for name, held in kinds.items() for kind, word in numbers.items() if kind in held)
    return columns


COLUMNS: Mapping[str, Mapping[str, ColumnType]] = {
    "sources": _of_sources(),
    "results": {name: kind for name, (kind, _) in _RESULT.items()},
    "items": {name: kind for name, (kind, _) in _ITEM.items()},
    "links": LINK_COLUMNS,
}
"""Columns of every table. Columns added later read as NULL in older stores."""
IDENTITY = {
    "sources": ("digest", "path"),
    "results": ("key", "source", "processor"),
    "items": ("key", "source", "processor", "name"),
}
"""Columns by which a row is told from the others of its table."""


def result_row(manifest: Manifest) -> dict[str, Any]:
    """Return a result as a row of the table `results`."""
    return {name: value(manifest) for name, (_, value) in _RESULT.items()}


def item_rows(manifest: Manifest) -> list[dict[str, Any]]:
    """Return a result's items as rows of the table `items`."""
    return [{name: value(manifest, item) for name, (_, value) in _ITEM.items()} for item in manifest.items]
