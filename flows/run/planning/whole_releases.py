"""Survey of a raw folder that earlier runs may have seen inside a wider one; refused if it is a part of a release."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from flows.run.options import Options
from flows.run.planning.folder_of_releases import (
    border_of_links,
    folders_above,
    holds_described,
    is_release,
    known_folder_of_releases,
)
from flows.run.planning.raw_survey import RawSurvey, survey_raw
from processors.errors import RequestError, StoreError
from processors.sources.scan import DESCRIPTION, inner_folders, printable, storable
from processors.store.bucket.raw_bucket import as_it_is, is_described
from processors.store.catalogue.source_row import SourceRow
from processors.store.open_store import Location, is_address


def survey_of_releases(
    surveyed: RawSurvey, sightings: Iterable[SourceRow], raw: Location, options: Options
) -> RawSurvey:
    """Return a survey with the releases and paths by which earlier runs know the files, made again if it has others.

    Raises
    ------
    RequestError : the folder is only a part of a release.
    StoreError : the bucket cannot be used.
    OSError : as `survey_raw`.
    """
    present = [row for row in sightings if row.gone_utc is None]
    known = known_folder_of_releases(surveyed.folder, present, is_described=surveyed.is_described)
    root = known or surveyed.root
    border = border_of_links(surveyed.folder, present)
    if (root, border) != (surveyed.root, surveyed.border):
        surveyed = survey_raw(raw, options, root, border)
    check_is_whole(surveyed, is_known=known is not None)
    return surveyed


def in_doubt(surveyed: RawSurvey, known: Iterable[SourceRow]) -> tuple[str, ...]:
    """Return one sentence if a folder that no run has seen may be one release instead of several; else nothing.

    Parameters
    ----------
    known : present contents of paths.
    """
    inside = f"{storable(surveyed.folder)}/"
    above = next(folders_above(surveyed.folder), None)
    files = [file.relative for file in surveyed.found]
    releases = sorted({file.release for file in surveyed.found if "/" in file.relative})
    is_sure = surveyed.part or not surveyed.is_described or holds_described(files) or not releases or not above
    if is_sure or any(row.path.startswith(inside) for row in known):
        return ()
    named = ", ".join([*releases[:3], *(["..."] if releases[3:] else [])])
    which = f"the releases {named}" if releases[1:] else f"the release {named}"
    return (
        printable(
            f"{inside}{DESCRIPTION} describes {which}; if {surveyed.folder} is one release, "
            "run `marsmedia ingest` on the folder that holds it"
        ),
    )


def check_is_whole(surveyed: RawSurvey, *, is_known: bool) -> None:
    """Raise `RequestError` if a surveyed folder is only a part of a release.

    Parameters
    ----------
    is_known : whether runs have seen releases in its folder of releases; then, and in a bucket, where each look costs a
        request, no folder above that one is looked at.

    Raises
    ------
    StoreError : the bucket cannot be used.
    """
    if not (release := _release_above(surveyed, is_known=is_known)):
        return
    described = {file.relative.rpartition("/")[0] for file in surveyed.found if file.name == DESCRIPTION}
    above = set(inner_folders(surveyed.part)[:-1])
    for file in surveyed.found:
        if described.isdisjoint(set(inner_folders(file.relative.rpartition("/")[0])) - above):
            raise RequestError(
                f"{printable(surveyed.folder)}: a part of the release {printable(release)}; name that folder, "
                "or the one that holds the releases"
            )


def _release_above(surveyed: RawSurvey, *, is_known: bool) -> str | None:
    """Return the folder of the release inside which a surveyed folder is; None if it is in none."""
    for folder in folders_above(surveyed.folder):
        is_inside = len(folder) > len(surveyed.root)
        if not is_inside and (is_known or is_address(folder)):
            break
        if not is_described(folder) or not _is_of_release(f"{folder}/{DESCRIPTION}"):
            continue
        if is_inside or is_release(folder, _files_in(folder)):
            return folder
    first, _, rest = surveyed.part.partition("/")
    return f"{surveyed.root}/{first}" if rest else None


def _files_in(folder: str) -> list[str]:
    """Return the names in a folder, and the `release.toml` of each folder in it, as a path."""
    try:
        names = [path.name for path in Path(folder).iterdir()]
    except OSError:
        return []
    inner = (f"{name}/{DESCRIPTION}" for name in names)
    return [*names, *(path for path in inner if os.path.lexists(f"{folder}/{path}"))]


def _is_of_release(path: str) -> bool:
    """Return whether a `release.toml` says anything of a release: other programs have files of that name, too."""
    from processors.metadata.release.release_file import read_release

    try:
        release = read_release(as_it_is(path).read_bytes())
    except (OSError, StoreError):
        return True
    return bool(release.head or release.files or not release.is_toml)
