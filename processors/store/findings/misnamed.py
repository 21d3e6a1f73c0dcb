"""Media files with the suffix of another format, from the notes on them."""

from __future__ import annotations

from collections.abc import Iterable

from processors.sources.scan import printable
from processors.store.catalogue.source_row import SourceRow

NAMES_SHOWN = 5


def misnamed(rows: Iterable[SourceRow]) -> list[str]:
    """Return one line for all files of a run with the suffix of another format; empty if there are none."""
    found = [printable(f"{row.relative} ({row.note})") for row in rows if row.is_misnamed]
    if not found:
        return []
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    have, read = (
        ("1 file has", "it is read as what it is")
        if len(found) == 1
        else (f"{len(found)} files have", "they are read as what they are")
    )
    return [f"{have} the ending of another format: {', '.join(found[:NAMES_SHOWN])}{more}: {read}"]
