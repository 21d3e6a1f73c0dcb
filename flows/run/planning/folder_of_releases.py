"""Folder of releases to which the raw folder of a run belongs: itself, or one above it.

Paths, and names of releases, are those of a run over the whole folder of releases, also in a run over a part of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from processors.sources.scan import storable
from processors.store.open_store import Location, is_address

if TYPE_CHECKING:
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
    above = next(folders_above(place), None)
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


def border_of_links(place: str, known: Iterable[SourceRow]) -> str:
    """Return the widest folder around a raw folder that was itself given to a run: links are followed inside it.

    The folder of releases counts only if it was, as it may be anybody's home folder.

    Parameters
    ----------
    place : as `real_place` gives it.
    known : present contents of paths.
    """
    inside = f"{storable(place)}/"
    given = {folder for row in known if inside.startswith(f"{(folder := row.raw_folder)}/")}
    return "/".join(place.split("/")[: min(map(_depth, {*given, storable(place)})) + 1])


def folders_above(place: str) -> Iterator[str]:
    """Yield the folders above one, the nearest first, up to that below the file system's, or the bucket."""
    while (place := place.rpartition("/")[0]) and not place.endswith(":/"):
        yield place


def _depth(folder: str) -> int:
    return folder.count("/")
