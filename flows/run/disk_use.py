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
SELECT medium, sum(made) / sum(size_bytes) FROM known
JOIN (SELECT source, sum(size_bytes) AS made FROM results GROUP BY source) USING (source)
WHERE size_bytes > 0 GROUP BY medium
"""


@dataclass(frozen=True, kw_only=True)
class DiskUse:
    """Estimate for a plan."""

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
    sizes = {one.source.digest: one.source for one in due}.values()
    media_bytes = sum(source.size_bytes for source in sizes)
    if media_bytes < least_bytes or not store.is_in_folder:
        return None
    with connect(Catalogue(store)) as connection:
        ratios = dict(connection.execute(RATIOS).fetchall())
    made = sum(source.size_bytes * ratios.get(source.medium, USUAL_RATIO) for source in sizes)
    return DiskUse(media_bytes=media_bytes, result_bytes=round(made), free_bytes=_free_bytes(at or store.root))


def _free_bytes(folder: Path) -> int:
    """Return the free space where a folder is, or will be."""
    absolute = folder.absolute()
    return shutil.disk_usage(next(one for one in (absolute, *absolute.parents) if one.is_dir())).free
