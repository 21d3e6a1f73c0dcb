"""Survey of the raw folder at the start of a run, and its digest for comparing two surveys."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.run.options import Options
from flows.run.planning.folder_of_releases import folder_of_releases, real_place
from processors.sources.scan import DESCRIPTION, EmptyFolder, FoundFile, PassedOver, SkippedFile, survey
from processors.store.bucket.raw_bucket import is_described, survey_bucket
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
        is_release = any(isinstance(entry, FoundFile) and entry.relative == DESCRIPTION for entry in entries)
        if root is None and (root := folder_of_releases(place, is_release=is_release)) != place:
            entries = [replace(entry, relative=f"{place[len(root) + 1 :]}/{entry.relative}") for entry in entries]
    else:
        root = root or folder_of_releases(place, is_release=is_described(place))
        entries = survey(Path(raw), Path(root), Path(border))
    surveyed = RawSurvey(root=root, part=place[len(root) :].lstrip("/"), border=border)
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
