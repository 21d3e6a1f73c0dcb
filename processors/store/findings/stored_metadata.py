"""Stored metadata record of a source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from processors.store.manifest import Manifest
from processors.store.store import Store
from processors.well_known_names import METADATA


def metadata_in(manifests: Iterable[Manifest], store: Store) -> dict[str, Any]:
    """Return the metadata record among the results of a source; empty if it was never made, or failed."""
    for manifest in manifests:
        if manifest.ref.processor == METADATA and manifest.item("metadata.json"):
            with store.open_item(manifest.ref, "metadata.json") as file:
                return json.load(file)
    return {}
