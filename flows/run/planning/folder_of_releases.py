"""Folder of releases to which the raw folder of a run belongs: itself, or one above it.

Paths, and names of releases, are those of a run over the whole folder of releases, also in a run over a part of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from processors.errors import RequestError, StoreError
from processors.sources.scan import DESCRIPTION, inner_folders, printable, storable
from processors.store.bucket.raw_bucket import as_it_is, is_described
from processors.store.open_store import Location, is_address

if TYPE_CHECKING:
    from flows.run.planning.raw_survey import RawSurvey
    from processors.store.catalogue.source_row import SourceRow


def real_place(raw: Location) -> str:
    """Return the absolute path of a raw folder, links resolved, or its address in a bucket."""
    return str(raw).rstrip("/") if is_address(raw) else os.path.realpath(raw)


def folder_of_releases(place: str, *, is_release: bool) -> str:
    """Return the folder of releases of a raw folder that no run has seen: the one above a release, else itself.

    Parameters
    ----------
    place : as `real_place` gives it.
    is_release : whether it has a `release.toml`.
    """
    above = next(_folders_above(place), None)
    return above if above and is_release else place


def known_folder_of_releases(place: str, known: Iterable[SourceRow]) -> str | None:
    """Return the widest folder of releases above a raw folder below which runs have seen its files; None without one.

    Parameters
    ----------
    place : as `real_place` gives it.
    known : present contents of paths.
    """
    inside = f"{storable(place)}/"
    folders = {row.folder for row in known if row.path.startswith(inside)}
    wider = [folder for folder in folders if inside.startswith(f"{folder}/") and f"{folder}/" != inside]
    return "/".join(place.split("/")[: min(map(_depth, wider)) + 1]) if wider else None


def check_is_whole(surveyed: RawSurvey) -> None:
    """Raise `RequestError` if a surveyed folder is only a part of a release.

    In a bucket, where each look costs a request, only folders above it that runs have seen are looked at.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    if not (release := _release_above(surveyed)):
        return
    described = {file.relative.rpartition("/")[0] for file in surveyed.found if file.name == DESCRIPTION}
    above = set(inner_folders(surveyed.part)[:-1])
    for file in surveyed.found:
        if described.isdisjoint(set(inner_folders(file.relative.rpartition("/")[0])) - above):
            raise RequestError(
                f"{printable(surveyed.folder)}: a part of the release {printable(release)}; name that folder, "
                "or the one that holds the releases"
            )


def _release_above(surveyed: RawSurvey) -> str | None:
    """Return the folder of the release inside which a surveyed folder is; None if it is in none."""
    for folder in _folders_above(surveyed.folder):
        if is_address(folder) and len(folder) <= len(surveyed.root):
            break
        if is_described(folder) and _is_of_release(f"{folder}/{DESCRIPTION}"):
            return folder
    first, _, rest = surveyed.part.partition("/")
    return f"{surveyed.root}/{first}" if rest else None


def _is_of_release(path: str) -> bool:
    """Return whether a `release.toml` says anything of a release: other programs have files of that name, too."""
    from processors.metadata.release.release_file import read_release

    try:
        release = read_release(as_it_is(path).read_bytes())
    except (OSError, StoreError):
        return True
    return bool(release.head or release.files or not release.is_toml)


def _folders_above(place: str) -> Iterator[str]:
    """Yield the folders above one, the nearest first, up to that below the file system's, or the bucket."""
    while (place := place.rpartition("/")[0]) and not place.endswith(":/"):
        yield place


def _depth(folder: str) -> int:
    return folder.count("/")
