"""Folders of releases that were moved: the same releases below another folder are the same places as before.

A place is a path below the folder of releases; its absolute path only says where it can be read now. If the folder in
which earlier runs saw a release is gone, and most of its files are below the folder of this run, every path of that
release is rewritten, with its history. While both folders exist they are two: an empty one may be where a disk is to be
mounted, so that the run only says that it must be removed if the releases were moved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flows.run.planning.raw_survey import RawSurvey
from processors.sources.scan import printable, storable
from processors.store.catalogue.source_row import SourceRow, Stay, utc_now
from processors.store.fixity.absent_folders import is_empty, is_gone
from processors.store.open_store import is_address


@dataclass(frozen=True, kw_only=True)
class MovedFolders:
    """What a run knows about earlier runs, with each place where it is now."""

    sightings: list[SourceRow] = field(default_factory=list)
    """Present and past contents of every path, oldest first."""
    before: Sequence[SourceRow] = ()
    """Rows that are no longer true."""
    now: Sequence[SourceRow] = ()
    """Rows that replace them."""
    to_hash: frozenset[str] = frozenset()
    """Paths of files that no run has read there yet: a copy may be faulty."""
    in_words: tuple[str, ...] = ()
    """One sentence for each folder, and for each empty one whose releases are below this one too."""
    other_folders: tuple[str, ...] = ()
    """Other folders of releases with known files, which exist."""

    @cached_property
    def present(self) -> dict[str, SourceRow]:
        """Return the present contents by path."""
        return {row.path: row for row in self.sightings if row.gone_utc is None}

    @cached_property
    def past(self) -> dict[tuple[str, str], SourceRow]:
        """Return past contents by path and digest."""
        return {(row.path, row.digest): row for row in self.sightings if row.gone_utc is not None}


def follow_moves(sightings: list[SourceRow], surveyed: RawSurvey, *, is_whole: bool) -> MovedFolders:
    """Return the contents of every path, with those of releases that were moved below the surveyed folder.

    Parameters
    ----------
    sightings : as `Catalogue.sightings` returns them.
    is_whole : False for a run over a part of the files, which leaves moves to a whole one.
    """
    here, root = storable(surveyed.folder), storable(surveyed.root)
    present = [row for row in sightings if row.gone_utc is None]
    folders = sorted({row.raw_folder for row in present} - {here})
    gone = [folder for folder in folders if is_whole and not is_address(here) and is_gone(folder)]
    still_there = tuple(folder for folder in folders if folder not in gone)
    left_empty = [folder for folder in still_there if is_whole and not is_address(folder) and is_empty(folder)]
    maybe = _moved_releases(left_empty, present, surveyed)
    if_moved = tuple(_if_moved(folder, here, maybe) for folder in sorted({folder for folder, _ in maybe}))
    moved = _moved_releases(gone, present, surveyed)
    if not moved:
        return MovedFolders(sightings=sightings, in_words=if_moved, other_folders=still_there)
    seen_here: dict[str, list[SourceRow]] = {}
    for row in sightings:
        if row.path.startswith(f"{here}/"):
            seen_here.setdefault(row.path, []).append(row)
    old = [row for row in sightings if (row.raw_folder, row.release) in moved]
    paths = (f"{root}/{moved[row.raw_folder, row.release](row)}" for row in old)
    part = storable(surveyed.part) or None
    rewritten = (_at(path, row, part, seen_here.get(path, [])) for path, row in zip(paths, old, strict=True))
    new = {(row.path, row.digest): row for row in rewritten}
    others = [
        row for row in sightings if (row.raw_folder, row.release) not in moved and (row.path, row.digest) not in new
    ]
    return MovedFolders(
        sightings=sorted([*others, *new.values()], key=lambda row: row.seen_utc),
        before=[row for row in old if (row.path, row.digest) not in new],
        now=list(new.values()),
        to_hash=frozenset(path for path, _ in new if path not in seen_here),
        in_words=(*(_in_words(folder, here, old) for folder in sorted({folder for folder, _ in moved})), *if_moved),
        other_folders=still_there,
    )


def _moved_releases(
    gone: Collection[str], present: Iterable[SourceRow], surveyed: RawSurvey
) -> dict[tuple[str, str], Callable[[SourceRow], str]]:
    """Return raw folder and name of the releases of which most files, by path and size, were found below this run's.

    Each with what gives the path of a file below the folder of releases now: the same as before, or, where the folder
    of a release itself was given to both runs and has another name, the same inside it.
    """
    sizes = {file.relative: file.size_bytes for file in surveyed.found} if gone else {}
    of_release: dict[tuple[str, str], list[SourceRow]] = {}
    for row in present:
        if row.raw_folder in gone:
            of_release.setdefault((row.raw_folder, row.release), []).append(row)

    def inside(row: SourceRow) -> str:
        return f"{storable(surveyed.part)}/{row.path[len(row.raw_folder) + 1 :]}"

    def same(row: SourceRow) -> str:
        return row.relative

    found: dict[tuple[str, str], Callable[[SourceRow], str]] = {}
    for release, rows in of_release.items():
        for now in (same, inside) if surveyed.part else (same,):
            if sum(sizes.get(now(row)) == row.size_bytes for row in rows) * 2 > len(rows):
                found.setdefault(release, now)
    return found


def _at(path: str, row: SourceRow, part: str | None, already: Sequence[SourceRow]) -> SourceRow:
    """Return the row of a place that has another path now.

    Parameters
    ----------
    part : the `SourceRow.raw_part` of what this run finds; what earlier runs saw around its old place says nothing of
        the folders around this one.
    already : what runs have seen there, if they took it for another place. What was copied there first, and removed
        from the old folder later, is one place since the copy. A younger copy was another place, which is gone.
    """
    if not already:
        return dataclasses.replace(row, path=path, raw_part=part)
    copied = min(stay.seen_utc for one in already for stay in one.stays)
    if row.stays[0].seen_utc > copied:
        return row if row.gone_utc else dataclasses.replace(row, gone_utc=utc_now())
    until_copied = [
        stay._replace(gone_utc=min(stay.gone_utc or copied, copied)) for stay in row.stays if stay.seen_utc < copied
    ]
    own = next((one for one in already if one.digest == row.digest), None)
    if own is None:
        return dataclasses.replace(row, path=path, raw_part=part).during(until_copied or [Stay(copied, copied)])
    return own.during([*until_copied, *own.stays])


def _if_moved(folder: str, here: str, releases: Iterable[tuple[str, str]]) -> str:
    names = ", ".join(sorted(printable(release) for of, release in releases if of == folder))
    old, new = printable(folder), printable(here)
    return f"{old} is empty, and {new} has what was in it ({names}): if it was moved, remove {old} and run again"


def _in_words(folder: str, here: str, before: Iterable[SourceRow]) -> str:
    ours = [row for row in before if row.raw_folder == folder and row.gone_utc is None]
    releases = ", ".join(sorted({printable(row.release) for row in ours}))
    files = "1 file" if len(ours) == 1 else f"{len(ours)} files"
    return f"moved: {printable(folder)} is now {printable(here)} ({releases}: {files}, whose history continues)"
