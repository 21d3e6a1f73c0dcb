"""How every command that makes results goes: plan without Prefect, start the flow only when something is due, tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flows.options import Options
from flows.progress import RunProgress
from flows.report import Report, make_report
from flows.run import Prepare
from flows.server import prefect_server
from flows.workers import warm_up
from processors.store.by_name import refresh_by_name
from processors.store.results import Store
from processors.survey import printable

PROBLEMS_SHOWN = 40


def conduct(
    prepare: Prepare, store_folder: Path, options: Options, flow: Callable[[], Any], *, asked: str, as_json: bool
) -> int:
    """Run it; gives the exit code.

    Parameters
    ----------
    prepare : looks and plans; the flow does it once more, when it runs.
    flow : imports Prefect, runs the flow and gives its final state.
    asked : what the run works on, for the report.
    """
    started = datetime.now(UTC)
    store = Store(store_folder)
    try:
        with RunProgress(quiet=options.quiet) as progress:
            prepared = prepare(store, progress)
    except KeyboardInterrupt:
        click.echo("marsmedia: interrupted while hashing; nothing was made: run again", err=True)
        return 130
    if prepared.plan.due:
        warm_up(has_sound=prepared.plan.has_sound_due)  # while Prefect starts
        with prefect_server(announce=not options.quiet):
            report: Report = flow().result(raise_on_failure=False)
    else:
        if prepared.view:
            refresh_by_name(store, prepared.view)
        name = started.strftime("%Y%m%dT%H%M%S-nothing-due")
        report = make_report(prepared, [], run=name, asked=asked, store=store, started=started, strict=options.strict)
        report.save()
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        tell(report)
    return report.exit_code


def tell(report: Report) -> None:
    click.echo(report.message)
    click.echo(
        f"{report.files} files: {report.sources} sources, {report.duplicates} duplicates, "
        f"{report.companions} companions, {report.unsupported} unsupported, {report.not_taken} not taken"
    )
    lines = _problem_lines(report)
    for line in lines[:PROBLEMS_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > PROBLEMS_SHOWN:
        click.echo(f"  ... and {len(lines) - PROBLEMS_SHOWN} more, in the report")
    click.echo(f"report: {report.report}")
    click.echo(f"browse: {report.store}/by-name")


def _problem_lines(report: Report) -> list[str]:
    """One line for each file and reason, naming the processors concerned."""
    concerned: dict[tuple[str, str, str, bool], list[str]] = {}
    for problem in report.problems:
        key = problem.verdict, problem.file, problem.reason, problem.is_new
        concerned.setdefault(key, []).extend([problem.processor] if problem.processor else [])
    lines = []
    for (verdict, file, reason, is_new), processors in concerned.items():
        known = "" if is_new or verdict == "unsupported" else " (known from an earlier run)"
        about = f" {', '.join(processors)}" if processors else ""
        lines.append(f"{verdict}:{about} {printable(file)}: {printable(reason)}{known}")
    return lines
