"""Makes the report of a run: adds up the counts, gathers every problem with its reason, and decides the state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flows.run.folder_defaults import recipe_file
from flows.run.reporting.command_for_file import with_file_named
from flows.run.reporting.file_change import Change
from flows.run.reporting.last_run import last_report
from flows.run.reporting.problems import FileProblem, in_one_line
from flows.run.reporting.report import Report, ResultCounts, State, Stop, summary
from flows.run.reporting.run_record import RunRecord
from flows.run.reporting.untold import Untold, has_told
from processors.errors import StoreError
from processors.sources.scan import printable
from processors.store.findings.misnamed import misnamed
from processors.store.findings.undelivered import is_undelivered, undelivered
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

if TYPE_CHECKING:
    from flows.run.planning.prepare import Prepared
    from flows.run.planning.unchanged import LastRun
    from flows.run.working.batches import SourceOutcome
    from processors.engine.plan import Plan
    from processors.engine.result_records import Outcome

MAX_NAMED = 3
"""Maximum number of files of one kind listed in the message; more are only counted."""
ADVISED_ON = 10
"""Maximum number of files named in one line of advice; more are only counted."""


def save(report: Report, record: RunRecord) -> Report:
    """End the run's record with this report; return it as written, or with a message that it could not be."""
    brief = replace(report, new_results=(), problems=(), changes=(), withdrawn_releases={}, passed_over_files=())
    if record.end(asdict(report), asdict(brief)):
        return report
    return replace(report, report=None, message=f"{report.message}; no report could be written")


def make_report(
    prepared: Prepared,
    done: Sequence[SourceOutcome],
    *,
    record: RunRecord,
    asked: str,
    store: Store,
    strict: bool,
    elsewhere: Sequence[SourceOutcome] = (),
    stop: Stop | None = None,
) -> Report:
    """Sum up the run.

    A failure in this run, or inputs that do not add up, make the state `failed`; refused, damaged or unsupported
    files, those that are back though withdrawn, and failures of earlier runs, make it `completed with warnings`, or
    `failed` with `strict`.

    Parameters
    ----------
    elsewhere : due results made by another run meanwhile.
    """
    counts, failed_now = _counts(prepared.plan, done, elsewhere)
    kinds = Counter(row.kind for row in prepared.rows)
    altered = [change for change in prepared.changes if change.kind == "changed"]
    problems = (*_altered(altered), *_problems(prepared, done, elsewhere, record))
    failed_now = failed_now or bool(altered) or any(one.is_new and one.verdict == "failed" for one in problems)
    is_back = any(one.kind == "returned" for one in prepared.changes)
    warned = bool(problems or prepared.gone_releases or prepared.is_unusual_folder or is_back)
    state = _state(prepared, counts, failed_now=failed_now, warned=warned, strict=strict, stop=stop)
    advice = (
        *prepared.unmatched_sections,
        *undelivered(prepared.rows),
        *misnamed(prepared.rows),
        *_corrected_in_packs(prepared, store),
        *_advice(done),
        *_shared_starts(done, store),
    )
    return Report(  # which counts the requests to a bucket so far
        **_of_record(record, asked, store),
        state=state,
        message=_message(prepared, counts, state, stop),
        files=len(prepared.rows) + len(prepared.unreadable) + len(prepared.passed_over),
        sources=kinds["media"] - len(prepared.duplicates),
        duplicates=len(prepared.duplicates),
        companions=kinds["companion"],
        unsupported=kinds["unsupported"],
        not_taken=len(prepared.unreadable),
        passed_over=len(prepared.passed_over),
        passed_over_files=tuple(prepared.passed_over),
        results=counts,
        new_results=tuple(_new_result(one, outcome, store) for one in done for outcome in one.outcomes),
        problems=problems,
        changes=tuple(prepared.changes),
        withdrawn_releases=dict(prepared.gone_releases),
        advice=advice,
        stop=stop,
        recipe_file=str(file.resolve()) if prepared.survey and (file := recipe_file()) else None,
        emptied_folders=prepared.emptied_folders,
    )


def report_again(last: LastRun, record: RunRecord, asked: str, store: Store, *, strict: bool) -> Report:
    """Return the report of a run that finds nothing changed since the last one."""
    before = last.report
    warned: State = "failed" if strict else "completed with warnings"
    state = warned if before.problems else "completed"
    return replace(
        before,
        **_of_record(record, asked, store),
        state=state,
        message=summary(before.results, state),
        recipe_file=str(file.resolve()) if (file := recipe_file()) else None,
    )


def _of_record(record: RunRecord, asked: str, store: Store) -> dict[str, Any]:
    """Return the fields of a report that do not depend on what was found."""
    return {
        "run": record.who.run,
        "raw": asked,
        "store": store.address,
        "started_utc": record.who.started_utc,
        "seconds": record.seconds,
        "ended_utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "others_at_work": record.others_now(),
        "notes": record.notes,
        "report": str(record.path),
        "traffic": store.traffic,
        "release_traffic": record.release_traffic,
    }


