"""Survey of a raw folder that earlier runs may have seen inside a wider one; refused if it is a part of a release."""

from __future__ import annotations

from collections.abc import Iterable

from flows.run.options import Options
from flows.run.planning.folder_of_releases import border_of_links, folders_above, known_folder_of_releases
from flows.run.planning.raw_survey import RawSurvey, survey_raw
from processors.errors import RequestError, StoreError
from processors.sources.scan import DESCRIPTION, inner_folders, printable
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
    root = known_folder_of_releases(surveyed.folder, present) or surveyed.root
    border = border_of_links(surveyed.folder, present)
    if (root, border) != (surveyed.root, surveyed.border):
        surveyed = survey_raw(raw, options, root, border)
    check_is_whole(surveyed)
    return surveyed


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
    for folder in folders_above(surveyed.folder):
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
