"""Report of a run as Markdown, for Prefect's page; text from files is escaped."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from flows.run.reporting.problems import Cause, by_file
from processors.sources.scan import printable

if TYPE_CHECKING:
    from flows.run.reporting.report import Report

MAX_ROWS = 200
"""Limit of each table on Prefect's page."""
MARKS = re.compile(r"[\\`*_~\[\]|<>&@$]|^[#+=-]")
LINKS = re.compile(r"(?i)(https?|ftp|mailto|xmpp|www)([:.])")


def markdown(report: Report) -> str:
    """Return the report as Markdown for Prefect's page; text from files is escaped."""
    lines = [f"**{cell(report.message)}**", ""]
    lines += [f"{cell(note)}\n" for note in report.notes]
    lines += ["| what | count |", "| --- | ---: |"]
    for name in ("files", "sources", "duplicates", "companions", "unsupported", "not_taken", "passed_over"):
        lines.append(f"| {name.replace('_', ' ')} | {getattr(report, name)} |")
    lines += [f"| results {name.replace('_', ' ')} | {value} |" for name, value in asdict(report.results).items()]
    found = by_file(report.problems)
    for heading, some in (
        ("New problems", [one for one in found if one.is_new]),
        ("Known from earlier runs", [one for one in found if not one.is_new]),
    ):
        if some:
            lines += [
                "",
                f"**{heading}**",
                "",
                "| file | verdict | cause | fault | results |",
                "| --- | --- | --- | --- | --- |",
            ]
            lines += [_row(one.file, cause) for one in some for cause in one.causes][:MAX_ROWS]
    if shown := [change for change in report.changes if change.kind != "changed"]:
        lines += ["", "| since the last run |", "| --- |", *(f"| {cell(str(change))} |" for change in shown[:MAX_ROWS])]
    lines += ["", f"Report: `{report.report}`" if report.report else "No report could be written."]
    return "\n".join(lines)


def _row(file: str, cause: Cause) -> str:
    results = ", ".join(cause.processors)
    return f"| {cell(file)} | {cause.verdict} | {cell(cause.reason)} | {cause.fault} | {cell(results)} |"


def cell(text: str) -> str:
    """Escape text from files for a Markdown table: no mark-up, and nothing that Prefect's page turns into a link.

    With backslashes, since that page shows numeric character references as they are written.
    """
    return LINKS.sub(r"\1\\\2", MARKS.sub(r"\\\g<0>", printable(text)))
