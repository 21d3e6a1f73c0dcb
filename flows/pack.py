"""Prefect flow `pack`: build a pack and verify it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.run.build_pack import build_pack, recipe_of
from flows.run.options import Described
from flows.serving.form_fields import StoreFolder
from flows.serving.tasks import CANNOT_BEGIN, ended, log_lines, said
from processors.packs.archive.verify_pack import verify_pack
from processors.sources.scan import printable
from processors.store.store import Store

PackRecipe = Annotated[str, Described("The pack's recipe, a TOML file; `marsmedia pack init` writes a template.")]
PackOutput = Annotated[str, Described("Destination of the pack: a folder, or a file that ends in .zip.")]


@flow(
    name="pack",
    description="Build a pack from its recipe and verify every byte of it.",
    flow_run_name="pack {recipe}",
    persist_result=False,
)
def pack(recipe: PackRecipe, output: PackOutput, store: StoreFolder = "processed") -> State:
    """Build a pack; an existing one is replaced.

    Returns
    -------
    State : Completed, or Failed with the reason; its data is the record of the built pack.
    """
    try:
        built = build_pack(recipe_of([recipe]), Path(output), Store(Path(store)), force=True)
    except CANNOT_BEGIN as error:
        return ended(said(error))
    checked = verify_pack(built.path)
    if checked.faults:
        faults = [printable(f"{fault.kind}: {fault.path}: {fault.reason}") for fault in checked.faults]
        log_lines(faults)
        return ended(f"{built.path}: {len(faults)} faults: {'; '.join(faults[:10])}")
    size = f"{built.file_count} files, {built.size_bytes / 1e6:.1f} MB"
    return Completed(message=f"{built.path}: {size}, {built.identity.urn}", data=built)
