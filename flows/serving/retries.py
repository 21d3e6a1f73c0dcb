"""The one rule on which runs are tried again, and the trying."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flows.run.reporting.report import Report
from processors.errors import NO_SPACE, SourceChanged

T = TypeVar("T")
WAIT_SECONDS = 60.0


def is_tried_again(outcome: object) -> bool:
    """Return whether the machine is at fault for an outcome, an exception or a report, so that a minute may help.

    It is for an `OSError` with an errno; for a file that changed or vanished during the run, or could not be read, as
    any failure that `failures` calls one of the machine; and for an empty folder in which an earlier run found files.
    It is not for a disk that is full or read-only, a time-out, damaged files, wrong requests, bugs, and stopped runs.
    """
    if isinstance(outcome, Report):
        is_unfinished = outcome.state != "failed" or outcome.stop is not None
        is_of_machine = any((one.verdict, one.blame) == ("failed", "machine") for one in outcome.problems)
        return not is_unfinished and (is_of_machine or bool(outcome.emptied_folders))
    if not isinstance(outcome, OSError) or isinstance(outcome, TimeoutError):
        return False
    return isinstance(outcome, SourceChanged) or outcome.errno not in (None, *NO_SPACE)


def patiently(
    work: Callable[[], T], retries: int, tell: Callable[[str], None], wait_seconds: float = WAIT_SECONDS
) -> T:
    """Do some work, and again while the machine is at fault (`is_tried_again`); return or raise the last outcome."""
    for number in range(1, retries + 1):
        try:
            outcome = work()
        except OSError as error:
            if not is_tried_again(error):
                raise
            reason = str(error)
        else:
            if not is_tried_again(outcome):
                return outcome
            reason = outcome.message if isinstance(outcome, Report) else str(outcome)
        tell(f"{reason}; retry {number} of {retries} in {wait_seconds:.0f} s")
        time.sleep(wait_seconds)
    return work()
