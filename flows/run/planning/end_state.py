"""Record the state at the end of a run for the next one (`unchanged.py`)."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress

from flows.run.options import Options
from flows.run.planning.prepare import Prepared
from flows.run.planning.unchanged import LastRun, note_path, state_of
from flows.run.reporting.report import Report
from processors.store.catalogue.complete_sources import newest_folders
from processors.store.flush import replace_file
from processors.store.store import Store


def record_end_state(prepared: Prepared, report: Report, store: Store, options: Options) -> None:
    """Record the state at the end of a run, if a plan made now would find nothing to do.

    Nothing is recorded if some file must be read again by each run, or if another run was at work, whose changes this
    one may have missed.
    """
    survey, plan = prepared.survey, prepared.plan
    if survey is None or prepared.fingerprints is None or not _is_final(prepared, report, options):
        return
    of_run = plan.complete | plan.newly_complete
    others = {
        digest: " ".join(f"{one.ref.processor}/{one.ref.key[:16]}" for one in wanted)
        for digest, wanted in plan.wanted.items()
        if digest not in plan.newly_complete
    }
    counts = dataclasses.replace(
        report.results, due=0, made=0, reused=report.results.made + report.results.reused, not_reached=0
    )
    known = tuple(dataclasses.replace(one, is_new=False) for one in report.problems if one.verdict != "mended")
    last = LastRun(
        state=state_of(survey, store),
        recipes=prepared.fingerprints.recipes,
        recipe_files=prepared.recipe_files,
        report=dataclasses.replace(
            report,
            results=counts,
            problems=known,
            new_results=(),
            changes=(),
            withdrawn_releases={},
            traffic=None,
            release_traffic=None,
        ),
        complete=len(of_run),
        not_of_run=tuple(newest_folders(store).keys() - of_run),
        other_folders=prepared.moved_folders.other_folders,
        others={digest: folders for digest, folders in others.items() if folders},
    )
    with suppress(OSError):  # the next run plans
        replace_file(note_path(survey, store, options), json.dumps(dataclasses.asdict(last)).encode())


def _is_final(prepared: Prepared, report: Report, options: Options) -> bool:
    """Return True if a plan made after the run would depend on the same files and find nothing to do."""
    is_whole = prepared.is_whole and options.releases is None and bool(prepared.rows) and not report.stop
    is_read_again = prepared.emptied_folders or any(not one.is_refused for one in prepared.unreadable)
    is_altered = any(row.changed_to is not None for row in prepared.rows)
    is_tried_again = any(one.verdict == "failed" and one.blame in ("machine", "marsmedia") for one in report.problems)
    return is_whole and not (is_read_again or is_altered or is_tried_again or report.results.not_reached)
