"""Stored evidence records and their statements on redistribution."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from processors.errors import ResultMissing
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

OF_RELEASE = ("release.toml", "label ", "XMP sidecar ", "profile ")
"""Prefixes of the sources of statements that are not in the file itself."""


OF_ENTRY = "release.toml:file.redistribute"
"""Source of a permission, or prohibition, in an entry of release.toml about one file."""


def read_evidence(store: Store, digest: str, key: str | None) -> dict[str, Any] | None:
    """Return an evidence record of a source; None if it was never made, failed, or was removed."""
    if key is None:
        return None
    try:
        with store.open_item(ResultRef(source=digest, processor=EVIDENCE, key=key), "evidence.json") as file:
            return json.load(file)
    except ResultMissing:
        return None


def redistribution(record: Mapping[str, Any] | None) -> str:
    """Return whether the source may be redistributed: `true`, `false`, or an empty text if the record does not say."""
    return next((value for value, _ in _redistributions(record)), "")


def said_of_file(record: Mapping[str, Any] | None) -> str:
    """Return the same as an entry about this very file states it; empty without one, whatever its release says."""
    return next((value for value, source in _redistributions(record) if source == OF_ENTRY), "")


def entry_permission(store: Store, digest: str, *keys: str | None) -> bool | None:
    """Return the permission that an entry about the file states in the first of these records that has one.

    None if none has one, or none can be read.
    """
    said = (said_of_file(read_evidence(store, digest, key)) for key in keys)
    return {"true": True, "false": False}.get(next(filter(None, said), ""))


def _redistributions(record: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    for one in (record or {}).get("statements", ()):
        if one["term"] == "marsmedia:redistribute":
            yield str(one["value"]), one["source"]
