"""Prefect flow `ingest`: every due processor on every source below a folder. Above serving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from flows.run.options import (
    HashAll,
    MemoryMb,
    NewStoreWhen,
    Options,
    Quiet,
    RecipeName,
    Releases,
    RetryFailed,
    RunnerName,
    Scheduler,
    ShardName,
    Strict,
    TimeLimitFactor,
    WorkerCount,
)
from flows.run.recipe_changes.load_recipes import load_recipes
from flows.run.reporting.report import Report
from flows.run.run import run_ingest
from flows.serving.form_fields import Raw, Retries, StoreFolder, with_form
from flows.serving.retries import patiently
from flows.serving.tasks import CANNOT_BEGIN, ended, final_state, in_tasks, run_name, task_runner
from processors.sources.scan import in_words
from processors.store.open_store import is_store, location_of


@flow(
    name="ingest",
    description="Identify every file of the releases in a folder and make the due results of each.",
    flow_run_name="ingest {raw}",
    task_runner=task_runner(),
    persist_result=False,
)
@with_form
def ingest(
    raw: Raw = "raw",
    store: StoreFolder = "processed",
    strict: Strict = Options.strict,
    hash_all: HashAll = Options.hash_all,
    retry_failed: RetryFailed = Options.retry_failed,
    workers: WorkerCount = Options.workers,
    memory_mb: MemoryMb = Options.memory_mb,
    time_limit_factor: TimeLimitFactor = Options.time_limit_factor,
    quiet: Quiet = Options.quiet,
    retries: Retries = 0,
    releases: Releases = Options.releases,
    recipe: RecipeName = Options.recipe,
    runner: RunnerName = Options.runner,
    scheduler: Scheduler = Options.scheduler,
    shard: ShardName = Options.shard,
    new_store: NewStoreWhen = Options.new_store,
) -> State:
    """Ingest releases; a try after the first begins no new store where there was one.

    Returns
    -------
    State : Completed, Failed or Cancelled by the conservation law, independent of Prefect's task states; a completed
        one has the report as its data.
    """
    options, place = Options.of(locals()), location_of(store)
    if options.new_store == "auto" and isinstance(place, Path) and is_store(place):
        options = replace(options, new_store="never")
    tries: list[Report] = []

    def work() -> Report:
        recipes, name = load_recipes(options.recipe), run_name()
        tries.append(run_ingest(location_of(raw), place, recipes, options, in_tasks, name=name, earlier=tries))
        return tries[-1]

    try:
        report = patiently(work, retries, get_run_logger().warning)
    except CANNOT_BEGIN as error:
        return ended(in_words(error))
    return final_state(report, key="marsmedia-ingest")
