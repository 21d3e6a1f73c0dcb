"""Prefect flow `reprocess`: chosen sources, chosen processors, changed parameters. Above serving."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.run.options import (
    Described,
    MemoryMb,
    Options,
    Quiet,
    RecipeName,
    RetryFailed,
    RunnerName,
    Scheduler,
    ShardName,
    Strict,
    TimeLimitFactor,
    WorkerCount,
)
from flows.run.planning.prepare import Prepared
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.planning.shard import Shard
from flows.run.progress import RunProgress
from flows.run.run import run
from flows.serving.form_fields import StoreFolder, with_form
from flows.serving.tasks import CANNOT_BEGIN, ended, final_state, in_tasks, run_name, task_runner
from processors.engine.parameters import settings_of
from processors.sources.scan import in_words
from processors.store.open_store import location_of
from processors.store.store import Store

Selection = Annotated[
    list[str],
    Described("Words that select sources: medium=video, sol=10..40, a name, a pattern.", unset="every source"),
]
EVERY: list[str] = []
Processors = Annotated[list[str] | None, Described("Names of processors.", unset="all of the recipe")]
Settings = Annotated[
    dict[str, Any] | None,
    Described('Parameters to override, if exactly one processor is named: {"every_seconds": 0.5}.', unset="none"),
]


def _name() -> str:
    asked = flow_run.parameters
    what, of = ", ".join(asked["processors"] or ["all"]), " ".join(asked["selection"] or ["every source"])
    return f"reprocess {what} of {of}"


@flow(
    name="reprocess",
    description="Make selected results of selected sources with other parameters; existing results stay.",
    flow_run_name=_name,
    task_runner=task_runner(),
    persist_result=False,
)
@with_form
def reprocess(
    selection: Selection = EVERY,
    processors: Processors = None,
    settings: Settings = None,
    store: StoreFolder = "processed",
    recipe: RecipeName = Options.recipe,
    strict: Strict = Options.strict,
    retry_failed: RetryFailed = Options.retry_failed,
    workers: WorkerCount = Options.workers,
    memory_mb: MemoryMb = Options.memory_mb,
    time_limit_factor: TimeLimitFactor = Options.time_limit_factor,
    quiet: Quiet = Options.quiet,
    runner: RunnerName = Options.runner,
    scheduler: Scheduler = Options.scheduler,
    shard: ShardName = Options.shard,
) -> State:
    """Reprocess.

    Returns
    -------
    State : Completed, Failed or Cancelled by the conservation law; that of a completed one has the report as its data.
    """
    options = replace(Options.of(locals()), new_store="never")  # a new one has nothing to select
    choice = ReprocessRequest(
        words=tuple(selection),
        processors=tuple(processors or ()),
        settings=settings_of(settings or {}),
        recipe=options.recipe,
    )

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare_chosen(choice, store, retry_failed=retry_failed, shard=Shard.parse(options.shard))

    try:
        report = run(look, location_of(store), options, in_tasks, name=run_name(), asked=str(choice))
    except CANNOT_BEGIN as error:
        return ended(in_words(error))
    return final_state(report, key="marsmedia-reprocess")
