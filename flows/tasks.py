"""What all flows share: batches as Prefect tasks, the report as an artifact, and the state that follows from it."""

from __future__ import annotations

import base64
import io
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.batches import SourceOutcome
from flows.report import Report, cell, markdown
from flows.run import Answer, Work
from processors.errors import StoreError
from processors.plan import Due

T = TypeVar("T")
SHEETS_SHOWN = 20
"""Contact sheets of one run on Prefect's page: each is a request to the server."""
SHEET_LONGEST_SIDE_PX = 1000
"""About 100 kB in the server's database."""


def task_runner() -> TaskRunner[Any]:
    """One thread more than there are cores: the threads only wait for the workers."""
    return ThreadPoolTaskRunner(max_workers=(os.cpu_count() or 1) + 1)  # type: ignore[arg-type]


@task(name="derive", task_run_name="{label}", cache_policy=NO_CACHE, persist_result=False)
def derive_batch(label: str, batch: list[Due], work: Work) -> list[SourceOutcome] | State[StoreError]:
    """One batch of sources; the label is what Prefect's page shows. A full disk fails it without a traceback."""
    try:
        return work(batch)
    except StoreError as error:
        return Failed(message=str(error), data=error)  # type: ignore[return-value]


def in_tasks(batches: Sequence[list[Due]], work: Work) -> Iterable[Answer]:
    """Dispatch each batch as a Prefect task."""
    futures = [derive_batch.submit(_label(batch), batch, work) for batch in batches]
    for future in as_completed(futures):
        yield future.result(raise_on_failure=False)  # type: ignore[misc]


def patiently(work: Callable[[], T], retries: int, wait_seconds: float = 60.0) -> T:
    """Do it, and again when the machine is at fault (`OSError` with an errno); a bug or a wrong word fails at once.

    A file's own trouble never comes here: it is in the report. Neither does a full disk, which somebody must mend.
    """
    for _ in range(retries):
        try:
            return work()
        except OSError as error:
            if error.errno is None or isinstance(error, TimeoutError):
                raise
        time.sleep(wait_seconds)
    return work()


def run_name() -> str:
    """The name of this run's report: when it began, and what Prefect calls it."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{flow_run.name}"


def settled(report: Report, *, key: str) -> State:
    """Completed, Failed or Cancelled by the conservation law, never by Prefect's colours; its data is the report."""
    create_markdown_artifact(key=key, markdown=markdown(report), description=report.message)
    for made in [new for new in report.new_results if new["processor"] == "video.contact_sheet"][:SHEETS_SHOWN]:
        if made["verdict"] == "made":
            create_image_artifact(
                image_url=_picture(Path(str(made["folder"])) / "contact_sheet.jpg"),
                key="marsmedia-contact-sheet",
                description=cell(str(made["file"])),
            )
    make = {"failed": Failed, "interrupted": Cancelled}.get(report.state, Completed)
    return make(message=report.message, data=report)


def _picture(path: Path) -> str:
    """A smaller copy in the address itself: a browser opens no file of this machine from Prefect's page."""
    from PIL import Image

    with Image.open(path) as sheet:
        sheet.thumbnail((SHEET_LONGEST_SIDE_PX, SHEET_LONGEST_SIDE_PX))
        small = io.BytesIO()
        sheet.save(small, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(small.getvalue()).decode()}"


def _label(batch: list[Due]) -> str:
    return batch[0].relative if len(batch) == 1 else f"{batch[0].relative} and {len(batch) - 1} more"
