"""`marsmedia verify`: hash stored and raw files again."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.cli.common import counted, megabytes, open_existing_store, print_json, print_note, traffic_in_words
from flows.cli.shared_options import JSON, STORE, run_options
from processors.sources.scan import printable

if TYPE_CHECKING:
    from flows.run.checking.check_store import Hashed, Which
    from processors.store.fixity.fixity_findings import FixityFault

IN_JSON = ("results", "results_before", "items", "size_bytes", "masters", "masters_bytes", "new", "faults")


@click.command()
@click.option(
    "--sample",
    "percent",
    type=click.FloatRange(0, 100, min_open=True),
    help="Verify only this percentage of results.  [default: all]",
)
@click.option("--seed", type=int, help="Number that chooses the sample.  [default: today's date]")
@click.option("--raw-only", is_flag=True, help="Hash only the raw files.")
@click.option("--store-only", is_flag=True, help="Hash only the stored files.")
@run_options("runner", "scheduler", "quiet")
@STORE
@JSON
def verify(
    percent: float | None,
    seed: int | None,
    raw_only: bool,
    store_only: bool,
    runner: Literal["local", "dask"],
    scheduler: str | None,
    quiet: bool,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Hash every stored and raw file again and report changes.

    Names each stored file that is damaged, missing or extra, and each raw file that has changed or is
    missing since it was ingested; exit code 1 if there is one. A new raw file is reported too, but is
    no fault. An interrupted check resumes where it stopped.

    \b
    marsmedia verify
    marsmedia verify --sample 5
    """
    from flows.run.checking.check_store import hash_all, hash_sample
    from flows.run.checking.checker import checker_of
    from flows.run.checking.ways_out import advice_on_damage
    from flows.run.options import Options
    from flows.run.progress import RunProgress
    from processors.store.bucket.bucket_traffic import RELEASES

    if raw_only and store_only:
        raise click.UsageError("--raw-only and --store-only exclude each other; give one, or none for both")
    which: Which = "raw" if raw_only else "store" if store_only else "all"
    options, store = Options(runner=runner, scheduler=scheduler), open_existing_store(store_folder)
    before = replace(RELEASES)

    def tell(fault: FixityFault) -> None:
        if not as_json:
            with progress.aside():
                click.echo(f"{fault.kind}: {fault.path}: {printable(fault.reason)}")

    with RunProgress(quiet=quiet or as_json) as progress, checker_of(options, store) as checker:
        print_note(checker.note)
        if percent is None:
            done = hash_all(store, tell, which, progress.each, checker.parallel_map)
        else:
            seed = datetime.now(UTC).toordinal() if seed is None else seed
            done = hash_sample(store, percent, seed, tell, which, progress.each, checker.parallel_map)
    advice = advice_on_damage(done.faults, store)
    traffic = RELEASES.since(before)
    of_releases = traffic if traffic.requests else None
    if as_json:
        found = {name: getattr(done, name) for name in IN_JSON}
        print_json({**found, "advice": advice, "traffic": store.traffic, "release_traffic": of_releases})
    else:
        _print_summary(done, which)
        for line in advice:
            click.echo(printable(line))
        if store.traffic:
            click.echo(f"bucket: {traffic_in_words(store.traffic)}")
        if of_releases:
            click.echo(f"bucket of the releases: {traffic_in_words(of_releases)}")
    sys.exit(1 if done.faults else 0)


def _print_summary(done: Hashed, which: Which) -> None:
    from processors.store.fixity.fixity_findings import fault_count

    if done.results_before:
        earlier = counted(done.results_before, "result")
        click.echo(f"Resumed an interrupted check; {earlier} had been verified already.")
    if done.is_progress_lost:
        click.echo("The progress of an interrupted check cannot be read; all was hashed again.")
    stored = f"{counted(done.results, 'result')}, {counted(done.items, 'item')}, {megabytes(done.size_bytes)}"
    masters = f"{counted(done.masters, 'raw file')}, {megabytes(done.masters_bytes)}"
    hashed = {"all": f"{stored}, {masters}", "store": stored, "raw": masters}[which]
    click.echo(f"{hashed}: {counted(fault_count(done.faults), 'fault', zero='no')}")
