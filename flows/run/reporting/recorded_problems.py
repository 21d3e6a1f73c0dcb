"""Problems of files recorded in the store and in the report of the last run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any

from flows.run.checking.damaged_results import damaged_results
from flows.run.planning.current_results import CurrentResults
from flows.run.reporting.last_run import ended, last_report, last_run
from flows.run.reporting.problems import OF_STORE, FileProblem, FileProblems, by_file, in_one_line
from flows.run.reporting.run_record import LOST, read_run
from processors.engine.own_companions import OwnCompanions
from processors.errors import RequestError, ResultCorrupt, ResultMissing
from processors.sources.source_file import changed_reason
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import Selection, parse, select
from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.findings.undelivered import is_undelivered
from processors.store.findings.withdrawn import as_written_there, unconfirmed
from processors.store.fixity.absent_folders import absent_folders
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

PROBLEM = "verdict <> 'made' OR reason <> ''"
"""Condition in SQL: the result was not made, or made with a loss."""


def stored(words: Sequence[str], store: Store) -> Iterator[FileProblem]:
    """Yield problems of the results that count, and unsupported files, of a selection; without one, of every file."""
    catalogue, selection = Catalogue(store), parse(words)
    sightings = catalogue.sightings()
    selection = replace(selection, names=tuple(as_written_there(selection.names, sightings)))
    every = [row for row in sightings if row.gone_utc is None]
    unusable = [row for row in every if row.kind == "unsupported" and _means(selection, row)]
    companions = [row for row in every if row.kind == "companion" and _means(selection, row)]
    incomplete = [row for row in companions if row.note and not is_undelivered(row)]
    yield from _of_masters([row for row in every if _means(selection, row)])
    yield from (
        FileProblem.of_withdrawn(one)
        for one in unconfirmed(sightings)
        if any(_means(selection, row) for row in one.rows)
    )
    for row in unusable:
        yield FileProblem.of_unopened(row.relative, row.format, row.note, is_new=False)
    for row in incomplete:
        yield FileProblem.of_label(row.relative, row.note or "", is_new=False)
    try:
        media = (
            select(selection, catalogue, every_place=True) if words else [row for row in every if row.kind == "media"]
        )
    except RequestError:
        if not unusable and not companions:
            raise
        return
    sources = {row.digest for row in media}
    yield from (one.problem() for one in damaged_results(catalogue) if not words or one.ref.source in sources)
    damaged: dict[str, dict[str, None]] = {}
    for row, result in current_of_troubled(store, catalogue, media):
        reason = result["reason"] or ""
        if result["verdict"] == "made" and reason:
            damaged.setdefault(row.relative, {})[reason] = None
        elif result["verdict"] != "made" and (problem := _problem(row, result, store)):
            yield problem
    for file, reasons in damaged.items():
        yield FileProblem(file=file, verdict="damaged", reason=in_one_line(reasons))


def _of_masters(rows: Sequence[SourceRow]) -> Iterator[FileProblem]:
    """Yield the raw files that a check or a run has found changed, missing or replaced, and folders that are gone."""
    absent = absent_folders(rows)
    yield from map(FileProblem.of_absent, absent)
    for row in rows:
        if any(row.path.startswith(f"{folder.path}/") for folder in absent):
            continue
        was = f"was {row.digest[:16]}..., first seen {row.seen_utc[:10]}"
        verdict, reason = row.check_fault, f"found {row.check_fault} by `marsmedia verify`; {was}"
        if row.changed_to is not None:
            verdict, reason = "changed", changed_reason(row.digest, row.changed_to)
        if verdict:
            yield FileProblem(file=row.relative, verdict=verdict, reason=reason)


def current_of_troubled(
    store: Store, catalogue: Catalogue, media: Sequence[SourceRow]
) -> Iterator[tuple[SourceRow, dict[str, Any]]]:
    """Yield the current outcome of those files of which any result was not made, or made with a loss.

    Each processor's result that counts, with the first path it concerns.
    """
    places = by_source(media)
    for result in _counting(store, catalogue, places, {row.evidence_key for row in media}):
        if row := _place_of(result, places):
            yield row, result


def files_with_problems(store: Store) -> list[FileProblems]:
    """Return the files with a problem recorded in the store or the last run; refused results alone are none."""
    return [one for one in by_file([*stored((), store), *of_last_run(store)]) if not one.has_findings_only]


def _place_of(result: Mapping[str, Any], places: Mapping[str, Sequence[SourceRow]]) -> SourceRow | None:
    """Return the first path that a result concerns: evidence belongs to the paths with its statements, not to all."""
    rows = places.get(result["source"], ())
    if result["processor"] == EVIDENCE:
        return next((row for row in rows if row.evidence_key in (None, result["key"])), None)
    return next(iter(rows), None)


def _counting(
    store: Store, catalogue: Catalogue, places: Mapping[str, Sequence[SourceRow]], evidence_keys: Set[str | None]
) -> Iterator[dict[str, Any]]:
    """Yield the result of each processor that counts, and the evidence of every path, of the sources with a problem."""
    columns = ["source", "processor", "key", "verdict", "reason", "started_utc"]
    found: dict[tuple[str, str, str | None], list[dict[str, Any]]] = {}
    troubled = catalogue.rows("results", columns, f"source IN (SELECT source FROM asked WHERE {PROBLEM})")
    for result in sorted(troubled, key=lambda one: one["started_utc"]):
        of_path = result["key"] if result["key"] in evidence_keys else None
        found.setdefault((result["source"], result["processor"], of_path), []).append(result)
    asked = CurrentResults(catalogue)
    for (source, _, _), results in found.items():
        is_clean = all(one["verdict"] == "made" and not one["reason"] for one in results)
        rows = places.get(source, ())
        if is_clean or not rows:
            yield results[-1]
            continue
        refs = asked.of(rows[0]) if len(results) > 1 else ()
        in_turn = [*(one for one in reversed(results) if _ref(one) in refs), *reversed(results)]
        own = (one for one in in_turn if _is_of_own(_ref(one), rows, asked.companions, store))
        yield from itertools.islice(own, 1)


def _is_of_own(ref: ResultRef, rows: Iterable[SourceRow], companions: OwnCompanions, store: Store) -> bool:
    """Return whether a result was made of the own companions of a file at one of its paths, as far as is known."""
    try:
        result = store.manifest(ref)
        return any(not companions.ended(result, row) for row in rows)
    except (ResultCorrupt, ResultMissing):
        return True


def _ref(result: Mapping[str, Any]) -> ResultRef:
    return ResultRef(source=result["source"], processor=result["processor"], key=result["key"])


def _problem(row: SourceRow, result: dict[str, Any], store: Store) -> FileProblem | None:
    """Return the problem of a stored result; None if the result was removed after it was catalogued."""
    ref = _ref(result)
    try:
        blame = store.manifest(ref).blame
    except ResultMissing:
        return None
    return FileProblem.of_result(row.relative, ref.processor, result["verdict"], result["reason"], blame, is_new=False)


def _means(selection: Selection, row: SourceRow) -> bool:
    """Return True if a selection matches a file without a medium, which only names and a release can select."""
    if selection == Selection(names=selection.names, release=selection.release):
        by_release = selection.release in (None, row.release)
        names = selection.names
        return by_release and (
            not names or any(fnmatchcase(name, word) for word in names for name in (row.name, row.relative, row.path))
        )
    return False


def of_last_run(store: Store) -> Iterator[FileProblem]:
    """Yield problems that only a report records, because the next run retries: machine faults and files not taken."""
    for one in _last_report(store).get("problems", ()):
        is_passed_by = one["processor"] is None and one["verdict"] in ("failed", "not taken", "unmatched")
        if is_passed_by or (one.get("blame") == "machine" and one["verdict"] not in OF_STORE):
            yield FileProblem(**{"blame": "file", **one, "is_new": False})


def new_in_last_run(store: Store) -> frozenset[str]:
    """Return the files with a problem that the last run was the first to find."""
    return frozenset(one["file"] for one in _last_report(store).get("problems", ()) if one["is_new"])


def recipe_files_of_last_runs(store: Store) -> dict[str, str]:
    """Return the recipe file of the last run over each folder of releases; a folder whose run had none is absent."""
    last: dict[str, tuple[datetime, str | None]] = {}
    for path in store.records("runs"):
        if "problems" in (report := read_run(path) or {}):
            of_run = ended(report), report.get("recipe_file")
            last[report["raw"]] = max(last.get(report["raw"], of_run), of_run, key=itemgetter(0))
    return {raw: file for raw, (_, file) in last.items() if file}


def stop_of_last_run(store: Store) -> str | None:
    """Return why the last run ended early and what it did not reach; None if it finished, or is at work."""
    newest = last_run(store)
    if newest and newest["state"] == LOST:
        return f"it {newest['message']}; run it again"
    last = _last_report(store)
    if not last.get("stop"):
        return None
    return f"{last['stop']['reason']}; results not reached: {last['results']['not_reached']}"


def _last_report(store: Store) -> dict[str, Any]:
    """Return the report of the last run that has one; empty if none has."""
    return last_report(store, lambda record: "problems" in record)