def _counts(plan: Plan, done: Sequence[SourceOutcome], elsewhere: Sequence[SourceOutcome]) -> tuple[ResultCounts, bool]:
    """Return the sums of the conservation law, and whether anything failed in this run."""
    outcomes = [outcome for one in done for outcome in one.outcomes]
    now = Counter(outcome.verdict for outcome in outcomes)
    meanwhile = [outcome for one in elsewhere for outcome in one.outcomes]
    before = Counter([*(earlier.verdict for earlier in plan.earlier), *(one.verdict for one in meanwhile)])
    counts = ResultCounts(
        inputs=plan.due_count + plan.reused + len(plan.earlier),
        due=plan.due_count,
        made=now["made"],
        reused=plan.reused + before["made"],
        refused=now["refused"] + before["refused"],
        failed=now["failed"] + before["failed"],
        not_reached=plan.due_count - len(outcomes) - len(meanwhile),
    )
    return counts, now["failed"] > 0


def _new_result(one: SourceOutcome, outcome: Outcome, store: Store) -> dict[str, object]:
    return {
        "file": one.due.relative,
        "processor": outcome.ref.processor,
        "verdict": outcome.verdict,
        "items": outcome.item_count,
        "size_bytes": outcome.size_bytes,
        "seconds": round(outcome.seconds, 3),
        "folder": store.where(outcome.ref),
    }


def _state(
    prepared: Prepared, counts: ResultCounts, *, failed_now: bool, warned: bool, strict: bool, stop: Stop | None
) -> State:
    adds_up = counts.inputs == counts.made + counts.reused + counts.refused + counts.failed + counts.not_reached
    is_unread = any(not entry.is_refused for entry in prepared.unreadable)
    if stop and stop.signal:
        return "interrupted"
    is_incomplete = is_unread or prepared.emptied_folders or counts.not_reached or not adds_up
    if stop or failed_now or is_incomplete or (strict and warned):
        return "failed"
    return "completed with warnings" if warned else "completed"


def _message(prepared: Prepared, counts: ResultCounts, state: State, stop: Stop | None) -> str:
    if prepared.emptied_folders and not counts.inputs and not stop:
        return f"{state}: {'; '.join(prepared.emptied_folders)}"
    if prepared.is_empty and not stop:
        return f"{state}: {prepared.is_empty}"
    because = [stop.reason] if stop and not stop.signal else []
    altered = [one.file for one in prepared.changes if one.kind == "changed"]
    unread = [one.relative for one in prepared.unreadable if not one.is_refused]
    named = [*_named(altered, "changed on disk"), *_named(unread, "could not be read")]
    withdrawn = [
        f"the folder of {printable(release)} is gone, and its {count} file{'' if count == 1 else 's'} withdrawn"
        for release, count in prepared.gone_releases.items()
    ]
    folders = (*prepared.moved_folders.in_words, *prepared.corrected_releases, *prepared.emptied_folders)
    return "; ".join([*because, *folders, *withdrawn, *named, summary(counts, state)])


def _named(files: Sequence[str], what: str) -> list[str]:
    """Return the files by name with what happened to them, or only their number if there are many; empty for none."""
    if len(files) > MAX_NAMED:
        return [f"{len(files)} files {what}"]
    return [f"{', '.join(map(printable, files))} {what}"] if files else []


def _problems(
    prepared: Prepared, done: Sequence[SourceOutcome], elsewhere: Sequence[SourceOutcome], record: RunRecord
) -> list[FileProblem]:
    problems = [
        FileProblem.of_result(
            one.due.relative, outcome.ref.processor, outcome.verdict, outcome.reason, outcome.blame, is_new=is_new
        )
        for one, outcome, is_new in (*_outcomes(done, is_new=True), *_outcomes(elsewhere, is_new=False))
        if outcome.verdict != "made"
    ]
    problems += _passed_by(prepared, record)
    untold = Untold(record)
    packs = {one.path: one.packs for one in prepared.changes}
    problems += [
        untold.as_new(
            FileProblem.of_withdrawn(
                one,
                sorted({name for row in one.rows for name in packs.get(row.path, ())}),
                is_new=any(row in prepared.gone_files for row in one.rows),
            ),
            lambda rows=one.rows: max(row.gone_utc or row.seen_utc for row in rows),
        )
        for one in prepared.unconfirmed
    ]
    problems += [
        untold.result_as_new(
            FileProblem.of_result(
                entry.relative, entry.ref.processor, entry.verdict, entry.reason, entry.blame, is_new=False
            ),
            [entry.ref],
        )
        for entry in prepared.plan.earlier
    ]
    problems += _damaged(prepared, done, elsewhere, untold)
    made = {outcome.ref for one in (*done, *elsewhere) for outcome in one.outcomes if outcome.verdict == "made"}
    problems += [one.problem(is_mended=one.ref in made) for one in prepared.damaged_results]
    started = record.started.isoformat(timespec="milliseconds")
    problems += [
        untold.as_new(
            FileProblem.of_unopened(row.relative, row.format, row.note, is_new=row.seen_utc >= started),
            lambda row=row: row.seen_utc,
        )
        for row in prepared.of_kind("unsupported")
    ]
    problems += [
        untold.as_new(
            FileProblem.of_label(row.relative, row.note, is_new=row.seen_utc >= started), lambda row=row: row.seen_utc
        )
        for row in prepared.of_kind("companion")
        if row.note and not is_undelivered(row)
    ]
    return problems


