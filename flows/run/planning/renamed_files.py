"""Files that a `release.toml` names by an earlier path, as the store knows the bytes that were there."""

from __future__ import annotations

import os
from pathlib import Path

from processors.metadata.release.release_file import Release
from processors.sources.scan import FoundFile, storable, survey
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.open_store import Location, is_store, open_store


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
    missing = {f"{top}/{path}": path for path in described.lines if path not in there}
    if not missing or not is_store(store):
        return {}
    rows = Catalogue(open_store(store, writes=False)).sightings()
    last = {row.path: row for row in rows if row.path in missing}  # oldest first
    sizes_bytes = {row.size_bytes for row in last.values()}
    copies: dict[str, list[str]] = {}
    for relative, file in sorted(there.items()):
        if file.size_bytes in sizes_bytes:
            copies.setdefault(sha256_of(Path(file.path)), []).append(relative)
    return {missing[path]: copies[row.digest] for path, row in last.items() if row.digest in copies}


def in_words(line: int, path: str, now: list[str]) -> str:
    """Return what an entry names and where those bytes are, with the line of its path."""
    return (
        f"release.toml, line {line}: {path!r} is not in the release; {', '.join(map(repr, now))} "
        f"{'has' if len(now) == 1 else 'have'} the same bytes: correct the path"
    )
