"""Tolerances for pictures, power arrays and tables that another library reproduces slightly differently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from processors.comparing.pictures import compare_pictures
from processors.comparing.spectrograms import compare_power
from processors.sources.source_file import sha256_of
from processors.store.manifest import StoredItem
from processors.tables import MEDIA_TYPE as TABLE

PICTURE_PSNR_DB = 45.0
"""Minimum PSNR: an RMS difference of 1.4 levels of 255, less than JPEG's own at quality 90."""
POWER_DB = 0.01
"""Maximum difference at every time and frequency: the accuracy promised for a tone's level."""
RELATIVE = 1e-6
"""Largest difference of two floating-point numbers in tables that are the same, relative to the larger."""


def within_tolerance(item: StoredItem, stored: Path, again: Path) -> bool:
    """Return whether these pictures, power arrays or tables are within tolerance; False for other or damaged items."""
    if sha256_of(stored) != item.sha256:
        return False
    if item.media_type.startswith("image/"):
        numbers = compare_pictures(stored, again, None)
        psnr = numbers["psnr_db"]
        one, other = str(numbers["size_px"]).split(" and ")
        return one == other and (psnr is None or float(psnr) >= PICTURE_PSNR_DB)
    if item.media_type == "application/x-netcdf":
        largest = compare_power(stored, again, None)["largest_db"]
        return largest is not None and float(largest) <= POWER_DB
    return item.media_type == TABLE and same_values(stored, again)


def same_values(stored: Path, again: Path) -> bool:
    """Return whether two tables have the same columns and the same values, floating-point ones to `RELATIVE`: another
    version of pyarrow writes the same values as other bytes.
    """
    with pq.ParquetFile(stored) as one, pq.ParquetFile(again) as other:
        first, second = one.read(), other.read()
    if not first.schema.equals(second.schema, check_metadata=False) or len(first) != len(second):
        return False
    return all(_same(*pair) for pair in zip(first.columns, second.columns, strict=True))


def _same(first: pa.ChunkedArray, second: pa.ChunkedArray) -> bool:
    if not pa.types.is_floating(first.type):
        return first.equals(second)
    ours, theirs = (column.to_numpy() for column in (first, second))  # null becomes NaN
    return np.allclose(ours, theirs, rtol=RELATIVE, atol=0, equal_nan=True)
