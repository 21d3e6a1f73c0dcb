"""Files that a `release.toml` names by an earlier path, as the store knows the bytes that were there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from processors.metadata.release.release_file import Release
from processors.sources.scan import FoundFile, storable, survey
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.open_store import Location, is_address, is_store, open_store

DESCRIPTION = "release.toml"


def renamed_files(folder: Path, described: Release, store: Location) -> dict[str, list[str]]:
    """Return, by the path of each entry whose file is missing, the paths of the files that have its bytes.

    Paths are relative to the folder of the release. Entries without such files are left out, as are all without a
    store. Only files of the same size are hashed.

    Raises
    ------
    RequestError, StoreError : the store cannot be read.
    OSError : a file cannot be read.
    """
    there = {found.relative: found for found in survey(folder) if isinstance(found, FoundFile)}
    top = storable(os.path.realpath(folder))
    missing = [path for path in described.lines if path not in there]
    if not missing or not is_store(store):
        return {}
    rows = Catalogue(open_store(store, writes=False)).sightings()
    folders = _folders_of(top, sha256_of(folder / DESCRIPTION), rows)
    held = _held(missing, folders, rows)
    sizes_bytes = {row.size_bytes for before in held.values() for row in before}
    copies: dict[str, list[str]] = {}
    for relative, file in sorted(there.items()):
        if file.size_bytes in sizes_bytes:
            copies.setdefault(sha256_of(Path(file.path)), []).append(relative)
    found = {
        path: list(dict.fromkeys(copy for row in before for copy in copies.get(row.digest, ())))
        for path, before in held.items()
    }
    return {path: now for path, now in found.items() if now}


def _folders_of(top: str, description: str, rows: Sequence[SourceRow]) -> list[str]:
    """Return the folder of a release, and those that it had before, from which its description was moved.

    Parameters
    ----------
    description : SHA-256 of its release.toml.
    """
    found, digests = [top], {description}
    of_releases = [row for row in rows if row.name == DESCRIPTION]
    for one in found:  # grows meanwhile
        digests.update(row.digest for row in of_releases if row.path == f"{one}/{DESCRIPTION}")
        moved = (row for row in of_releases if row.digest in digests and _is_gone(row))
        found += {folder for row in moved if (folder := row.path.removesuffix(f"/{DESCRIPTION}")) not in found}
    return found


def _is_gone(row: SourceRow) -> bool:
    """Return whether a file is no longer at its place, as the last run or a look there finds it."""
    return row.gone_utc is not None or not (is_address(row.path) or Path(row.path).exists())


def _held(missing: Iterable[str], folders: Sequence[str], rows: Sequence[SourceRow]) -> dict[str, list[SourceRow]]:
    """Return by entry what was at its path in the first folder where anything was, and the files for which it counted
    when it named an earlier path of theirs.
    """
    last = {row.path: row for row in rows}  # oldest first
    inside = tuple(f"{one}/" for one in folders)
    counted = [row for row in rows if row.entry_path and row.path.startswith(inside)]
    return {
        path: [
            *[last[place] for one in folders if (place := f"{one}/{path}") in last][:1],
            *(row for row in counted if row.entry_path == path),
        ]
        for path in missing
    }


def in_words(line: int, path: str, now: list[str]) -> str:
    """Return what an entry names and where those bytes are, with the line of its path."""
    return (
        f"release.toml, line {line}: {path!r} is not in the release; {', '.join(map(repr, now))} "
        f"{'has' if len(now) == 1 else 'have'} the same bytes: correct the path"
    )
