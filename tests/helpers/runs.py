"""A run without Prefect, and its counts."""

from __future__ import annotations

from pathlib import Path

from flows.run.options import Options
from flows.run.reporting.report import Report
from flows.run.reporting.run_record import name_of_run
from flows.run.run import in_threads, run_ingest
from processors.engine.wanted_results import Recipes
from processors.store.open_store import Location
from tests.helpers.first_recipes import RECIPES


def ingest(raw: Path, store: Location, recipes: Recipes = RECIPES, **options: object) -> Report:
    return run_ingest(raw, store, recipes, Options(**options), in_threads, name=name_of_run("test"))  # type: ignore[arg-type]


def counts(report: Report) -> tuple[int, int, int, int, int]:
    results = report.results
    assert results.inputs == results.made + results.reused + results.refused + results.failed + results.not_reached
    return results.due, results.made, results.reused, results.refused, results.failed