def _outcomes(those: Sequence[SourceOutcome], *, is_new: bool) -> Iterator[tuple[SourceOutcome, Outcome, bool]]:
    return ((one, outcome, is_new) for one in those for outcome in one.outcomes)


def _passed_by(prepared: Prepared, record: RunRecord) -> list[FileProblem]:
    """Return the files that were not taken, and statements that match no file."""
    before = _passed_by_before(record) if prepared.unreadable or prepared.descriptions_without_file else set()
    unreadable = [
        FileProblem(
            file=entry.relative,
            verdict="not taken" if entry.is_refused else "failed",
            reason=entry.reason,
            is_new=(entry.relative, entry.reason) not in before,
            blame="file" if entry.is_refused else "machine",
        )
        for entry in prepared.unreadable
    ]
    unmatched = [
        FileProblem(
            file=entry.relative,
            verdict="unmatched",
            reason=entry.reason,
            is_new=(entry.relative, entry.reason) not in before,
        )
        for entry in prepared.descriptions_without_file
    ]
    return [*unreadable, *unmatched]


def _altered(changes: Sequence[Change]) -> list[FileProblem]:
    return [FileProblem(file=change.file, verdict="changed", reason=change.reason, is_new=True) for change in changes]


def _damaged(
    prepared: Prepared, done: Sequence[SourceOutcome], elsewhere: Sequence[SourceOutcome], untold: Untold
) -> list[FileProblem]:
    """Return one problem for each damaged file from which results were made."""
    reasons_of: dict[str, dict[str, bool]] = {}
    before: dict[str, list[ResultRef]] = {}
    for entry in prepared.plan.damaged:
        reasons_of.setdefault(entry.relative, {})[entry.reason or ""] = False
        before.setdefault(entry.relative, []).append(entry.ref)
    for one, outcome, is_new in (*_outcomes(elsewhere, is_new=False), *_outcomes(done, is_new=True)):
        if outcome.verdict == "made" and outcome.reason:
            reasons_of.setdefault(one.due.relative, {}).setdefault(outcome.reason, is_new)
    return [
        untold.result_as_new(
            FileProblem(file=file, verdict="damaged", reason=in_one_line(reasons), is_new=any(reasons.values())),
            before.get(file, ()),
        )
        for file, reasons in reasons_of.items()
    ]


def _corrected_in_packs(prepared: Prepared, store: Store) -> Iterator[str]:
    """Yield what no longer holds of sources in packs, such as a permission or pascals, for the holders of the packs."""
    due = {one.source.digest: one.results for one in prepared.plan.due}
    if not (digests := prepared.restated | due.keys()):
        return
    from processors.packs.registry import corrected_in_packs

    try:
        yield from corrected_in_packs(store, digests, lambda row: due.get(row.digest, ()))
    except StoreError as error:  # the record of a pack cannot be read: the run is over, and its report is due
        yield str(error)


def _advice(done: Sequence[SourceOutcome]) -> list[str]:
    """Return one line for each different advice, with the files that it is about, in the order of their paths."""
    files: dict[tuple[str, str], list[str]] = {}
    for one, outcome, _ in _outcomes(done, is_new=True):
        if outcome.advice:
            files.setdefault((outcome.ref.processor, outcome.advice), []).append(one.due.relative)
    return sorted(
        f"{_few(sorted(names))}: {processor}: {with_file_named(advice, names[0]) if len(names) == 1 else advice}"
        for (processor, advice), names in files.items()
    )


def _few(files: Sequence[str]) -> str:
    more = len(files) - ADVISED_ON
    return f"{', '.join(files[:ADVISED_ON])}{f' and {more} more' if more > 0 else ''}"


def _shared_starts(done: Sequence[SourceOutcome], store: Store) -> list[str]:
    """Return one line for the recordings with a common start if this run weighed the evidence of any of them."""
    weighed = {
        one.due.source.digest: one.due.release
        for one in done
        if one.due.source.medium in ("audio", "video")
        and any(outcome.ref.processor == EVIDENCE and outcome.verdict == "made" for outcome in one.outcomes)
    }
    if not weighed:
        return []
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.sql import connect
    from processors.store.findings.shared_starts import shared_starts

    with connect(Catalogue(store), has_statements=False) as connection:
        found = shared_starts(connection, set(weighed.values()))
    return [str(one) for one in found if not one.digests.isdisjoint(weighed)]


def _passed_by_before(record: RunRecord) -> set[tuple[str, str]]:
    """Return the files that the last run whose report was told could not read, with the reasons."""
    last = last_report(record.store, has_told)
    return {(one["file"], one["reason"]) for one in last.get("problems", ()) if one["processor"] is None}
