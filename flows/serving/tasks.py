"""Shared parts of all flows: batches as Prefect tasks, the report as an artifact, and the resulting state."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.exceptions import CancelledRun, FailedRun
from prefect.futures import as_completed
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.run.reporting.problems import by_file
from flows.run.reporting.report import Report, message_with_problems
from flows.run.reporting.report_as_markdown import cell, markdown
from flows.run.reporting.run_record import name_of_run
from flows.run.working.batches import Batch
from flows.run.working.runner import WAITING_THREADS
from flows.run.working.shared_work import BatchOutcome, Finished, do_batch
from flows.serving.end_of_serving import end_if_abandoned, end_with_service
from flows.serving.recording import has_lost_server
from processors.errors import RecipeError, RequestError, StoreError
from processors.well_known_names import CONTACT_SHEET

CANNOT_BEGIN = (OSError, StoreError, RequestError, RecipeError)
"""Exceptions that keep a flow from starting and need no traceback."""
TASKS_AT_ONCE = 4 * WAITING_THREADS
"""Number of tasks submitted at a time; at the end of each group, workers wait for the last batch."""
SHEETS_SHOWN = 20
"""Maximum number of contact sheets of one run on Prefect's page: each is a request to the server."""
LINES_SHOWN = 200
"""Maximum number of files listed in a run's log on Prefect's page; the report lists all."""
SHEET_LONGEST_SIDE_PX = 1000
"""Longest side of a contact sheet on Prefect's page: about 100 kB in the server's database."""

end_with_service()  # every flow loads this module


def task_runner() -> TaskRunner[Any]:
    """Return a task runner whose threads wait for the processes of the run's runner."""
    return ThreadPoolTaskRunner(max_workers=WAITING_THREADS)  # type: ignore[arg-type]


@task(name="derive", task_run_name="{batch.label}", cache_policy=NO_CACHE, persist_result=False)
def derive_batch(batch: Batch) -> Finished | State[StoreError]:
    """Derive one batch of sources. A full disk fails it without a traceback."""
    try:
        return do_batch(batch)
    except StoreError as error:
        return Failed(message=str(error), data=error)  # type: ignore[return-value]


def in_tasks(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
    """Dispatch each batch as a Prefect task, a group at a time: Prefect fails with thousands in progress."""
    for first in range(0, len(batches), TASKS_AT_ONCE):
        futures = [derive_batch.submit(batch) for batch in batches[first : first + TASKS_AT_ONCE]]
        for future in as_completed(futures):
            yield future.result(raise_on_failure=False)  # type: ignore[misc]


def run_name() -> str:
    """Return the name of this run's report: its start time, and the start of its identifier in Prefect."""
    return name_of_run(flow_run.id[:8])


def final_state(report: Report, *, key: str) -> State:
    """Return Completed, Failed or Cancelled by the conservation law, independent of the states of Prefect's tasks.

    The report is an artifact, and each file with a problem a line of the run's log. Only a completed state has the
    report as its data: Prefect would treat the data of another state as an exception. Display errors fail no run.
    """
    end_if_abandoned()
    log = get_run_logger()
    try:
        if not has_lost_server():
            _log_problems(report)
            create_markdown_artifact(key=key, markdown=markdown(report), description=cell(report.message))
            _show_contact_sheets(report)
    except Exception as error:  # noqa: BLE001 - the server may be down or refuse a request; the report is saved already
        log.warning("the report could not be shown in Prefect (%s: %s): %s", type(error).__name__, error, report.report)
    if report.state in ("failed", "interrupted"):
        return ended(message_with_problems(report), is_cancelled=report.state == "interrupted")
    return Completed(message=message_with_problems(report), data=report)


def ended(message: str, *, is_cancelled: bool = False) -> State:
    """Return a state without data for a run that failed or was interrupted; its message holds all the details.

    If a flow runs in its own process, Prefect logs such a state once more, as a traceback of `FailedRun` inside
    Prefect, which is filtered out of the log.
    """
    for logger in (logging.getLogger(get_run_logger().name), get_logger("engine")):
        logger.addFilter(_is_news)
    return (Cancelled if is_cancelled else Failed)(message=message)


def log_lines(lines: Sequence[str], report: str | None = None) -> None:
    """Write lines to the run's log on Prefect's page, up to a limit."""
    log = get_run_logger()
    for line in lines[:LINES_SHOWN]:
        log.warning("%s", line)
    if len(lines) > LINES_SHOWN:
        log.warning("... and %d more%s", len(lines) - LINES_SHOWN, f", in {report}" if report else "")


def _log_problems(report: Report) -> None:
    for note in report.notes:
        get_run_logger().warning("%s", note)
    if report.stop and report.stop.traceback:
        get_run_logger().error("%s", report.stop.traceback)
    found = by_file(report.problems)
    log_lines([str(one) for one in found if one.is_new], report.report)
    if known := sum(not one.is_new for one in found):
        more = shlex.join(["marsmedia", "failures", "--store", report.store])
        get_run_logger().warning("%d files with problems known from earlier runs: `%s`", known, more)


def _is_news(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, FailedRun | CancelledRun)


def _show_contact_sheets(report: Report) -> None:
    made = [new for new in report.new_results if (new["processor"], new["verdict"]) == (CONTACT_SHEET, "made")]
    for one in made[:SHEETS_SHOWN]:
        path = Path(str(one["folder"])) / "contact_sheet.jpg"
        if path.is_file():
            create_image_artifact(
                image_url=_picture(path), key=_key_of(str(one["file"])), description=cell(str(one["file"]))
            )


def _key_of(file: str) -> str:
    """Return the key of a file's contact sheet: Prefect's list of artifacts shows the latest of each key."""
    words = re.findall("[a-z0-9]+", file.lower())
    return "-".join(["contact-sheet", *words, hashlib.sha256(file.encode(errors="surrogateescape")).hexdigest()[:6]])


def _picture(path: Path) -> str:
    """Return a smaller copy as a data URL: on Prefect's page a browser opens no file of this machine."""
    from PIL import Image

    with Image.open(path) as sheet:
        sheet.thumbnail((SHEET_LONGEST_SIDE_PX, SHEET_LONGEST_SIDE_PX))
        small = io.BytesIO()
        sheet.save(small, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"
