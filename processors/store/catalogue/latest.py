"""Selection of the results that count: those requested, else the latest, the one started last; in Python and in SQL.

Results that were made of what is no companion of their file any more are left out before
(`processors.engine.own_companions`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from processors.store.manifest import Manifest, ResultRef

LATEST_FIRST = "started_utc DESC, key DESC"
"""Order of rows of the table `results`, equivalent to `age`."""

LATEST_RESULTS = f"""
CREATE VIEW latest_results AS
SELECT * FROM results QUALIFY row_number() OVER (PARTITION BY source, processor ORDER BY {LATEST_FIRST}) = 1
"""
"""One row per source and processor."""

LATEST_ITEMS = f"""
SELECT i.* FROM stored_items i JOIN results r USING (source, processor, key) WHERE list_contains(?, processor)
QUALIFY rank() OVER (PARTITION BY source, processor ORDER BY {LATEST_FIRST}) = 1
ORDER BY source, processor, name
"""
"""Items of some processors: for each source and processor those of the latest result that has any."""


def age(manifest: Manifest) -> tuple[str, str]:
    """Return the sort key of results, oldest first; for equal start times the result's key decides."""
    return manifest.started_utc, manifest.ref.key


def latest(manifests: Iterable[Manifest]) -> Manifest:
    """Return the latest of some results; raises `ValueError` if there are none."""
    return max(manifests, key=age)


def latest_with_items(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the latest result of each source and processor that has items; a failure since then counts for nothing."""
    found: dict[tuple[str, str], Manifest] = {}
    for one in sorted((one for one in manifests if one.items), key=age):
        found[one.ref.source, one.ref.processor] = one
    return list(found.values())


def current(manifests: Iterable[Manifest], asked: Container[ResultRef]) -> list[Manifest]:
    """Return those of one processor's results that are requested; if none is, the latest; empty if there are none."""
    every = list(manifests)
    return [one for one in every if one.ref in asked] or sorted(every, key=age)[-1:]
