"""What a run did: counts that must add up, every problem with its reason, and the state that follows from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from flows.batches import SourceOutcome
from flows.prepare import Prepared
from processors.store.results import Store, replace_file
from processors.survey import printable

State = Literal["completed", "completed with warnings", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that was not made, and why."""

    file: str
    """Path below the raw folder."""
    processor: str | None
    """None where the whole file is concerned."""
    verdict: str
    """`failed`, `refused`, `unsupported` or `not taken`."""
    reason: str
    is_new: bool
    """False: known from an earlier run."""


@dataclass(frozen=True, kw_only=True)
class ResultCounts:
    """Pairs of source and processor; inputs = made + reused + refused + failed + not_reached."""

    inputs: int
    due: int
    made: int
    reused: int
    refused: int
    failed: int
    not_reached: int
    """Still due: the run was stopped."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run, told in full; also what `ingest --json` prints."""

    run: str
    state: State
    message: str
    raw: str
    """The folder of releases, or the words of a selection."""
    store: str
    started_utc: str
    seconds: float
    files: int
    """Everything found below `raw`: sources + duplicates + companions + unsupported + not_taken."""
    sources: int
    """Media files with bytes of their own."""
    duplicates: int
    """Media files with the bytes of another."""
    companions: int
    """Labels, inventories, read-me files and other text that belongs to a release."""
    unsupported: int
    not_taken: int
    """Links, pipes, and files that could not be read."""
    results: ResultCounts
    new_results: tuple[dict[str, object], ...]
    problems: tuple[Problem, ...]
    report: str
    """Where this report lies."""

    def save(self) -> None:
        replace_file(Path(self.report), json.dumps(asdict(self), ensure_ascii=False, indent=1).encode() + b"\n")

    @property
    def exit_code(self) -> int:
        return {"completed": 0, "completed with warnings": 0, "failed": 1, "interrupted": 130}[self.state]


def make_report(
    prepared: Prepared,
    done: Sequence[SourceOutcome],
    *,
    run: str,
    asked: str,
    store: Store,
    started: datetime,
    strict: bool,
    interrupted: bool = False,
    stopped_by: str | None = None,
) -> Report:
    """Add everything up.

    A failure in this run, or inputs that do not add up, make the state `failed`; what was refused, or failed in an
    earlier run, makes it `completed with warnings`, or `failed` with `strict`.
    """
    plan = prepared.plan
    outcomes = [outcome for one in done for outcome in one.outcomes]
    now = Counter(outcome.verdict for outcome in outcomes)
    before = Counter(earlier.verdict for earlier in plan.earlier)
    counts = ResultCounts(
        inputs=plan.due_count + plan.reused + len(plan.earlier),
        due=plan.due_count,
        made=now["made"],
        reused=plan.reused,
        refused=now["refused"] + before["refused"],
        failed=now["failed"] + before["failed"],
        not_reached=plan.due_count - len(outcomes),
    )
    problems = tuple(_problems(prepared, done))
    failed_now = now["failed"] > 0 or any(not entry.is_refused for entry in prepared.untaken)
    warned = counts.refused + counts.failed > 0 or bool(prepared.untaken)
    adds_up = counts.inputs == counts.made + counts.reused + counts.refused + counts.failed + counts.not_reached
    state: State = "completed with warnings" if warned else "completed"
    if failed_now or stopped_by or counts.not_reached or not adds_up or (strict and warned):
        state = "failed"
    if interrupted:
        state = "interrupted"
    kinds = Counter(row.kind for row in prepared.rows)
    return Report(
        run=run,
        state=state,
        message=f"{stopped_by}; {_message(counts, state)}" if stopped_by else _message(counts, state),
        raw=asked,
        store=str(store.root),
        started_utc=started.isoformat(timespec="seconds"),
        seconds=round((datetime.now(UTC) - started).total_seconds(), 3),
        files=len(prepared.rows) + len(prepared.untaken),
        sources=kinds["media"] - len(prepared.duplicates),
        duplicates=len(prepared.duplicates),
        companions=kinds["companion"],
        unsupported=kinds["unsupported"],
        not_taken=len(prepared.untaken),
        results=counts,
        new_results=tuple(
            {"file": one.due.relative, "processor": outcome.ref.processor, "verdict": outcome.verdict,
             "items": outcome.item_count, "size_bytes": outcome.size_bytes, "seconds": round(outcome.seconds, 3),
             "folder": str(store.folder(outcome.ref))}
            for one in done for outcome in one.outcomes
        ),
        problems=problems,
        report=str(store.runs_folder / f"{run}.json"),
    )  # fmt: skip


def _message(counts: ResultCounts, state: State) -> str:
    parts = [f"{counts.made} made", f"{counts.reused} reused", f"{counts.refused} refused", f"{counts.failed} failed"]
    if counts.not_reached:
        parts.append(f"{counts.not_reached} not reached")
    return f"{state}: of {counts.inputs} results: {', '.join(parts)}"


def _problems(prepared: Prepared, done: Sequence[SourceOutcome]) -> list[Problem]:
    problems = [
        Problem(file=one.due.relative, processor=outcome.ref.processor, verdict=outcome.verdict,
                reason=outcome.reason or "", is_new=True)
        for one in done for outcome in one.outcomes if outcome.verdict != "made"
    ]  # fmt: skip
    problems += [
        Problem(file=entry.relative, processor=None, verdict="not taken" if entry.is_refused else "failed",
                reason=entry.reason, is_new=True)
        for entry in prepared.untaken
    ]  # fmt: skip
    problems += [
        Problem(file=entry.relative, processor=entry.ref.processor, verdict=entry.verdict, reason=entry.reason or "",
                is_new=False)
        for entry in prepared.plan.earlier
    ]  # fmt: skip
    problems += [
        Problem(
            file=row.relative, processor=None, verdict="unsupported", reason=f"{row.format}: {row.note}", is_new=False
        )
        for row in prepared.of_kind("unsupported")
    ]
    return problems


def markdown(report: Report) -> str:
    """The report as Prefect shows it on its page; text from files is escaped."""
    lines = [f"**{report.message}**", "", "| what | count |", "| --- | ---: |"]
    for name in ("files", "sources", "duplicates", "companions", "unsupported", "not_taken"):
        lines.append(f"| {name.replace('_', ' ')} | {getattr(report, name)} |")
    lines += [f"| results {name.replace('_', ' ')} | {value} |" for name, value in asdict(report.results).items()]
    if report.problems:
        lines += ["", "| file | processor | verdict | reason |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {cell(problem.file)} | {problem.processor or ''} | {problem.verdict} | {cell(problem.reason)} |"
            for problem in report.problems[:200]
        ]
    lines += ["", f"Report: `{report.report}`"]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text from files, safe in a Markdown table."""
    marks = {
        "|": "&#124;",
        "<": "&lt;",
        ">": "&gt;",
        "&": "&amp;",
        "`": "&#96;",
        "[": "&#91;",
        "*": "&#42;",
        "_": "&#95;",
    }
    return "".join(marks.get(c, c) for c in printable(text))
