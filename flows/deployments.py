"""Scheduled flows with their time-outs; the schedules are in `prefect.yaml`. Above ingest."""

from __future__ import annotations

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from flows.ingest import ingest
from flows.pack import pack
from flows.verify import verify

HOUR = 3600.0

nightly_ingest = ingest.with_options(timeout_seconds=20 * HOUR)
"""Nightly flow; its time-out ends it before the next one is due, with a margin."""

weekly_verify = verify.with_options(timeout_seconds=6 * 24 * HOUR)
"""Weekly flow; it resumes where it stopped, so that even a store that takes longer than a week is hashed entirely."""

build_pack = pack.with_options(timeout_seconds=12 * HOUR)
