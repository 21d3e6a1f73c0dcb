"""Findings of a fixity check of stored and raw files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from processors.store.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class FixityFault:
    """A stored file that differs from its manifest, or a raw file that differs from when it was ingested."""

    path: str
    """Path below the store; for a raw file, the folder of releases and the path below it."""
    kind: Literal["damaged", "missing", "extra", "changed", "new"]
    """Kind of fault; for raw files `changed`, `missing` or `new` (which is not a fault)."""
    reason: str
    is_master: bool = False


@dataclass(frozen=True, kw_only=True)
class FixityCheck:
    """One verified result, or raw file."""

    path: str
    item_count: int
    size_bytes: int
    faults: tuple[FixityFault, ...]
    corrected: SourceRow | None = None
    """Row of a raw file as it must be in the catalogue from now on; None if the catalogue is right."""
