"""Disk space that the results of a plan will need, estimated from earlier results of the same media."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.engine.estimate import estimate, reads_of
from processors.engine.plan import Due, decodes
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.history import ROUGH, History, usual
from processors.store.store import Store

LARGE_BYTES = 10**9
"""Minimum size of the results for which the space is reported before a run."""


@dataclass(frozen=True, kw_only=True)
class DiskUse:
    media_bytes: int
    """Total size of the files with results that are due."""
    result_bytes: int
    """Expected size of their results."""
    least_bytes: int
    most_bytes: int
    is_rough: bool
    """True if no earlier result has the kind or size of much of it."""
    free_bytes: int
    """Free space where the store is."""


def disk_use(
    due: Sequence[Due], store: Store, *, least_bytes: int = LARGE_BYTES, at: Path | None = None
) -> DiskUse | None:
    """Return the estimate for due files; None if little is expected, or if the store is in a bucket.

    Parameters
    ----------
    at : where the results will be, if not in this store: a folder that need not exist yet.
    """
    if not due or not store.is_in_folder or sum(map(_most_bytes, due)) < least_bytes:
        return None
    expected = estimate(due, History(Catalogue(store), reads_of(due)), 1)
    if expected.most_bytes < least_bytes:
        return None
    return DiskUse(
        media_bytes=sum(size for size in {one.source.digest: one.source.size_bytes for one in due}.values()),
        result_bytes=round(expected.made_bytes),
        least_bytes=round(expected.least_bytes),
        most_bytes=round(expected.most_bytes),
        is_rough=expected.is_rough,
        free_bytes=_free_bytes(at or store.root),
    )


def _most_bytes(due: Due) -> float:
    """Return a bound that needs no earlier results: reading those takes longer than a small run."""
    costs = (usual(due.source.medium, decodes(one), due.decoded_size(one)) for one in due.processors)
    return ROUGH * sum(cost.made_bytes for cost in costs)


def _free_bytes(folder: Path) -> int:
    """Return the free space where a folder is, or will be."""
    absolute = folder.absolute()
    return shutil.disk_usage(next(one for one in (absolute, *absolute.parents) if one.is_dir())).free
