"""Survey of the raw folder at the start of a run, and its digest for comparing two surveys."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from flows.run.options import Options
from processors.sources.scan import EmptyFolder, FoundFile, PassedOver, SkippedFile, survey
from processors.store.open_store import Location, is_address


@dataclass(kw_only=True)
class RawSurvey:
    """Everything below the raw folder, as found."""

    root: str
    """Absolute path of the raw folder, links resolved, or its address in a bucket."""
    found: list[FoundFile] = field(default_factory=list)
    """Files of the releases that are part of the run."""
    unreadable: list[SkippedFile] = field(default_factory=list)
    empty: list[EmptyFolder] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    """Hidden and unfinished files, relative to the root."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of paths, releases, sizes and dates of all files, and of skipped entries with reasons."""
        found = hashlib.sha256()
        for file in self.found:
            line = f"{file.path}\n{file.release}\n{file.size_bytes} {file.mtime_ns}\n"
            found.update(line.encode("utf-8", "surrogateescape"))
        rest = [f"{one.relative}\n{one.reason}" for one in self.unreadable]
        rest += [one.relative for one in self.empty]
        found.update("\n".join([self.root, *rest, str(len(self.passed_over))]).encode("utf-8", "surrogateescape"))
        return found.hexdigest()


def survey_raw(raw: Location, options: Options) -> RawSurvey:
    """Survey the releases that are part of the run; raises as `survey`, or `survey_bucket`."""
    if is_address(raw):
        from processors.store.bucket.raw_bucket import survey_bucket

        surveyed, entries = RawSurvey(root=str(raw).rstrip("/")), survey_bucket(str(raw))
    else:
        surveyed, entries = RawSurvey(root=os.path.realpath(raw)), survey(Path(raw))
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
