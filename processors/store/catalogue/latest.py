"""Selection of the results that count: those requested, else the latest, the one started last; in Python and in SQL."""

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


def age(manifest: Manifest) -> tuple[str, str]:
    """Return the sort key of results, oldest first; for equal start times the result's key decides."""
    return manifest.started_utc, manifest.ref.key


def latest(manifests: Iterable[Manifest]) -> Manifest:
    """Return the latest of some results; raises `ValueError` if there are none."""
    return max(manifests, key=age)


def current(manifests: Iterable[Manifest], asked: Container[ResultRef]) -> list[Manifest]:
    """Return those of one processor's results that are requested; if none is, the latest; empty if there are none."""
    every = list(manifests)
    return [one for one in every if one.ref in asked] or sorted(every, key=age)[-1:]
