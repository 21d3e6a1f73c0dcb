"""Known files of the raw folder, each in the release to which the run finds that it belongs.

A row keeps what was known of a file's bytes, but not its release, nor its path below the folder of releases: these
follow from where a `release.toml` is now. Earlier versions took each folder inside a release for another release
where `marsmedia ingest` was given the release's own folder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flows.run.planning.raw_survey import RawSurvey
from processors.sources.scan import DESCRIPTION, FoundFile, printable, release_of, storable
from processors.store.by_name_view import ByNameEntry
from processors.store.catalogue.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class CorrectedReleases:
    """Contents of every path, each in its release, and what was corrected."""

    sightings: list[SourceRow]
    """Present and past contents of every path, in the order given."""
    raw_part: str | None
    """The `SourceRow.raw_part` of files that this run finds."""
    corrected: Sequence[tuple[SourceRow, SourceRow]] = field(default_factory=list)
    """Row before and after, where these differ."""


def correct_releases(sightings: list[SourceRow], surveyed: RawSurvey) -> CorrectedReleases:
    """Return the contents of every path, those below the surveyed folder in the release that each belongs to now.

    What is no longer there keeps its release, unless its folder of releases was another than it is now.

    Parameters
    ----------
    sightings : as `Catalogue.sightings` returns them.
    """
    root, inside = storable(surveyed.root), f"{storable(surveyed.folder)}/"
    found = {storable(file.path): file for file in surveyed.found}
    part = _widest_part(storable(surveyed.part), root, sightings)
    described = {file.relative.rpartition("/")[0] for file in surveyed.found if file.name == DESCRIPTION}
    described |= {
        row.path[len(root) + 1 :].rpartition("/")[0]
        for row in sightings
        if row.name == DESCRIPTION and row.path.startswith(inside)
    }
    now = [
        _corrected(row, found.get(row.path), root, part, described) if row.path.startswith(inside) else row
        for row in sightings
    ]
    return CorrectedReleases(
        sightings=now,
        raw_part=part,
        corrected=[(before, row) for before, row in zip(sightings, now, strict=True) if row is not before],
    )


def _widest_part(part: str, root: str, sightings: Iterable[SourceRow]) -> str | None:
    """Return the widest part of the folder of releases around the surveyed one that runs have seen; None for all."""
    if not part:
        return None
    seen = {row.raw_part or "" for row in sightings if row.gone_utc is None and row.folder == root}
    around = [one for one in seen if not one or f"{part}/".startswith(f"{one}/")]
    return min([*around, part], key=len) or None


def _corrected(row: SourceRow, file: FoundFile | None, root: str, part: str | None, described: set[str]) -> SourceRow:
    release, relative = row.release, row.relative
    if file is not None and row.gone_utc is None:
        release, relative = file.release, file.relative
    elif row.folder != root:
        relative = row.path[len(root) + 1 :]
        release = release_of(relative.rpartition("/")[0], described, root.rpartition("/")[2])
    if (release, relative, part) == (row.release, row.relative, row.raw_part):
        return row
    return dataclasses.replace(row, release=release, relative=relative, raw_part=part)


def is_named_otherwise(before: SourceRow, row: SourceRow) -> bool:
    """Return whether a correction of a media file's release changes its name in the by-name view."""
    names = [ByNameEntry.at(one.relative, one.release) for one in (before, row)]
    return row.kind == "media" and names[0] != names[1]


def in_words(corrected: Iterable[tuple[SourceRow, SourceRow]]) -> list[str]:
    """Return one sentence for each release to which files belong now that were of other ones."""
    names: dict[str, set[str]] = {}
    counts: dict[str, int] = {}
    for before, now in corrected:
        if now.gone_utc is None and before.release != now.release:
            names.setdefault(now.release, set()).add(before.release)
            counts[now.release] = counts.get(now.release, 0) + 1
    return [
        printable(
            f"{counts[release]} file{'' if counts[release] == 1 else 's'} of {', '.join(sorted(before))} "
            f"belong{'s' if counts[release] == 1 else ''} to the release {release} now"
        )
        for release, before in sorted(names.items())
    ]
