"""Findings of a fixity check of stored and raw files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from processors.store.bucket.stored_pass import keys_of, source_of
from processors.store.catalogue.source_row import SourceRow

NAMED_AT_MOST = 3
"""Maximum number of files of one result that are listed in its stored finding."""
RESULT_PARTS = 5
"""Number of names in the path of a result below the store; the record of a source has fewer."""


@dataclass(frozen=True, kw_only=True)
class FixityFault:
    """A stored file that differs from its manifest, or a raw file that differs from when it was ingested."""

    path: str
    """Path below the store; for a raw file, the folder of releases and the path below it."""
    kind: Literal["damaged", "missing", "extra", "newer", "changed", "new"]
    """Kind of fault; `newer`: of a format that this version does not read; for raw files `changed`, `missing` or `new`
    (which is not a fault)."""
    reason: str
    is_master: bool = False
    file_count: int = 1
    """Number of files that it represents: those of a folder or a release that is gone as a whole."""


def fault_count(faults: Iterable[FixityFault]) -> int:
    """Return the number of files with a fault."""
    return sum(fault.file_count for fault in faults)


@dataclass(frozen=True, kw_only=True)
class FixityCheck:
    """One verified result, source record or raw file."""

    path: str
    item_count: int = 0
    size_bytes: int = 0
    faults: tuple[FixityFault, ...] = ()
    row: SourceRow | None = None
    """What the catalogue has of a raw file; None for a result, and for a raw file or folder that it does not have."""
    corrected: SourceRow | None = None
    """Row of a raw file as it must be in the catalogue from now on; None if the catalogue is right."""

    @property
    def results(self) -> list[tuple[str, str]]:
        """Return source and first 16 digits of the key of each verified result: of one, or of an unreadable commit."""
        parts = self.path.split("/")
        if parts[0] == "commits":
            return [(source_of(self.path), key) for key in keys_of(self.path)]
        return [(parts[2], parts[4])] if parts[0] == "results" and len(parts) == RESULT_PARTS else []

    @property
    def damage(self) -> str | None:
        """Return what of a result is damaged or missing, in words; None if it is whole."""
        lost = [
            f"{'all' if fault.path == self.path else fault.path.removeprefix(f'{self.path}/')} {fault.kind}"
            for fault in self.faults
            if fault.kind in ("damaged", "missing")
        ]
        more = f" and {len(lost) - NAMED_AT_MOST} more" if len(lost) > NAMED_AT_MOST else ""
        return f"{', '.join(lost[:NAMED_AT_MOST])}{more}" if lost else None
