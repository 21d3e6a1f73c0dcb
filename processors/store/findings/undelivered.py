"""Files that a release's labels describe but that never came with it, from the notes of the labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from processors.sources.scan import printable
from processors.sources.unicode_forms import folded
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


def files_missing(row: SourceRow, there: Collection[str]) -> tuple[str, ...]:
    """Return the names of the files that a label describes and that are nowhere in its release; none if all are there,
    or if the label has one of its files next to it.

    Parameters
    ----------
    there : names, as `folded`, of the files of the release.
    """
    note = row.note or ""
    if not (is_undelivered(row) or (row.kind == "companion" and note.endswith(TO_DO))):
        return ()
    noted = note.removeprefix(UNDELIVERED).removeprefix(MISSING).removesuffix(TO_DO).split(", ")
    names = row.files_named or noted  # a run of an earlier version has kept the note alone
    return tuple(name for name in names if folded(name) not in there)


def undelivered(rows: Iterable[SourceRow]) -> list[str]:
    """Return one line for all labels of a run none of whose files is in the release; empty if there are none."""
    found = [
        f"{printable(row.relative)} ({printable((row.note or '').removeprefix(UNDELIVERED))})"
        for row in rows
        if is_undelivered(row)
    ]
    if not found:
        return []
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    who = "1 label describes" if len(found) == 1 else f"{len(found)} labels describe"
    named = ", ".join(found[:NAMES_SHOWN])
    return [f"{who} only what is not in the release: {named}{more}: ask for it if the delivery should be complete"]
