"""Survey of the raw folder at the start of a run, and its digest for comparing two surveys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.run.options import Options
from flows.run.planning.folder_of_releases import folder_of_releases, real_place
from processors.sources.scan import (
    DESCRIPTION,
    EmptyFolder,
    FoundFile,
    PassedOver,
    SkippedFile,
    Surveyed,
    release_of,
    storable,
    survey,
)
from processors.store.bucket.raw_bucket import survey_bucket
from processors.store.open_store import Location, is_address


@dataclass(kw_only=True)
class RawSurvey:
    """Everything below the raw folder, as found."""

    root: str
    """Absolute path of the folder of releases, links resolved, or its address in a bucket."""
    part: str
    """Path below it of the raw folder; empty if that is the folder of releases."""
    border: str
    """Absolute path of the folder inside which links are followed, or an address in a bucket, which has no links."""
    is_described: bool
    """Whether the raw folder has a `release.toml`."""
    found: list[FoundFile] = field(default_factory=list)
    """Files of the releases that are part of the run."""
    unreadable: list[SkippedFile] = field(default_factory=list)
    empty: list[EmptyFolder] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    """Hidden and unfinished files, relative to the root."""

    @property
    def folder(self) -> str:
        """Return the absolute path of the raw folder, links resolved, or its address in a bucket."""
        return f"{self.root}/{self.part}" if self.part else self.root

    @property
    def digest(self) -> str:
        """Return the SHA-256 of paths, sizes and dates of all files, and of skipped entries with reasons.

        With the catalogue, these determine the folder of releases and the release of each file.
        """
        found = hashlib.sha256()
        for file in self.found:
            line = f"{file.path}\n{file.size_bytes} {file.mtime_ns}\n"
            found.update(line.encode("utf-8", "surrogateescape"))
        above = len(self.folder) - len(self.root)
        rest = [f"{one.relative[above:]}\n{one.reason}" for one in self.unreadable]
        rest += [one.relative[above:] for one in self.empty]
        found.update("\n".join([self.folder, *rest, str(len(self.passed_over))]).encode("utf-8", "surrogateescape"))
        return found.hexdigest()


def survey_raw(raw: Location, options: Options, root: str | None = None, border: str | None = None) -> RawSurvey:
    """Survey the releases that are part of the run; raises as `survey`, or `survey_bucket`.

    Parameters
    ----------
    root : the folder of releases; None to find it without the catalogue.
    border : folder around `raw` inside which links are followed; None for `raw` itself.
    """
    place = real_place(raw)
    border = border or place
    if is_address(raw):
        entries = list(survey_bucket(place, root))
    else:
        entries = list(survey(Path(raw), Path(root) if root else None, Path(border)))
    if root is None:
        files = {entry.relative for entry in entries if isinstance(entry, FoundFile)}
        if (root := folder_of_releases(place, files)) != place:
            entries = _below(root, place, entries)
    part = place[len(root) :].lstrip("/")
    description = f"{part}/{DESCRIPTION}".lstrip("/")
    is_described = any(isinstance(entry, FoundFile) and entry.relative == description for entry in entries)
    surveyed = RawSurvey(root=root, part=part, border=border, is_described=is_described)
    for entry in entries:
        if isinstance(entry, FoundFile):
            if options.releases is None or entry.release in options.releases:
                surveyed.found.append(entry)
        elif isinstance(entry, PassedOver):
            surveyed.passed_over.append(entry.relative)
        elif isinstance(entry, EmptyFolder):
            surveyed.empty.append(entry)
        else:
            surveyed.unreadable.append(entry)
    return surveyed


def _below(root: str, place: str, entries: Iterable[Surveyed]) -> list[Surveyed]:
    """Return what was surveyed of a release, with the paths and release that it has below the folder of releases."""
    part = storable(place[len(root) :].lstrip("/"))
    placed = [replace(entry, relative=f"{part}/{entry.relative}".rstrip("/")) for entry in entries]
    names = (entry.relative.rpartition("/") for entry in placed)
    described = {folder for folder, _, name in names if name == DESCRIPTION}
    return [
        replace(entry, release=release_of(entry.relative.rpartition("/")[0], described, root.rpartition("/")[2]))
        if isinstance(entry, FoundFile)
        else entry
        for entry in placed
    ]
