"""Schedules on this machine: deployments on a Prefect server, and a runner that starts due runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

import httpx
from prefect.automations import Automation
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import refresh_global_settings_context
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.states import Cancelled, Crashed

from flows.serving.alerts import Alerts
from flows.serving.end_of_serving import EndOfServing, end_runs, mark_runs
from flows.serving.other_services import require_unserved
from flows.serving.run_lines import MISSED, RunLines
from flows.serving.schedule import Planned

HEARTBEAT_SECONDS = 30
"""Heartbeat interval, the shortest that Prefect allows."""
SILENCE = timedelta(seconds=10 * HEARTBEAT_SECONDS)
"""Time without a heartbeat after which a run has crashed; a machine at 12 times its load was silent for 90 s."""
FOLDERS = ("raw", "store")
"""Parameters of a run that `serve` fills in."""
OTHERS = "of another store: marsmedia serve now works on {store}"
NOT_RUNNING = "marsmedia serve was not running when it was due; one later run replaces all missed runs"
STOPPED = "interrupted: marsmedia serve was stopped"
AT_WORK = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
WATCH = "marsmedia: a run without a heartbeat has crashed"


def serve_schedules(
    planned: Mapping[str, Planned],
    tell: Callable[[str], None],
    alerts: Alerts,
    begin: Callable[[], None],
    end: EndOfServing,
    *,
    owns_server: bool,
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; a second signal kills this process and its runs at once.

    Parameters
    ----------
    tell : prints a line when a run begins, and when it ends.
    alerts : post what is printed of a run that failed or found new problems.
    begin : called once nothing else serves there, before anything is written to the server.
    end : the handler of signals.
    owns_server : the server started with this process, so runs that it lists as running are dead.

    Raises
    ------
    RequestError : something else serves there, as `require_unserved` finds.
    """
    refresh_global_settings_context()  # Prefect was imported before the server started, to check the schedules
    with suppress(asyncio.CancelledError):
        asyncio.run(_serve(planned, tell, alerts, begin, end, owns_server=owns_server))


class _Runner(Runner):
    """Prefect's runner, which sets `handle_sigterm` as the handler of SIGTERM; its own one never awaits its end."""

    def __init__(self, end: EndOfServing) -> None:
        super().__init__(name="marsmedia", pause_on_shutdown=False, heartbeat_seconds=HEARTBEAT_SECONDS, limit=None)
        self.handle_sigterm = end

    def runs(self) -> Collection[UUID]:
        """Return the runs that this process has started, or is about to start; others may be of another service."""
        poller = getattr(self, "_scheduled_run_poller", None)  # none before the runner has begun
        return set(poller._submitting_flow_run_ids) if poller else set()

    async def announce_interruption(self, run: UUID) -> None:
        """Tell Prefect in the process of a run that the signal to come cancels it; without effect before it listens."""
        await self._control_channel.signal(run, "cancel")


async def _serve(
    planned: Mapping[str, Planned],
    tell: Callable[[str], None],
    alerts: Alerts,
    begin: Callable[[], None],
    end: EndOfServing,
    *,
    owns_server: bool,
) -> None:
    this = asyncio.current_task()
    assert this is not None
    mark_runs()
    end.cancel(this)
    runner = _Runner(end)
    deployments = {one.name: _deployment(one) for one in planned.values()}
    await require_unserved([f"{one.flow_name}/{name}" for name, one in deployments.items()], owns_server=owns_server)
    begin()
    names: dict[UUID, str] = {}
    lines = RunLines(names, tell, alerts)
    async with get_client() as client:
        for one in planned.values():
            identity = await runner.aadd_deployment(deployments[one.name])
            names[identity] = one.name
            if owns_server:
                await _crash_the_dead(client, identity)
            await _leave_out_others(client, identity, one.parameters)
            await _catch_up(client, identity, one.parameters, keep=1 if one.is_active else 0)
        await _watch_heartbeats()
    following = asyncio.create_task(lines.follow())
    running = asyncio.create_task(runner.start())
    try:
        await asyncio.shield(running)  # which kills its runs when it is cancelled
    finally:
        async with get_client() as client:
            ours = runner.runs()
            await end_runs(lambda: _announce_interruption(client, runner, ours))
            following.cancel()
            with suppress(httpx.HTTPError):
                await _cancel(client, ours, *AT_WORK)  # what Prefect leaves to the runner
            running.cancel()
            await lines.tell_new(client)
        with suppress(asyncio.CancelledError):
            await running


