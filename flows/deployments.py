"""The flows that run by schedule, with their time-outs; when they run stands in `prefect.yaml`."""

from __future__ import annotations

from typing import Annotated

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect import flow
from prefect.client.schemas.objects import State

from flows.ingest import ingest
from flows.parameters import Said, StoreFolder
from flows.verify import verify

HOUR = 3600.0

nightly_ingest = ingest.with_options(timeout_seconds=20 * HOUR)
"""It ends before the next one is due, with a margin."""

weekly_verify = verify.with_options(timeout_seconds=6 * 24 * HOUR)
"""It goes on where it was, so that a store that takes longer than a week to hash is hashed too."""

Recipe = Annotated[str, Said("The pack's recipe, a TOML file.")]
Output = Annotated[str, Said("The folder or the .zip file to write.")]


@flow(name="pack", description="Build the pack that a recipe describes.", timeout_seconds=12 * HOUR)
def build_pack(recipe: Recipe, output: Output, store: StoreFolder = "processed") -> State:
    """Build a pack, in the flow of that name."""
    from flows.pack import pack  # pyright: ignore[reportMissingImports, reportAttributeAccessIssue]

    return pack.fn(recipe=recipe, output=output, store=store)
