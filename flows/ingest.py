"""The Prefect flow `ingest`: every due processor on every source below a folder."""

from __future__ import annotations

from pathlib import Path

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow
from prefect.client.schemas.objects import State

from flows.options import Options
from flows.recipe_book import load_recipes
from flows.run import run_ingest
from flows.tasks import in_tasks, run_name, settled, task_runner


@flow(
    name="ingest",
    description="Identify every file of the releases in a folder and make what is due of each.",
    task_runner=task_runner(),
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
    report = run_ingest(Path(raw), Path(store), load_recipes(), options, in_tasks, name=run_name())
    return settled(report, key="marsmedia-ingest")
