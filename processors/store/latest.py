"""Which of several results is the latest: the one that was started last, in Python and in SQL."""

from __future__ import annotations

from collections.abc import Iterable

from processors.store.manifest import Manifest

LATEST_FIRST = "started_utc DESC, key DESC"
"""Order of rows of the table `results`, as `age` has it."""

LATEST_RESULTS = f"""
CREATE VIEW latest_results AS
SELECT * FROM results QUALIFY row_number() OVER (PARTITION BY source, processor ORDER BY {LATEST_FIRST}) = 1
"""
"""One row for each source and processor."""


def age(manifest: Manifest) -> tuple[str, str]:
    """Return what results are sorted by, the oldest first; of two started at one moment the key decides."""
    return manifest.started_utc, manifest.ref.key


def latest(manifests: Iterable[Manifest]) -> Manifest:
    """Return the latest of some results; raises `ValueError` where there are none."""
    return max(manifests, key=age)
