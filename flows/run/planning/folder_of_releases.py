"""Folder of releases to which the raw folder of a run belongs: itself, or one above it.

Paths, and names of releases, are those of a run over the whole folder of releases, also in a run over a part of it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from processors.formats import MEDIA_SUFFIXES
from processors.sources.scan import DESCRIPTION, storable
from processors.store.open_store import Location, is_address, location_of

if TYPE_CHECKING:
    from processors.store.catalogue.source_row import SourceRow


def real_place(raw: Location) -> str:
    """Return the absolute path of a raw folder, links resolved, or its address in a bucket."""
    return str(raw).rstrip("/") if is_address(raw) else os.path.realpath(raw)


def folder_of_releases(place: str, files: Collection[str]) -> str:
    """Return the folder of releases of a raw folder that no run has seen: the one above a release, else itself.

    Parameters
    ----------
    place : as `real_place` gives it.
    files : paths below it of the files in it.
    """
    above = next(folders_above(place), None)
    if not above:
        return place
    is_one = is_release(place, files) if DESCRIPTION in files else _is_raw(above) and not _is_raw(place)
    return above if is_one else place


def known_folder_of_releases(place: str, known: Iterable[SourceRow], *, is_described: bool) -> str | None:
    """Return the widest folder of releases below which runs have seen the files of a raw folder; None without one.

    Of a folder that no run has seen, it is the one above, if that was itself surveyed, or if the folder has a
    `release.toml` and runs have seen releases beside it.

    Parameters
    ----------
    place : as `real_place` gives it.
    known : present contents of paths.
    is_described : whether the raw folder has a `release.toml`.
    """
    inside, rows = f"{storable(place)}/", list(known)
    around = {row.folder for row in rows if row.path.startswith(inside) and inside.startswith(f"{row.folder}/")}
    if around:
        return "/".join(place.split("/")[: min(map(_depth, around)) + 1])
    above = next(folders_above(place), None)
    beside = (row for row in rows if above and row.folder == storable(above))
    return above if any(is_described or not row.raw_part for row in beside) else None


def is_release(folder: str, files: Collection[str]) -> bool:
    """Return whether a folder with a `release.toml`, of which runs have seen nothing, is a release.

    It is one if it has media of its own, if the folder above is RAW, or if another folder there has a `release.toml`.
    Else its `release.toml` may describe several releases, which are the folders in it.

    Parameters
    ----------
    folder : as `real_place` gives it.
    files : paths below it; at least those in it, and each `release.toml` of the folders in it.
    """
    above = next(folders_above(folder), "")
    if any("/" not in file and file.lower().endswith(MEDIA_SUFFIXES) for file in files):
        return True
    if _is_raw(folder) or _is_raw(above):
        return _is_raw(above)
    return not holds_described(files) and bool(above) and _holds_other_release(above, folder)


def holds_described(files: Iterable[str]) -> bool:
    """Return whether one of the folders in a folder has a `release.toml`; `files` as in `is_release`."""
    return any(file.count("/") == 1 and file.endswith(f"/{DESCRIPTION}") for file in files)


def _is_raw(folder: str) -> bool:
    """Return whether a folder is RAW, by its name or by the setting."""
    setting = os.environ.get("MARSMEDIA_RAW")
    return folder.endswith("/raw") or (bool(setting) and folder == real_place(location_of(str(setting))))


def _holds_other_release(above: str, folder: str) -> bool:
    """Return whether another folder beside a folder has a `release.toml`; in a bucket, that is not looked for."""
    if is_address(above):
        return False
    with suppress(OSError), os.scandir(above) as entries:
        others = (one for one in entries if one.path != folder and one.is_dir(follow_symlinks=False))
        return any(os.path.lexists(f"{one.path}/{DESCRIPTION}") for one in others)
    return False


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
