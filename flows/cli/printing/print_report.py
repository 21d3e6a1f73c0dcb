"""Output of a run: its counts, and one line for each file with a problem."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from flows.cli.common import counted, print_some, traffic_in_words
from flows.run.reporting.problems import OF_STORE, FileProblems, by_file
from flows.run.reporting.report import Report
from processors.sources.scan import printable
from processors.store.open_store import is_address, is_store
from processors.store.store import Store

PROBLEMS_SHOWN = 40
"""Lines of each kind."""
NAMES_SHOWN = 3


def print_report(report: Report) -> None:
    """Print the counts of a run, and one line for each file with a problem."""
    click.echo(report.message)
    counts = [
        counted(report.sources, "source"),
        *([counted(report.duplicates, "duplicate")] if report.duplicates else []),
        *([counted(report.companions, "companion")] if report.companions else []),
        *([f"{report.unsupported} unsupported"] if report.unsupported else []),
        *([f"{report.not_taken} not taken"] if report.not_taken else []),
        *([f"{report.passed_over} passed over{_names(report.passed_over_files)}"] if report.passed_over else []),
    ]
    click.echo(f"{counted(report.files, 'file')}: {', '.join(counts)}")
    found = by_file(report.problems)
    new = [one for one in found if one.is_new]
    _print_some("", [one for one in new if one.blame in ("file", "version")])
    of_store = [one for one in found if one.causes[0].verdict in OF_STORE]
    _print_some("found damaged in the store by `marsmedia verify`:", of_store)
    machine = [one for one in found if one.blame == "machine" and one not in of_store]
    _print_some("faults of the machine, tried again by the next run:", machine)
    _print_some("faults in marsmedia, please report them:", [one for one in new if one.blame == "marsmedia"])
    _print_some(
        "known from earlier runs:", [one for one in found if not one.is_new and one not in (*machine, *of_store)]
    )
    advice = [printable(line) for line in report.advice]
    print_some(advice, PROBLEMS_SHOWN, "... and {} more such lines; see the report")
    told = tuple(f"{one.file}/" for one in report.problems if one.verdict == "withdrawn")  # files, and releases
    changes = [
        str(change)
        for change in report.changes
        if change.kind != "changed" and not (change.kind == "withdrawn" and f"{change.file}/".startswith(told))
    ]
    print_some(changes, PROBLEMS_SHOWN, "... and {} more changed files; see the report")
    if found:
        click.echo(f"for details: {shlex.join(['marsmedia', 'failures', '--store', report.store])}")
    if report.report:
        click.echo(f"report: {report.report}")
    if report.traffic:
        click.echo(f"bucket: {traffic_in_words(report.traffic)}")
    if report.release_traffic:
        click.echo(f"bucket of the releases: {traffic_in_words(report.release_traffic)}")
    if is_address(report.store) or not is_store(report.store):
        return
    by_name = Store(Path(report.store)).by_name_folder
    if by_name.is_dir():
        click.echo(f"browse: {report.store}/{by_name.name}")


def _names(files: Sequence[str]) -> str:
    """Return a few names in brackets."""
    if not files:
        return ""
    more = ", ..." if len(files) > NAMES_SHOWN else ""
    return f" ({', '.join(map(printable, files[:NAMES_SHOWN]))}{more})"


def _print_some(heading: str, problems: list[FileProblems]) -> None:
    if not problems:
        return
    if heading:
        click.echo(heading)
    print_some([f"  {one}" for one in problems], PROBLEMS_SHOWN, "  ... and {} more files")
