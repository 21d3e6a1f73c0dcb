"""Stored evidence records and their statements on redistribution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from processors.errors import ResultMissing
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

OF_RELEASE = ("release.toml", "label ", "XMP sidecar ", "profile ")
"""Prefixes of the sources of statements that are not in the file itself."""


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
    said = (one["value"] for one in (record or {}).get("statements", ()) if one["term"] == "marsmedia:redistribute")
    return str(next(said, ""))
