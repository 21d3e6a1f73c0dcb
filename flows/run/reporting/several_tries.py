"""Report of a run that was tried several times: what the first tries found is new, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flows.run.reporting.problems import identity_of
from flows.run.reporting.report import Report, summary


def as_one_run(report: Report, earlier: Sequence[Report]) -> Report:
    """Return the report of the last try, in which problems that an earlier try was the first to find are new.

    A file that failed in an earlier try, and whose failure stands, fails the run; a problem that is gone does not.
    """
    found = {identity_of(one) for before in earlier for one in before.problems if one.is_new}
    if not found:
        return report
    problems = tuple(replace(one, is_new=one.is_new or identity_of(one) in found) for one in report.problems)
    has_failed = any(one.is_new and one.verdict == "failed" for one in problems)
    if not has_failed or report.state not in ("completed", "completed with warnings"):
        return replace(report, problems=problems)
    before = report.message.removesuffix(summary(report.results, report.state))
    return replace(report, problems=problems, state="failed", message=f"{before}{summary(report.results, 'failed')}")
