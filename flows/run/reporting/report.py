"""Report of a run: its counts, problems, changes and state, as recorded in the store and printed as JSON."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flows.run.interrupt import EXIT_CODES, signal_of
from flows.run.reporting.file_change import Change
from flows.run.reporting.problems import MARSMEDIA, FileProblem, by_file
from processors.errors import RecipeError, RequestError, StoreError
from processors.sources.scan import in_words
from processors.store.bucket.bucket_traffic import Traffic

State = Literal["completed", "completed with warnings", "failed", "interrupted"]
REPORT = "report: "
"""Beginning of the last line of a message with files below it."""
LINES_BELOW = 10
"""Maximum number of problems that are listed below a message of one line."""
FAULT_EXIT_CODE = 3
"""Exit code of a run ended by a fault in marsmedia."""


@dataclass(frozen=True, kw_only=True)
class ResultCounts:
    """Numbers of pairs of source and processor; inputs = made + reused + refused + failed + not_reached."""

    inputs: int
    due: int
    """Due when the run started."""
    made: int
    """Made by this run."""
    reused: int
    """Already in the store, or made by another run in the meantime."""
    refused: int
    failed: int
    not_reached: int
    """Still due because the run was stopped."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Reason why a run ended before its work was done."""

    reason: str
    signal: str | None = None
    """`SIGINT`, `SIGTERM` or `SIGHUP` if the run was interrupted."""
    traceback: str | None = None
    """Traceback of a fault in marsmedia."""

    @classmethod
    def by(cls, error: BaseException) -> Stop:
        if name := signal_of(error):
            return cls(reason=f"interrupted ({name})", signal=name)
        if isinstance(error, TimeoutError) and error.errno is None:
            return cls(reason="the run exceeded the time limit of its flow")
        is_bare = isinstance(error, OSError) and error.strerror is None  # not of the system, nor of a source
        if isinstance(error, StoreError | RequestError | RecipeError | OSError) and not is_bare:
            return cls(reason=in_words(error))
        text = "".join(traceback.format_exception(error))
        return cls(reason=f"{MARSMEDIA}: {type(error).__name__}: {error}: please report it", traceback=text)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Full report of one run; also printed by `ingest --json`."""

    run: str
    state: State
    message: str
    raw: str
    """Folder of releases, or the words of a selection."""
    store: str
    started_utc: str
    seconds: float
    files: int
    """All files found below `raw`: sources + duplicates + companions + unsupported + not_taken + passed_over."""
    sources: int
    """Media files with distinct bytes."""
    duplicates: int
    """Media files with the same bytes as another."""
    companions: int
    """Labels, inventories, read-me files and other text that belongs to a release."""
    unsupported: int
    not_taken: int
    """Links, pipes, and files that could not be read."""
    passed_over: int
    """Hidden files, unfinished downloads, and files left by editors and systems."""
    passed_over_files: tuple[str, ...]
    """Their paths, relative to the raw folder."""
    results: ResultCounts
    new_results: tuple[dict[str, object], ...]
    problems: tuple[FileProblem, ...]
    changes: tuple[Change, ...]
    """Files changed, replaced, moved or withdrawn since the last run."""
    withdrawn_releases: dict[str, int]
    """Releases whose folder has gone since the last run, with the number of their files that are nowhere else."""
    notes: tuple[str, ...]
    """Other runs at work when this one started, and earlier ones that ended without a report."""
    stop: Stop | None
    report: str | None
    """Path of this report; None if it could not be written."""
    traffic: Traffic | None = None
    """Traffic of the run with the bucket of its store; None for a store in a folder."""
    advice: tuple[str, ...] = ()
    """Advice on new results, and what to do: statements that could not be used, with the reason."""
    release_traffic: Traffic | None = None
    """Traffic of the run with releases in buckets; None for releases in folders."""
    recipe_file: str | None = None
    """Path of the recipe file of a run over a folder of releases; None without one, and for a selection."""
    emptied_folders: tuple[str, ...] = ()
    """One message for each folder that is empty, and in which an earlier run found files."""
    ended_utc: str | None = None
    others_at_work: tuple[str, ...] | None = None
    """Names of the other runs, and commands, at work when this one ended; None for a store in a bucket."""

    @property
    def exit_code(self) -> int:
        if self.stop and self.stop.traceback:
            return FAULT_EXIT_CODE
        if self.stop and self.stop.signal:
            return EXIT_CODES[self.stop.signal]
        return {"completed": 0, "completed with warnings": 0, "failed": 1, "interrupted": 130}[self.state]


def message_with_problems(report: Report) -> str:
    """Return the message, and below it the files that are new with a problem, one a line, and the report's path.

    A failed run always has the path. One that only known files fail, as with `strict`, has those.
    """
    found = [one for one in by_file(report.problems) if not one.has_findings_only]
    lines = [str(one) for one in found if one.is_new]
    has_failed = report.state == "failed"
    if has_failed and not (lines or report.stop or report.emptied_folders):
        lines = [f"known: {one}" for one in found]
    if has_failed and not lines and report.report:
        return f"{report.message}\n{REPORT}{report.report}"
    return with_lines(report.message, lines, report.report)


def has_new_problems(message: str) -> bool:
    """Return whether a message, as `message_with_problems` returns it, has files below it; then the report ends it."""
    return message.rpartition("\n")[2].startswith(REPORT)


def with_lines(message: str, lines: Sequence[str], report: str | None) -> str:
    """Return a message with some lines below it, up to a limit, and the path of a report; alone without any."""
    if not lines:
        return message
    more = len(lines) - LINES_BELOW
    return "\n".join(
        [
            message,
            *lines[:LINES_BELOW],
            *([f"... and {more} more"] if more > 0 else []),
            *([f"{REPORT}{report}"] if report else []),
        ]
    )


def summary(counts: ResultCounts, state: State) -> str:
    """Return the state and the counts of results in one sentence."""
    parts = [f"{counts.made} made", f"{counts.reused} reused", f"{counts.refused} refused", f"{counts.failed} failed"]
    if counts.not_reached:
        parts.append(f"{counts.not_reached} not reached")
    return f"{state}: of {counts.inputs} results: {', '.join(parts)}"
