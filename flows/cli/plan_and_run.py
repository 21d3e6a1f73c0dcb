"""Plan, run, report: the steps of every command that makes results, recorded in Prefect if there is a server."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import counted, print_json, traffic_in_words
from flows.run.interrupt import signal_of, signals_interrupt
from flows.run.make_report import make_report, report_again, save
from flows.run.options import Options
from flows.run.problems import MARSMEDIA, FileProblems, by_file
from flows.run.report import Report, Stop
from flows.run.run_record import RunRecord, recorded
from processors.errors import RecipeError, RequestError, StoreError
from processors.store.claims import sweep_claims
from processors.store.open_store import Location, is_address, open_store
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.run import Prepare
    from flows.run.unchanged import LastRun

PROBLEMS_SHOWN = 40
"""Lines of each kind."""


def conduct(
    prepare: Prepare,
    store_folder: Location,
    options: Options,
    flow: Callable[[], Any],
    *,
    asked: str,
    as_json: bool,
    unchanged: Callable[[Store], LastRun | None] = lambda _: None,
) -> int:
    """Plan and run; return the exit code. Once the store is open, the run ends in a report whatever happens.

    Parameters
    ----------
    prepare : surveys and plans.
    flow : imports Prefect, runs the flow, which carries out that plan, and returns its final state. It is called if
        something is due and a Prefect server records the runs.
    asked : what the run was asked to work on, for the report.
    unchanged : returns the findings of the last run if there is nothing to plan; called before heavy imports.

    Raises
    ------
    StoreError, OSError, RequestError, RecipeError : the run could not start.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    store = open_store(store_folder)
    with signals_interrupt(), recorded(store, name, asked) as record:
        for note in record.notes:
            click.echo(f"marsmedia: {note}", err=True)
        stop: Stop | None = None
        try:
            if last := unchanged(store):
                _sweep(store, record)
                again = report_again(last, record, asked, store, strict=options.strict)
                record.report = save(again, record)
            else:
                stop = _planned(prepare, store, options, flow, record, asked)
        except (StoreError, OSError, RequestError, RecipeError):
            if record.report is None:
                raise
        except BaseException as error:  # noqa: BLE001 - the command's outermost edge: a run ends in a report
            stop = _stop(error)
        report: Report = record.report or _report_of_stop(stop, record, asked, store, options)
    if report.stop and report.stop.traceback:
        click.echo(report.stop.traceback, err=True)
    if as_json:
        print_json(report)
    else:
        tell(report)
    return report.exit_code


def _planned(
    prepare: Prepare, store: Store, options: Options, flow: Callable[[], Any], record: RunRecord, asked: str
) -> Stop | None:
    """Plan, and run; return why the run could not start."""
    from flows.run.progress import RunProgress
    from flows.run.run import in_threads, run
    from flows.run.workers import warm_up
    from flows.serving.server_of_runs import recorded_at

    with RunProgress(quiet=options.quiet) as progress:
        record.prepared = prepare(store, progress)
    if record.prepared.plan.due:
        known = record.notes
        record.join()
        for note in record.notes:
            if note not in known:
                click.echo(f"marsmedia: {note}", err=True)
    server = _answering(store, record) if record.prepared.plan.due else None
    if server:
        warm_up(has_sound=record.prepared.plan.has_sound_due)  # while Prefect is imported
        with recorded_at(server):
            return _unreported(flow(), record)
    run(prepare, store.address, options, in_threads, name=record.who.run, asked=asked)
    return None


def _sweep(store: Store, record: RunRecord) -> None:
    """Remove leftovers of killed runs, as every run does."""
    sweep_claims(store)
    if not record.others_at_work:
        store.sweep()


def _report_of_stop(stop: Stop | None, record: RunRecord, asked: str, store: Store, options: Options) -> Report:
    """Save and return the report of a run that ended before it could make one."""
    from flows.run.prepare import Prepared
    from processors.engine.plan import Plan

    prepared = record.prepared or Prepared(rows=[], untaken=[], plan=Plan())
    report = make_report(prepared, [], record=record, asked=asked, store=store, strict=options.strict, stop=stop)
    return save(report, record)


def _answering(store: Store, record: RunRecord) -> str | None:
    """Return the address of the server that is to record the run; None, with a note, if it does not answer."""
    from flows.serving.server_of_runs import answers, server_of_runs

    server = server_of_runs(store)
    if server is None or answers(server):
        return server
    record.note(f"Prefect's server {server} does not answer: this run is not recorded there")
    click.echo(f"marsmedia: {record.notes[-1]}", err=True)
    return None


def _unreported(state: Any, record: RunRecord) -> Stop | None:
    """Return why the flow could not start; None if it reported."""
    return None if record.report else Stop(reason=f"the flow could not start: {state.message}")


def _stop(error: BaseException) -> Stop:
    if name := signal_of(error):
        return Stop(reason=f"interrupted ({name})", signal=name)
    told = "".join(traceback.format_exception(error))
    return Stop(reason=f"{MARSMEDIA}: {type(error).__name__}: {error}: please report it", traceback=told)


def tell(report: Report) -> None:
    """Print the counts of a run, and one line for each file with a problem."""
    click.echo(report.message)
    counts = [
        counted(report.sources, "source"),
        *([counted(report.duplicates, "duplicate")] if report.duplicates else []),
        *([counted(report.companions, "companion")] if report.companions else []),
        *([f"{report.unsupported} unsupported"] if report.unsupported else []),
        *([f"{report.not_taken} not taken"] if report.not_taken else []),
        *([f"{report.passed_over} passed over"] if report.passed_over else []),
    ]
    click.echo(f"{counted(report.files, 'file')}: {', '.join(counts)}")
    found = by_file(report.problems)
    new = [one for one in found if one.is_new]
    _tell_some("", [one for one in new if one.blame in ("file", "version")])
    _tell_some("faults of the machine, tried again by the next run:", [one for one in new if one.blame == "machine"])
    _tell_some("faults in marsmedia, please report them:", [one for one in new if one.blame == "marsmedia"])
    _tell_some("known from earlier runs:", [one for one in found if not one.is_new])
    changes = [str(change) for change in report.changes if change.kind != "changed"]
    for line in changes[:PROBLEMS_SHOWN]:
        click.echo(line)
    if len(changes) > PROBLEMS_SHOWN:
        click.echo(f"... and {len(changes) - PROBLEMS_SHOWN} more changed files; see the report")
    if found:
        click.echo(f"more about these files: marsmedia failures --store {report.store}")
    if report.report:
        click.echo(f"report: {report.report}")
    if report.traffic:
        click.echo(f"bucket: {traffic_in_words(report.traffic)}")
    if report.release_traffic:
        click.echo(f"bucket of the releases: {traffic_in_words(report.release_traffic)}")
    if is_address(report.store):
        return
    by_name = Store(Path(report.store)).by_name_folder
    if by_name.is_dir():
        click.echo(f"browse: {report.store}/{by_name.name}")


def _tell_some(heading: str, problems: list[FileProblems]) -> None:
    if not problems:
        return
    if heading:
        click.echo(heading)
    for one in problems[:PROBLEMS_SHOWN]:
        click.echo(f"  {one}")
    if len(problems) > PROBLEMS_SHOWN:
        click.echo(f"  ... and {len(problems) - PROBLEMS_SHOWN} more files")
