"""Runs the timetable on this machine: deployments on a Prefect server, and a runner that starts what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

# isort: off
import flows.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from prefect.automations import Automation
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import refresh_global_settings_context
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron, Interval, Schedule
from prefect.states import Crashed, Scheduled

from flows.timetable import Planned

HEARTBEAT_SECONDS = 30
"""The shortest that Prefect allows."""
SILENCE = timedelta(seconds=10 * HEARTBEAT_SECONDS)
"""A run that has not been heard of for so long has crashed; a machine at 12 times its load was silent for 90 s."""
WATCH = "marsmedia: a run without a heartbeat has crashed"


def serve(planned: Mapping[str, Planned], *, owns_server: bool) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    owns_server : the server started with this process, so a run that it believes to be running is dead.
    """
    refresh_global_settings_context()  # Prefect was imported to check the schedules, before there was a server
    asyncio.run(_serve(planned, owns_server=owns_server))


async def _serve(planned: Mapping[str, Planned], *, owns_server: bool) -> None:
    runner = Runner(name="marsmedia", pause_on_shutdown=False, heartbeat_seconds=HEARTBEAT_SECONDS, limit=None)
    async with get_client() as client:
        missed = [one.name for one in planned.values() if await _has_missed(client, one)]
        for one in planned.values():
            identity = await runner.aadd_deployment(_deployment(one))
            if owns_server:
                await _crash_the_dead(client, await client.read_deployment(identity))
            if one.name in missed:
                await client.create_flow_run_from_deployment(identity, state=Scheduled(), tags=["catching up"])
        await _watch_heartbeats()
    await runner.start()


def _deployment(planned: Planned) -> RunnerDeployment:
    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    schedule = _schedule(planned)
    return RunnerDeployment.from_entrypoint(
        planned.entrypoint, name=planned.name, schedule=schedule, parameters=dict(planned.parameters),
        description=planned.description, concurrency_limit=one_at_a_time, tags=["marsmedia"],
    )  # fmt: skip


def _schedule(planned: Planned) -> Schedule | None:
    if planned.cron:
        return Cron(planned.cron, timezone=planned.timezone, active=planned.is_active)
    if planned.every:
        return Interval(planned.every, timezone=planned.timezone, active=planned.is_active)
    return None


async def _find(client: PrefectClient, planned: Planned) -> DeploymentResponse | None:
    flow = {"nightly_ingest": "ingest", "weekly_verify": "verify", "build_pack": "pack"}
    try:
        return await client.read_deployment_by_name(f"{flow[planned.entrypoint.rpartition('.')[2]]}/{planned.name}")
    except ObjectNotFound:
        return None


async def _has_missed(client: PrefectClient, planned: Planned) -> bool:
    """Was at least one run due, by cron, while nothing served it? However many were, one makes up for all."""
    from prefect.server.schemas.schedules import CronSchedule

    known = await _find(client, planned)
    if known is None or not planned.cron or not planned.is_active or known.created is None:
        return False
    runs = await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[known.id])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[StateType.SCHEDULED]))),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=1,
    )  # fmt: skip
    since = max([known.created, *(run.expected_start_time for run in runs if run.expected_start_time)])
    due = await CronSchedule(cron=planned.cron, timezone=planned.timezone).get_dates(
        1, start=since + timedelta(seconds=1)
    )
    return bool(due) and due[0] <= datetime.now(UTC)


async def _crash_the_dead(client: PrefectClient, deployment: DeploymentResponse) -> None:
    """Tell the server of runs whose process ended with the server before this one."""
    dead = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    runs = await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=dead))),
    )
    for run in runs:
        await client.set_flow_run_state(run.id, Crashed(message="marsmedia serve ended while it ran"), force=True)


async def _watch_heartbeats() -> None:
    """Let the server call a run crashed that it no longer hears of; made once, and yours to edit afterwards."""
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
                    name="Crashed", state=StateType.CRASHED, message="no heartbeat: its worker is gone", force=False
                )
            ],
        ).acreate()
