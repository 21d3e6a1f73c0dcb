"""Problems by file: root cause, affected results, and who is at fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from flows.run.reporting.file_change import in_packs
from processors.errors import Blame, Verdict, blame_for_unopened, displayed_verdict
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.store.findings.withdrawn import Withdrawal
    from processors.store.fixity.absent_folders import AbsentFolder

ProblemVerdict = Literal[
    "changed",
    "missing",
    "replaced",
    "withdrawn",
    "damaged result",
    "failed",
    "damaged",
    "unsupported",
    "not taken",
    "unmatched",
    "refused",
    "mended",
]
OF_STORE: tuple[ProblemVerdict, ...] = ("damaged result", "mended")
"""Kinds of problems of the store, which the catalogue lists until they are fixed."""
GRAVEST_FIRST: tuple[ProblemVerdict, ...] = get_args(ProblemVerdict)
MARSMEDIA = "a fault in marsmedia"
FAULT_OF: dict[Blame, str] = {
    "file": "of the file",
    "version": "none: this version does not support it",
    "machine": "of the machine",
    "marsmedia": "in marsmedia",
}
_NAMES_LIMIT = re.compile(r"raise (--[a-z-]+|max_\w+)")
"""Advice in a reason to raise a limit that was too low for the file."""
OF_DAMAGE = "download the complete file, or use the results made from the rest"
"""What to do about a damaged file of which results were made."""
NAMES_SHOWN = 4
_NEEDS = re.compile(
    r"(?:it )?needs (?P<used>[\w.]+), which (?:was )?(?:failed|refused)(?: \((?P<in>.*)\): |: )(?P<out>.*)", re.S
)


@dataclass(frozen=True, kw_only=True)
class FileProblem:
    """Problem with a result that was not made or came from a damaged file, with the reason."""

    file: str
    """Path relative to the raw folder."""
    processor: str | None = None
    """Name of the processor; None if the whole file is affected."""
    verdict: ProblemVerdict
    """Kind of problem; `changed`: a raw file whose bytes changed though its size and date did not; `missing`,
    `replaced`: a raw file that a check found missing or replaced, and no run has read since; `withdrawn`: one that is
    gone from raw without confirmation; `damaged result`: one whose files in the store are damaged or missing; `mended`:
    one that this run made again; `unmatched`: one that describes a missing file, or one differently from another."""
    reason: str
    is_new: bool = False
    """False if the report of an earlier run has told it."""
    blame: Blame = "file"
    file_count: int = 1
    """Number of files that it represents: those of a folder or a release that is gone as a whole."""

    @classmethod
    def of_result(
        cls, file: str, processor: str, verdict: Verdict, reason: str | None, blame: str | None, *, is_new: bool
    ) -> FileProblem:
        """Return the problem of a result that was refused or failed, even one stored by an older version."""
        words, whose = reason or "", blame_of(reason or "", blame)
        told = displayed_verdict(verdict, whose)
        assert told != "made"
        return cls(file=file, processor=processor, verdict=told, reason=words, is_new=is_new, blame=whose)

    @classmethod
    def of_unopened(cls, file: str, kind: str, note: str | None, *, is_new: bool) -> FileProblem:
        """Return the problem of a file that is not opened, such as an archive."""
        words, whose = f"{kind}: {note}", blame_for_unopened(note or "")
        return cls(file=file, verdict="unsupported", reason=words, is_new=is_new, blame=whose)

    @classmethod
    def of_withdrawn(cls, one: Withdrawal, packs: Sequence[str] = (), *, is_new: bool = False) -> FileProblem:
        """Return the problem of a file or release that is gone from raw without confirmation, and is in packs."""
        reason = f"{one.reason}{in_packs(packs)}"
        return cls(file=one.place, verdict="withdrawn", reason=reason, is_new=is_new, file_count=len(one.rows))

    @classmethod
    def of_absent(cls, one: AbsentFolder) -> FileProblem:
        """Return the problem of a folder, empty or gone, in which earlier runs have found files."""
        return cls(file=one.relative or one.path, verdict="missing", reason=one.reason, file_count=one.file_count)

    @classmethod
    def of_label(cls, file: str, note: str, *, is_new: bool) -> FileProblem:
        """Return the problem of a label whose image or sound is missing from the release."""
        return cls(file=file, verdict="unmatched", reason=note, is_new=is_new)


IDENTITY = ("file", "processor", "verdict", "reason")
"""Fields that say whether two reports are about one problem."""


def identity_of(one: FileProblem) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in IDENTITY)


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Root cause in one file, with all its consequences."""

    verdict: ProblemVerdict
    reason: str
    blame: Blame
    is_new: bool
    processors: tuple[str, ...]
    """Results that were not made because of it; empty if the whole file is affected."""

    @property
    def names_limit(self) -> bool:
        """Return whether the file exceeds a limit, and the reason says how to raise it."""
        return _NAMES_LIMIT.search(self.reason) is not None

    @property
    def is_finding(self) -> bool:
        """Return whether nothing is wrong and these results just do not suit it, such as motion of a still scene."""
        return self.verdict == "refused" and self.blame == "file" and not self.names_limit

    @property
    def fault(self) -> str:
        """Return whose fault it is, in words."""
        if self.names_limit:
            return "of a limit"
        return "none: the file does not suit these results" if self.is_finding else FAULT_OF[self.blame]

    def __str__(self) -> str:
        return f"{self.reason}{_concerned(self.processors)}"


