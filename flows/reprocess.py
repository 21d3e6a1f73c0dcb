"""The Prefect flow `reprocess`: chosen sources, chosen processors, changed parameters."""

from __future__ import annotations

from pathlib import Path

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow
from prefect.client.schemas.objects import State

from flows.chosen import Choice, prepare_chosen
from flows.options import Options
from flows.prepare import Prepared
from flows.progress import RunProgress
from flows.run import run
from flows.tasks import in_tasks, run_name, settled, task_runner
from processors.store.results import Store


@flow(
    name="reprocess",
    description="Make chosen results of chosen sources, with other parameters; what is there stays.",
    task_runner=task_runner(),
    persist_result=False,
)
def reprocess(
    selection: list[str],
    processors: list[str] | None = None,
    settings: dict[str, str] | None = None,
    store: str = "processed",
    strict: bool = False,
    retry_failed: bool = False,
    workers: int | None = None,
    memory_mb: int | None = None,
    quiet: bool = True,
) -> State:
    """Reprocess.

    Parameters
    ----------
    selection : words that narrow, as `medium=video`, `sol=10..40`, a name or a pattern; none: every source.
    processors : names of processors; none: all of the recipe.
    settings : changed parameters of the one processor that is named, as `{"every_seconds": "0.5"}`.
    store : folder of the processed store.
    strict : results that were refused, or that failed in an earlier run, make the run fail too.
    retry_failed : try again what failed in an earlier run.
    workers : processes that decode; None: one for each processor core.
    memory_mb : memory that one file may use; None: up to 4000, by the machine's memory.
    quiet : no progress bar.

    Returns
    -------
    State : Completed, Failed or Cancelled by the conservation law; its data is the report.
    """
    choice = Choice(words=tuple(selection), processors=tuple(processors or ()), settings=settings or {})
    options = Options(strict=strict, retry_failed=retry_failed, workers=workers, memory_mb=memory_mb, quiet=quiet)

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare_chosen(choice, store, retry_failed=retry_failed)

    report = run(look, Path(store), options, in_tasks, name=run_name(), asked=str(choice))
    return settled(report, key="marsmedia-reprocess")
