"""Folders with known files that are empty or gone, as of an unmounted disk: reported once, with the number of files."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from processors.sources.scan import PASSED_OVER, storable
from processors.store.catalogue.source_row import SourceRow
from processors.store.open_store import is_address


@dataclass(frozen=True, kw_only=True)
class AbsentFolder:
    """A folder, empty or gone, that contained files in the catalogue."""

    path: str
    """Absolute path, or address in a bucket."""
    relative: str
    """Path below the folder of releases; empty for that folder itself."""
    file_count: int
    """Number of files that the last run found in it."""
    is_empty: bool

    @property
    def reason(self) -> str:
        """Return what is missing, and what to do."""
        files = "its file was" if self.file_count == 1 else f"its {self.file_count} files were"
        if not self.is_empty:
            return f"{files} not found: mount it, or if it was moved, run `marsmedia ingest` on the new folder"
        meant = "moved or removed on purpose" if self.relative else "moved"
        where = "" if self.relative else " on the new folder"
        remedy = f"remove the empty folder and run `marsmedia ingest`{where}"
        return f"{files} not found, and it is empty: mount it; if its files were {meant}, {remedy}"


def absent_folders(rows: Collection[SourceRow]) -> list[AbsentFolder]:
    """Return the folders of releases that are gone, and folders on disks that are empty, where files are known.

    Parameters
    ----------
    rows : contents of every path.
    """
    found: list[AbsentFolder] = []
    of_folder: dict[str, list[SourceRow]] = {}
    for row in rows:
        of_folder.setdefault(row.raw_folder, []).append(row)
    for raw, held in sorted(of_folder.items()):
        ours, root = [row.path for row in held], held[0].folder
        if is_gone(raw):
            found.append(AbsentFolder(path=raw, relative="", file_count=len(ours), is_empty=False))
        elif not is_address(raw):
            places = {f"{raw}/{folder}".rstrip("/") for path in ours for folder in _folders_of(path[len(raw) + 1 :])}
            empty = [place[len(root) + 1 :] for place in sorted(places) if is_empty(place)]
            found += emptied(root, empty, ours)
    return found


def emptied(root: str, empty: Iterable[str], known: Collection[str]) -> list[AbsentFolder]:
    """Return those of some empty folders, paths below `root`, in which files are known by their paths."""
    places = [(folder, f"{root}/{folder}" if folder else root) for folder in empty]
    counts = [(folder, place, sum(path.startswith(f"{place}/") for path in known)) for folder, place in places]
    return [
        AbsentFolder(path=place, relative=folder, file_count=count, is_empty=True)
        for folder, place, count in counts
        if count
    ]


def is_gone(folder: str) -> bool:
    """Return whether a folder does not exist; False if that is unknown, as for a bucket."""
    if is_address(folder) or "\\x" in folder:  # its name is not UTF-8, and stored in another form
        return False
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _folders_of(relative: str) -> Iterable[str]:
    """Return the folders above a file, down from that of the releases, whose path is empty."""
    parts = relative.split("/")
    return ("/".join(parts[:count]) for count in range(len(parts)))


def is_empty(folder: str) -> bool:
    """Return whether a folder is there and holds nothing, or only ignored entries."""
    try:
        with os.scandir(folder) as entries:
            return all(PASSED_OVER.fullmatch(storable(entry.name)) for entry in entries)
    except OSError:
        return False
