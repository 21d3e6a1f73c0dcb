"""Prefect flow `verify`: hash the store, rebuild a sample, sweep leftovers of killed runs. Above serving."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.run.checking.check_store import Checkup, check_up
from flows.run.checking.ways_out import advice_on_damage
from flows.run.options import Described, MemoryMb, Options, RunnerName, Scheduler, TimeLimitFactor, WorkerCount
from flows.run.reporting.report import with_lines
from flows.run.reporting.report_as_markdown import cell
from flows.serving.form_fields import Retries, StoreFolder, with_form
from flows.serving.retries import patiently
from flows.serving.steps_in_log import StepsInLog
from flows.serving.tasks import CANNOT_BEGIN, ended, log_lines, run_name
from processors.errors import NoStore
from processors.sources.scan import in_words, printable
from processors.store.flush import replace_file
from processors.store.new_store import check_new_store
from processors.store.open_store import Location, location_of, open_store
from processors.store.store import Store

Sample = Annotated[int, Described("Number of results to rebuild and compare.", minimum=0, maximum=10_000)]
Seed = Annotated[
    int | None, Described("Number that chooses the sample.", unset="today's date, so another sample every day")
]


@flow(
    name="verify",
    description="Hash every stored and raw file again, rebuild a sample of results and compare, clear scratch.",
    flow_run_name="verify {store}",
    persist_result=False,
)
@with_form
def verify(
    store: StoreFolder = "processed",
    sample: Sample = 20,
    seed: Seed = None,
    workers: WorkerCount = Options.workers,
    memory_mb: MemoryMb = Options.memory_mb,
    time_limit_factor: TimeLimitFactor = Options.time_limit_factor,
    retries: Retries = 0,
    runner: RunnerName = Options.runner,
    scheduler: Scheduler = Options.scheduler,
) -> State:
    """Verify a store; an interrupted check resumes where it stopped.

    Returns
    -------
    State : Failed if a file is damaged, missing, extra or changed, or a rebuilt result is different; a completed
        one has the `Checkup` as its data.
    """
    given, chosen = locals(), datetime.now(UTC).toordinal() if seed is None else seed
    log, warn = get_run_logger().info, get_run_logger().warning
    steps = StepsInLog(log)
    try:
        options, place = Options.of(given), location_of(store)
        opened = patiently(lambda: _opened(place), retries, warn)
        found = patiently(
            lambda: check_up(opened, sample=sample, seed=chosen, options=options, steps=steps, tell=log), retries, warn
        )
    except CANNOT_BEGIN as error:
        return ended(in_words(error))
    record = {"message": found.message, **asdict(found)}
    written = opened.checks_folder / f"{run_name()}.json"
    replace_file(written, json.dumps(record, ensure_ascii=False, indent=1).encode())
    opened.upload(written)
    advice = [printable(line) for line in advice_on_damage(found.faults, opened)]
    lines = [*_lines(found), *advice]
    log_lines(lines)
    create_markdown_artifact(key="marsmedia-verify", markdown=_markdown(found, advice), description=cell(found.message))
    message = with_lines(found.message, lines, str(written))
    return Completed(message=message, data=found) if found.is_sound else ended(message)


def _opened(location: Location) -> Store:
    """Open the store; one that is not there is a fault of the machine, as it was there when the check was planned."""
    try:
        return open_store(location, writes=False)
    except NoStore:
        check_new_store(location, "never")
        raise


def _lines(found: Checkup) -> list[str]:
    """Return one line for each fault, and for each result that is different when rebuilt."""
    faults = [f"{fault.kind}: {fault.path}: {fault.reason}" for fault in (*found.faults, *found.new)]
    other = [f"{one.verdict}: {one.folder}: {one.reason or ''}" for one in found.sample if one.verdict != "identical"]
    return [printable(line) for line in faults + other]


def _markdown(found: Checkup, advice: Sequence[str]) -> str:
    lines = [f"**{cell(found.message)}**", "", "| what | verdict | reason |", "| --- | --- | --- |"]
    lines += [
        f"| {cell(fault.path)} | {fault.kind} | {cell(fault.reason)} |"
        for fault in (*found.faults[:200], *found.new[:200])
    ]
    lines += [
        f"| {cell(one.folder)} | {one.verdict} | {cell(one.reason or '')} |"
        for one in found.sample
        if one.verdict != "identical"
    ]
    lines += ["", *(f"- {line}" for line in advice)] if advice else []
    return "\n".join([*lines, "", f"Seed of the sample: {found.seed}. Swept from scratch: {found.swept} folders."])