def _deployment(planned: Planned) -> RunnerDeployment:
    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    schedule = _schedule(planned)
    return RunnerDeployment.from_entrypoint(
        planned.entrypoint,
        name=planned.name,
        schedule=schedule,
        parameters=dict(planned.parameters),
        description=planned.description,
        concurrency_limit=one_at_a_time,
        tags=["marsmedia"],
    )


def _schedule(planned: Planned) -> Schedule | None:
    if planned.cron:
        return Cron(planned.cron, timezone=planned.timezone, active=planned.is_active)
    if planned.every:
        return Interval(planned.every, timezone=planned.timezone, active=planned.is_active)
    return None


async def _crash_the_dead(client: PrefectClient, deployment: UUID) -> None:
    """Mark runs as crashed whose process ended with the previous server."""
    for run in await _at_work(client, *AT_WORK, deployment=deployment):
        await client.set_flow_run_state(run.id, Crashed(message="marsmedia serve ended during the run"), force=True)


async def _announce_interruption(client: PrefectClient, runner: _Runner, ours: Collection[UUID]) -> Collection[UUID]:
    """Tell Prefect in the runs at work that they will be interrupted; cancel and return those that have not begun."""
    with suppress(httpx.HTTPError):  # a server of the user's own may be gone
        not_begun = await _cancel(client, ours, StateType.PENDING)
        for run in await _at_work(client, StateType.RUNNING, runs=ours):
            await runner.announce_interruption(run.id)
        return not_begun
    return ()


async def _cancel(client: PrefectClient, ours: Collection[UUID], *states: StateType) -> Collection[UUID]:
    """Cancel those of these runs that are in these states, and return them."""
    found = await _at_work(client, *states, runs=ours) if ours else []
    for run in found:
        await client.set_flow_run_state(run.id, Cancelled(message=STOPPED), force=True)
    return {run.id for run in found}


async def _at_work(
    client: PrefectClient, *states: StateType, deployment: UUID | None = None, runs: Collection[UUID] | None = None
) -> list[FlowRun]:
    """Return the runs in these states, of a deployment or among given runs."""
    state = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
    among = None if runs is None else FlowRunFilterId(any_=list(runs))
    return await client.read_flow_runs(
        deployment_filter=_only(deployment) if deployment else None,
        flow_run_filter=FlowRunFilter(id=among, state=state),
    )


async def _leave_out_others(client: PrefectClient, deployment: UUID, parameters: Mapping[str, Any]) -> None:
    """Cancel the timetable's runs of an earlier `serve` with other folders; they would work on those."""
    for run in await _scheduled(client, deployment):
        if any(run.parameters.get(name) != parameters.get(name) for name in FOLDERS):
            why = OTHERS.format(store=parameters.get("store"))
            await client.set_flow_run_state(run.id, Cancelled(name=MISSED, message=why), force=True)


async def _catch_up(client: PrefectClient, deployment: UUID, parameters: Mapping[str, Any], *, keep: int) -> None:
    """Leave the latest of the missed runs to start now, with today's parameters; cancel the others.

    Prefect would start them all at once, each with the parameters of its day, such as another recipe.
    """
    while len(late := await _scheduled(client, deployment, before=datetime.now(UTC))) > keep:
        for run in late[keep:]:
            await client.set_flow_run_state(run.id, Cancelled(name=MISSED, message=NOT_RUNNING), force=True)
    for run in late:
        await client.update_flow_run(run.id, parameters=dict(parameters))


async def _scheduled(client: PrefectClient, deployment: UUID, before: datetime | None = None) -> list[FlowRun]:
    """Return runs scheduled by the timetable and not by a person, and not started; the latest first.

    Parameters
    ----------
    before : only those due before it.
    """
    scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
    due = FlowRunFilterExpectedStartTime(before_=before)  # type: ignore[arg-type]
    found = await client.read_flow_runs(
        deployment_filter=_only(deployment),
        flow_run_filter=FlowRunFilter(state=scheduled, expected_start_time=due if before else None),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
    )
    return [run for run in found if run.auto_scheduled]


def _only(deployment: UUID) -> DeploymentFilter:
    return DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))


async def _watch_heartbeats() -> None:
    """Create an automation that marks a run without heartbeats as crashed; an existing one, perhaps edited, is kept."""
    try:
        await Automation.aread(name=WATCH)
    except ValueError:
        await Automation(
            name=WATCH,
            trigger=EventTrigger(
                after={"prefect.flow-run.heartbeat"},
                expect={
                    "prefect.flow-run.heartbeat",
                    *(f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Cancelled", "Crashed", "TimedOut")),
                },
                match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=SILENCE,
            ),
            actions=[
                ChangeFlowRunState(
                    name="Crashed", state=StateType.CRASHED, message="no heartbeat: its worker has ended", force=False
                )
            ],
        ).acreate()
