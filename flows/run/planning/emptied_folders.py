"""What a run says of folders that are empty: of those that held files before, and of one that never did."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from flows.run.planning.raw_survey import RawSurvey
from processors.sources.scan import printable, storable
from processors.store.fixity.absent_folders import emptied
from processors.store.open_store import Location


def emptied_folders_of(raw: Location, surveyed: RawSurvey, known: Collection[str]) -> tuple[str, ...]:
    """Return a message for each folder that is empty now but held files before, like an absent disk's mount point.

    Where no file is left at all, and none of these held any, that is the folder of releases.
    """
    messages: list[str] = []
    root, part = storable(surveyed.root), storable(surveyed.part)
    found = emptied(root, (folder.relative for folder in surveyed.empty), known)
    if not (found or surveyed.found or surveyed.unreadable):
        found = emptied(root, [part], known)
    for one in found:
        inside = one.relative[len(part) :].lstrip("/")
        shown = printable(str(Path(raw) / inside))
        meant = "; if its files were moved or removed on purpose, remove the folder too" if inside else ""
        messages.append(f"0 files in {shown}, where an earlier run found {one.file_count}: is it mounted?{meant}")
    return tuple(messages)


def advice_on_empty(raw: Location, elsewhere: str | None) -> str:
    """Return what to do about a folder in which no run has found a file; `elsewhere` is where the store's files are."""
    if elsewhere is None:
        return f"0 files in {raw}: put a release, a folder of files, into it"
    return f"0 files in {raw}, while the files of this store are in {printable(elsewhere)}: is it the folder you meant?"