@dataclass(frozen=True, kw_only=True)
class FileProblems:
    """All problems of one file, the gravest cause first."""

    file: str
    causes: tuple[Cause, ...]
    file_count: int = 1
    """Number of files, of a folder or release that is gone as a whole."""

    @property
    def is_new(self) -> bool:
        return any(cause.is_new for cause in self.causes)

    @property
    def has_findings_only(self) -> bool:
        """Return whether nothing is wrong with the file except that some results do not suit it."""
        return all(cause.is_finding for cause in self.causes)

    @property
    def blame(self) -> Blame:
        """Return who is at fault for the gravest cause."""
        return self.causes[0].blame

    def __str__(self) -> str:
        """Return one line for the gravest cause, with what to do if it is damage; the others are only counted."""
        first, more = self.causes[0], len(self.causes) - 1
        others = f" (and {more} other {'problem' if more == 1 else 'problems'})" if more else ""
        to_do = f": {OF_DAMAGE}" if first.verdict == "damaged" and "download" not in first.reason else ""
        return f"{first.verdict}: {printable(self.file)}: {printable(str(first))}{to_do}{others}"


def by_file(problems: Iterable[FileProblem]) -> list[FileProblems]:
    """Gather problems by file and root cause: the gravest file first, and new causes before known ones.

    Files that are fine, except that results do not suit them, come last.
    """
    files: dict[str, dict[tuple[bool, ProblemVerdict, str], list[FileProblem]]] = {}
    for problem in problems:
        causes = files.setdefault(problem.file, {})
        causes.setdefault((not problem.is_new, *_root(problem)), []).append(problem)
    found = [
        FileProblems(
            file=file,
            causes=_sorted(causes),
            file_count=max(problem.file_count for together in causes.values() for problem in together),
        )
        for file, causes in files.items()
    ]
    return sorted(found, key=lambda one: (one.has_findings_only, _gravity(one.causes[0].verdict), one.file))


def blame_of(reason: str, blame: str | None = None) -> Blame:
    """Return who is at fault for a stored failure; older versions stored this in the wording of the reason."""
    if blame in FAULT_OF:
        return blame  # type: ignore[return-value]
    return "marsmedia" if MARSMEDIA in reason else "file"


def _gravity(verdict: ProblemVerdict) -> int:
    return GRAVEST_FIRST.index(verdict)


def _sorted(causes: dict[tuple[bool, ProblemVerdict, str], list[FileProblem]]) -> tuple[Cause, ...]:
    ordered = sorted(causes.items(), key=lambda one: (one[0][0], _gravity(one[0][1])))
    return tuple(
        Cause(
            verdict=verdict,
            reason=reason,
            blame=together[0].blame,
            is_new=not is_known,
            processors=tuple(dict.fromkeys(p.processor for p in together if p.processor)),
        )
        for (is_known, verdict, reason), together in ordered
    )


def _root(problem: FileProblem) -> tuple[ProblemVerdict, str]:
    """Return the root cause: a result that lacks an input has the reason of that input."""
    verdict, reason = problem.verdict, problem.reason
    while found := _NEEDS.fullmatch(reason):
        reason = found["in"] or found["out"]
    return verdict, reason


def _concerned(processors: Sequence[str]) -> str:
    if not processors:
        return ""
    named = ", ".join(processors[:NAMES_SHOWN])
    if len(processors) <= NAMES_SHOWN:
        return f" [{named}]"
    return f" [{len(processors)} results: {named} ...]"


def in_one_line(reasons: Iterable[str]) -> str:
    """Return several reasons without repeated parts: a truncation is reported for both video and audio."""
    parts = dict.fromkeys(part for reason in reasons for part in reason.split("; "))
    return "; ".join(part for part in parts if f"cut off: {part}" not in parts)
