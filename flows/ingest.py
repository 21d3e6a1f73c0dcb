"""The Prefect flow `ingest`: every due processor on every source below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.batches import SourceOutcome
from flows.options import Options
from flows.recipes import RECIPES
from flows.report import markdown
from flows.run import Answer, Work, run_ingest
from processors.errors import StoreError
from processors.plan import Due


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


@flow(
    name="ingest",
    description="Identify every file of the releases in a folder and make what is due of each.",
    task_runner=ThreadPoolTaskRunner(max_workers=(os.cpu_count() or 1) + 1),  # type: ignore[arg-type]
    persist_result=False,
)
def ingest(
    raw: str = "raw",
    store: str = "processed",
    strict: bool = False,
    hash_all: bool = False,
    retry_failed: bool = False,
    workers: int | None = None,
    memory_mb: int | None = None,
    quiet: bool = True,
) -> State:
    """Ingest releases.

    Parameters
    ----------
    raw : folder of releases.
    store : folder of the processed store; made where there is none.
    strict : results that were refused, or that failed in an earlier run, make the run fail too.
    hash_all : hash every file again, also those whose size and date are unchanged.
    retry_failed : try again what failed in an earlier run.
    workers : processes that decode; None: one for each processor core.
    memory_mb : memory that one file may use; None: up to 4000, by the machine's memory.
    quiet : no progress bar.

    Returns
    -------
    State : Completed, Failed or Cancelled by the conservation law, never by Prefect's colours; its data is the report.
    """
    options = Options(
        strict=strict, hash_all=hash_all, retry_failed=retry_failed, workers=workers, memory_mb=memory_mb, quiet=quiet
    )
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{flow_run.name}"
    report = run_ingest(Path(raw), Path(store), RECIPES, options, in_tasks, name=name)
    create_markdown_artifact(key="marsmedia-ingest", markdown=markdown(report), description=report.message)
    make = {"failed": Failed, "interrupted": Cancelled}.get(report.state, Completed)
    return make(message=report.message, data=report)


def _label(batch: list[Due]) -> str:
    return batch[0].relative if len(batch) == 1 else f"{batch[0].relative} and {len(batch) - 1} more"
