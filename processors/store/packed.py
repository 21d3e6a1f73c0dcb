"""Which results packs refer to: each pack that was built leaves a record in the store."""

from __future__ import annotations

import json

from processors.errors import StoreError
from processors.store.manifest import ResultRef
from processors.store.store import Store


def packed_results(store: Store) -> dict[ResultRef, str]:
    """The results in packs, each with the place of a pack that holds it.

    Raises
    ------
    StoreError : a record that cannot be read; what it refers to is not known, so nothing may be pruned.
    """
    found: dict[ResultRef, str] = {}
    for path in sorted((store.root / "packs").glob("*.json")):
        try:
            record = json.loads(path.read_bytes())
            found |= {ResultRef(**ref): str(record["pack"]) for ref in record["results"]}
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path}: not the record of a pack ({error}): remove it or build the pack again"
            ) from error
    return found
