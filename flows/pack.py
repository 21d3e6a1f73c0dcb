"""Prefect flow `pack`: build a pack and verify it. Above serving."""

from __future__ import annotations

from typing import Annotated

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.run.build_pack import build_pack, due_for, naming_recipe, recipe_of, title_warnings
from flows.run.options import Described, Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.reporting.report import Report, with_lines
from flows.run.run import run
from flows.serving.form_fields import StoreFolder, with_form
from flows.serving.steps_in_log import StepsInLog
from flows.serving.tasks import CANNOT_BEGIN, ended, in_tasks, log_lines, run_name, task_runner
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.built import Built
from processors.packs.contents.reservations import warnings
from processors.sources.scan import in_words, printable
from processors.store.open_store import Location, location_of, open_store

RecipePath = Annotated[str, Described("The pack recipe, a TOML file; `marsmedia pack init` writes a template.")]
PackOutput = Annotated[
    str, Described("Destination: a folder, a file that ends in .zip, or either in a bucket, s3://bucket/june.zip.")
]


@flow(
    name="pack",
    description="Build a pack from its pack recipe and verify every byte of it.",
    flow_run_name="pack {recipe}",
    task_runner=task_runner(),
    persist_result=False,
)
@with_form
def pack(
    recipe: RecipePath = "packs/press.toml", output: PackOutput = "packs/press.zip", store: StoreFolder = "processed"
) -> State:
    """Build a pack; an existing one is replaced, except another one in a folder of a bucket.

    Returns
    -------
    State : Completed, or Failed with the reason; its data is the record of the built pack. The message of a pack with
        reservations, damage or things left out says "completed with warnings", and lists them below.
    """
    steps = StepsInLog(get_run_logger().info)
    try:
        chosen, opened = recipe_of([recipe]), open_store(location_of(store), new="never")
        with naming_recipe([recipe]):
            due = due_for(chosen, opened)
        if due:
            log_lines([_made(due, location_of(store)).message])
        built = build_pack(chosen, location_of(output), opened, force=True, steps=steps)
    except CANNOT_BEGIN as error:
        return ended(in_words(error))
    warned = [*title_warnings(chosen), *pack_lines(built)]
    log_lines(warned)
    checked = verify_pack(built.path, steps)
    if checked.faults:
        faults = [printable(f"{fault.kind}: {fault.path}: {fault.reason}") for fault in checked.faults]
        log_lines(faults)
        return ended(with_lines(f"{built.path}: {len(faults)} faults", faults, None))
    size = f"{built.file_count} files, {built.size_bytes / 1e6:.1f} MB"
    known = ", unchanged" if built.is_unchanged else ""
    message = f"{built.path}: {size}, {built.identity.urn}{known}"
    state = "completed with warnings: " if warned else ""
    return Completed(message=with_lines(f"{state}{message}", warned, None), data=built)


def pack_lines(built: Built) -> list[str]:
    """Return what whoever passes the pack on must know, one line each; what forbids it comes first, then damage."""
    left_out = built.left_out_in_words
    gone = (*built.moved, *built.replaced, *built.withdrawn)
    told = (
        *built.damaged,
        *left_out,
        *gone,
        *built.returned,
        *built.misdated,
        *built.labels_apart,
        *built.lost_in_words,
    )
    return [*warnings(built.reservations, len(built.sources)), *map(printable, told)]


def _made(due: ReprocessRequest, store: Location) -> Report:
    """Make the results that the pack needs but no run makes by default; the pack does without those that fail."""
    options = Options(quiet=True, new_store="never")
    return run(
        lambda opened, progress: prepare_chosen(due, opened, retry_failed=False),
        store,
        options,
        in_tasks,
        name=run_name(),
        asked=str(due),
    )
