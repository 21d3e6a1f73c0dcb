"""Files that a release's labels describe but that never came with it, from the notes of the labels."""

from __future__ import annotations

from collections.abc import Iterable

from processors.sources.scan import printable
from processors.store.catalogue.source_row import SourceRow

UNDELIVERED = "describes what is not in the release: "
"""Beginning of the note of a label none of whose files came, which happens too often to be a problem of the release."""
MISSING, TO_DO = "describes ", ", missing from its folder: put both into one folder"
"""Beginning and end of the note of a label whose image or sound is missing, which is a problem."""
NAMES_SHOWN = 5
MAX_CHARACTERS = 200


def undelivered_note(names: Iterable[str]) -> str:
    """Return the note of a label none of whose files is in the release."""
    return f"{UNDELIVERED}{', '.join(names)[:MAX_CHARACTERS]}"


def missing_note(names: Iterable[str]) -> str:
    """Return the note of a label whose image or sound is missing from its folder."""
    return f"{MISSING}{', '.join(names)[:MAX_CHARACTERS]}{TO_DO}"


def is_undelivered(row: SourceRow) -> bool:
    """Return whether a file is a label none of whose files is in the release."""
    return row.kind == "companion" and (row.note or "").startswith(UNDELIVERED)


def files_missing(row: SourceRow) -> str | None:
    """Return the names of the files that a label describes and that are missing; None if none is."""
    note = row.note or ""
    if row.kind != "companion":
        return None
    if note.startswith(UNDELIVERED):
        return note.removeprefix(UNDELIVERED)
    return note.removeprefix(MISSING).removesuffix(TO_DO) if note.endswith(TO_DO) else None


def undelivered(rows: Iterable[SourceRow]) -> list[str]:
    """Return one line for all labels of a run none of whose files is in the release; empty if there are none."""
    found = [
        f"{printable(row.relative)} ({printable(files_missing(row) or '')})" for row in rows if is_undelivered(row)
    ]
    if not found:
        return []
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    who = "1 label describes" if len(found) == 1 else f"{len(found)} labels describe"
    named = ", ".join(found[:NAMES_SHOWN])
    return [f"{who} only what is not in the release: {named}{more}: ask for it if the delivery should be complete"]
