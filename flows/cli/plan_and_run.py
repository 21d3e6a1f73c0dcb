"""Plan, run, report: the steps of every command that makes results, recorded in Prefect if there is a server."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import print_json, print_remarks
from flows.cli.printing.print_report import print_report
from flows.cli.shared_options import OF_REPROCESSING
from flows.run.interrupt import signals_interrupt
from flows.run.options import Options
from flows.run.rare_collections import rare_collections
from flows.run.reporting.make_report import make_report, report_again, save
from flows.run.reporting.report import Report, Stop
from flows.run.reporting.run_record import RunRecord, name_of_run, recorded
from flows.run.working.check_runner import check_runner
from processors.errors import RecipeError, RequestError, StoreError
from processors.store.open_store import Location, open_store
from processors.store.store import Store

if TYPE_CHECKING:
    from flows.run.planning.prepare import Prepared
    from flows.run.planning.select import ReprocessRequest
    from flows.run.planning.unchanged import LastRun
    from flows.run.progress import RunProgress
    from flows.run.run import Prepare
    from processors.store.by_name_view import ByNameEntry


def plan_and_run(
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
        something is due, or the run fails, and a Prefect server records the runs.
    asked : what the run was requested to work on, for the report.
    unchanged : returns the findings of the last run if there is nothing to plan; called before heavy imports.

    Raises
    ------
    StoreError, OSError, RequestError, RecipeError : the run could not start.
    """
    check_runner(options)
    name = name_of_run(str(os.getpid()))
    store = open_store(store_folder, new=options.new_store)
    with rare_collections(), signals_interrupt(), recorded(store, name, asked) as record:
        for note in record.notes:
            click.echo(f"marsmedia: {note}", err=True)
        stop: Stop | None = None
        try:
            record.wait()
            last = unchanged(store)
            again = report_again(last, record, asked, store, strict=options.strict) if last else None
            if again and again.state != "failed":
                record.sweep()
                record.report = save(again, record)
            else:
                stop = _planned(prepare, store, options, flow, record, asked)
        except (StoreError, OSError, RequestError, RecipeError):
            if record.report is None:
                raise
        except BaseException as error:  # noqa: BLE001 - the command's outermost edge: a run ends in a report
            stop = Stop.by(error)
        report: Report = record.report or _report_of_stop(stop, record, asked, store, options)
    if report.stop and report.stop.traceback:
        click.echo(report.stop.traceback, err=True)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    return report.exit_code


def reprocess_chosen(
    request: ReprocessRequest, store_folder: Location, options: Options, *, as_json: bool
) -> tuple[int, list[ByNameEntry]]:
    """Make selected results; return the exit code, and the files with the requested results.

    Raises
    ------
    StoreError, OSError, RequestError, RecipeError : the run could not start.
    """
    from flows.run.planning.select import prepare_chosen
    from flows.run.planning.shard import Shard

    entries: list[ByNameEntry] = []

    def look(store: Store, progress: RunProgress) -> Prepared:
        shard = Shard.parse(options.shard)
        prepared = prepare_chosen(request, store, retry_failed=options.retry_failed, shard=shard)
        entries[:] = prepared.asked_for
        return prepared

    def flow() -> Any:
        from flows.reprocess import reprocess as flow

        return flow(  # type: ignore[call-overload]
            selection=list(request.words),
            processors=list(request.processors),
            settings=dict(request.settings),
            store=str(store_folder),
            return_state=True,
            **{name: getattr(options, name) for name in OF_REPROCESSING},
        )

    code = plan_and_run(look, store_folder, options, flow, asked=str(request), as_json=as_json)
    return code, entries


def _planned(
    prepare: Prepare, store: Store, options: Options, flow: Callable[[], Any], record: RunRecord, asked: str
) -> Stop | None:
    """Plan, and run; return why the run could not start."""
    from flows.run.progress import RunProgress
    from flows.run.run import in_threads, run
    from flows.run.working.workers import warm_up

    with RunProgress(quiet=options.quiet) as progress:
        record.prepared = prepare(store, progress)
    print_remarks(record.prepared.remarks)
    if record.prepared.plan.due:
        known = record.notes
        record.join()
        for note in record.notes:
            if note not in known:
                click.echo(f"marsmedia: {note}", err=True)
    is_told = record.prepared.plan.due or _report(record.prepared, record, asked, store, options).state == "failed"
    server = _answering(store, record) if is_told else None
    if server:
        warm_up(has_sound=record.prepared.plan.has_sound_due)  # while Prefect is imported
        state = _recorded_run(server, flow, record)
        if record.report:
            return None
        if state is not None:
            return Stop(reason=f"the flow could not start: {state.message}")
    run(prepare, store.address, options, in_threads, name=record.who.run, asked=asked)
    return None


def _recorded_run(server: str, flow: Callable[[], Any], record: RunRecord) -> Any:
    """Run the flow; return its final state, or None if the server is gone, before or after the run has its report."""
    from flows.serving.recording import recorded_at

    state = None
    with recorded_at(server) as recording:
        try:
            state = flow()
        except Exception:
            if not recording.look():
                raise
    if recording.is_lost:
        what = "the end of this run" if record.report else "this run"
        click.echo(f"marsmedia: Prefect's server {server} has gone: {what} is not recorded there", err=True)
    return state


def _report_of_stop(stop: Stop | None, record: RunRecord, asked: str, store: Store, options: Options) -> Report:
    """Save and return the report of a run that ended before it could make one."""
    from flows.run.planning.prepare import Prepared
    from processors.engine.plan import Plan

    prepared = record.prepared or Prepared(rows=[], unreadable=[], plan=Plan())
    return save(_report(prepared, record, asked, store, options, stop), record)


def _report(
    prepared: Prepared, record: RunRecord, asked: str, store: Store, options: Options, stop: Stop | None = None
) -> Report:
    """Return the report of a run that has made nothing."""
    return make_report(prepared, [], record=record, asked=asked, store=store, strict=options.strict, stop=stop)


def _answering(store: Store, record: RunRecord) -> str | None:
    """Return the address of the server that is to record the run; None, with a note, if it does not respond."""
    from flows.serving.server_of_runs import answers, server_of_runs

    server = server_of_runs(store)
    if server is None or answers(server):
        return server
    record.add_message(f"Prefect's server {server} does not answer: this run is not recorded there")
    click.echo(f"marsmedia: {record.notes[-1]}", err=True)
    return None
