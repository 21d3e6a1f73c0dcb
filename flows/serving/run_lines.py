"""Lines for the terminal or journal of `marsmedia serve`: one when a run begins, and its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from flows.run.reporting.report import LINES_BELOW

ASKED_EVERY_SECONDS = 5.0
MAX_MESSAGE_CHARACTERS = 300
"""Longest line."""
MAX_LINES = LINES_BELOW + 2
"""Maximum number of lines below the one of a run that has ended: problems, how many more there are, and the report."""
OVERLAP, REFUSED = "Deployment concurrency limit reached.", "refused, as another run of it is at work"
"""Prefect's message, and its meaning here."""


class RunLines:
    """Reports the runs of some deployments."""

    def __init__(self, names: Mapping[UUID, str], tell: Callable[[str], None]) -> None:
        self._names, self._tell = names, tell
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
        try:
            for run in await self._started(client):
                for line in self.lines(run):
                    self._tell(line)
        except httpx.HTTPError:
            pass  # the runner itself reports a server that is gone

    def lines(self, run: FlowRun) -> Iterator[str]:
        """Yield the unreported lines of a run."""
        state, name = run.state, self._names.get(run.deployment_id) if run.deployment_id else None
        if state is None or name is None or run.start_time is None:
            return
        if run.id not in self._begun:
            self._begun.add(run.id)
            yield f"{_clock(run.start_time)}  {name}: begun"
        if state.is_final() and run.id not in self._ended:
            self._ended.add(run.id)
            ended = run.end_time or state.timestamp
            took = _duration((ended - run.start_time).total_seconds())
            first, *problems = [_short(line) for line in (state.message or "").splitlines() if line.strip()] or [""]
            first = REFUSED if first == OVERLAP else first
            yield f"{_clock(ended)}  {name}: {(state.name or state.type.value).lower()} after {took}: {first}".rstrip(
                ": "
            )
            yield from (f"  {line}" for line in problems[:MAX_LINES])

    async def _started(self, client: PrefectClient) -> list[FlowRun]:
        return await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(self._names))),
            flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(after_=self._since)),  # type: ignore[arg-type]
            sort=FlowRunSort.START_TIME_DESC,
        )


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
