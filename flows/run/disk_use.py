"""Disk space that the results of a plan will need, estimated from earlier results of the same media."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.engine.plan import Due
from processors.store.catalogue import Catalogue
from processors.store.sql import connect
from processors.store.store import Store

LARGE_BYTES = 10**9
"""Minimum size of the due media for which the space is reported."""
USUAL_RATIO = 16.0
"""Bytes of results per byte of media with the full recipe: 58 MB of many kinds became 927 MB."""
RATIOS = """
SELECT medium, processor, sum(made) / sum(size_bytes) FROM known
JOIN (SELECT source, processor, avg(size_bytes) AS made FROM results GROUP BY source, processor) USING (source)
WHERE size_bytes > 0 GROUP BY medium, processor
"""
"""Bytes of one result of each processor per byte of media."""


@dataclass(frozen=True, kw_only=True)
class DiskUse:
    media_bytes: int
    """Total size of the files with results that are due."""
    result_bytes: int
    """Estimated size of their results."""
    free_bytes: int
    """Free space where the store is."""


def disk_use(
    due: Sequence[Due], store: Store, *, least_bytes: int = LARGE_BYTES, at: Path | None = None
) -> DiskUse | None:
    """Return the estimate for due files; None if they are smaller than asked, or if the store is in a bucket.

    Parameters
    ----------
    at : where the results will be, if not in this store: a folder that need not exist yet.
    """
    sources = {one.source.digest: one.source for one in due}
    media_bytes = sum(source.size_bytes for source in sources.values())
    if media_bytes < least_bytes or not store.is_in_folder:
        return None
    with connect(Catalogue(store)) as connection:
        ratios: dict[tuple[str, str], float] = {(m, name): r for m, name, r in connection.execute(RATIOS).fetchall()}
    made, processors = 0.0, {digest: set[str]() for digest in sources}
    for one in due:
        processors[one.source.digest].update(processor.name for processor in one.processors)
    for digest, source in sources.items():
        known = {name: ratio for (medium, name), ratio in ratios.items() if medium == source.medium}
        made += source.size_bytes * sum(known.get(name, 0.0) for name in processors[digest])
        if processors[digest] - known.keys():  # what has no figures yet is taken for the rest of the usual
            made += source.size_bytes * max(0.0, USUAL_RATIO - sum(known.values()))
    return DiskUse(media_bytes=media_bytes, result_bytes=round(made), free_bytes=_free_bytes(at or store.root))


def _free_bytes(folder: Path) -> int:
    """Return the free space where a folder is, or will be."""
    absolute = folder.absolute()
    return shutil.disk_usage(next(one for one in (absolute, *absolute.parents) if one.is_dir())).free
