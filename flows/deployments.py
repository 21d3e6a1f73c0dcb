"""The flows that run by schedule, with their time-outs; when they run stands in `prefect.yaml`."""

from __future__ import annotations

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from flows.ingest import ingest
from flows.pack import pack
from flows.verify import verify

HOUR = 3600.0

nightly_ingest = ingest.with_options(timeout_seconds=20 * HOUR)
"""It ends before the next one is due, with a margin."""

weekly_verify = verify.with_options(timeout_seconds=6 * 24 * HOUR)
"""It goes on where it was, so that a store that takes longer than a week to hash is hashed too."""

build_pack = pack.with_options(timeout_seconds=12 * HOUR)
