"""Lines for the terminal or journal of `marsmedia serve`: one when a run begins, and its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterStartTime,
    Operator,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.run.reporting.report import LINES_BELOW, has_new_problems
from flows.serving.alerts import Alerts

ASKED_EVERY_SECONDS = 5.0
MAX_MESSAGE_CHARACTERS = 300
"""Longest line."""
MAX_LINES = LINES_BELOW + 2
"""Maximum number of lines below the one of a run that has ended: problems, how many more there are, and the report."""
ALARMING = (StateType.FAILED, StateType.CRASHED)
"""States in which a run ends that somebody must hear of; one that an operator stops is cancelled."""
MISSED = "Missed"
"""Name of the state of scheduled runs that are left out; their lines would only hide those of the run that is made."""
OVERLAP, REFUSED = "Deployment concurrency limit reached.", "refused, as another run of it is at work"
"""Prefect's message, and its meaning here."""


class RunLines:
    """Reports the runs of some deployments.

    Parameters
    ----------
    names : deployments, each with the name of its run; more may be added.
    tell : prints a line.
    alerts : what is printed of a run that failed, crashed or found new problems is posted; None for no alerts.
    """

    def __init__(self, names: Mapping[UUID, str], tell: Callable[[str], None], alerts: Alerts | None = None) -> None:
        self._names, self._tell, self._alerts = names, tell, alerts
        self._since = datetime.now(UTC)
        self._begun: set[UUID] = set()
        self._ended: set[UUID] = set()

    async def follow(self) -> None:
        """Poll the server until cancelled; while it does not answer, nothing is reported."""
        async with get_client() as client:
            while True:
                await self.tell_new(client)
                await asyncio.sleep(ASKED_EVERY_SECONDS)

    async def tell_new(self, client: PrefectClient) -> None:
        """Report what has happened since the last call; nothing if the server does not answer."""
        with suppress(httpx.HTTPError):  # the runner itself reports a server that is gone
            for run in await self._changed(client):
                if run.state_name != MISSED:  # Prefect says that it began when it was left out
                    self._report(run)
        if self._alerts:
            await self._alerts.send()

    def _report(self, run: FlowRun) -> None:
        for line in self._beginning(run):
            self._tell(line)
        end = list(self._end(run))
        for line in end:
            self._tell(line)
        if end and self._alerts and run.state and _is_alarming(run.state):
            self._alerts.add("\n".join(end))

    def lines(self, run: FlowRun) -> Iterator[str]:
        """Yield the unreported lines of a run."""
        yield from self._beginning(run)
        yield from self._end(run)

    def _beginning(self, run: FlowRun) -> Iterator[str]:
        if (name := self._name(run)) and run.start_time and run.id not in self._begun:
            self._begun.add(run.id)
            yield f"{_clock(run.start_time)}  {name}: begun"

    def _end(self, run: FlowRun) -> Iterator[str]:
        """Yield the lines on its end; of a run that has not begun only if it was to, and could not."""
        state, name = run.state, self._name(run)
        if not state or not name or not state.is_final() or run.id in self._ended:
            return
        if run.start_time is None and state.type not in ALARMING:
            return
        self._ended.add(run.id)
        ended = run.end_time or state.timestamp
        took = f" after {_duration((ended - run.start_time).total_seconds())}" if run.start_time else ""
        first, *problems = [_short(line) for line in (state.message or "").splitlines() if line.strip()] or [""]
        first = REFUSED if first == OVERLAP else first
        yield f"{_clock(ended)}  {name}: {(state.name or state.type.value).lower()}{took}: {first}".rstrip(": ")
        yield from (f"  {line}" for line in problems[:MAX_LINES])

    def _name(self, run: FlowRun) -> str | None:
        return self._names.get(run.deployment_id) if run.deployment_id else None

    async def _changed(self, client: PrefectClient) -> list[FlowRun]:
        """Return the runs that have begun or ended since this began to look."""
        if not self._names:
            return []
        return await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(self._names))),
            flow_run_filter=FlowRunFilter(
                operator=Operator.or_,  # type: ignore[call-arg] # of a mixin
                start_time=FlowRunFilterStartTime(after_=self._since),  # type: ignore[arg-type]
                end_time=FlowRunFilterEndTime(after_=self._since),  # type: ignore[arg-type]
            ),
            sort=FlowRunSort.START_TIME_DESC,
        )


def _is_alarming(state: State) -> bool:
    """Return whether somebody must hear of a run's end: it failed or crashed, or found files new with a problem."""
    is_news = state.type == StateType.COMPLETED and has_new_problems(state.message or "")
    return state.type in ALARMING or is_news


def _short(line: str) -> str:
    words = " ".join(line.split())
    return f"{words[:MAX_MESSAGE_CHARACTERS]}..." if len(words) > MAX_MESSAGE_CHARACTERS else words


def _clock(moment: datetime) -> str:
    """Return local time, as in the journal of the machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
