"""Comparison of two Parquet tables by their values: another version of pyarrow writes the same ones as other bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

RELATIVE = 1e-6
"""Largest difference of two floating-point numbers that are the same, relative to the larger."""


def same_values(stored: Path, again: Path) -> bool:
    """Return whether two tables have the same columns and the same values, floating-point ones to `RELATIVE`."""
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
