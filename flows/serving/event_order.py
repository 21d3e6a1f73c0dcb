"""Order in which the Prefect server of `marsmedia serve` evaluates events; its setting names this module.

Prefect's own order holds an event back until the one that it follows was seen, for up to 15 minutes. The first event of
a run of the timetable follows the planning of the run, unless that is over five minutes old, and Prefect sends no event
of that. So no automation saw in time how such a run ended. The same holds for a run that was at work when its server
ended, since the next server has not seen its earlier events.
https://github.com/PrefectHQ/prefect/issues/21932
"""

from __future__ import annotations

import asyncio

from prefect.server.events.ordering import memory
from prefect.server.events.schemas.events import ReceivedEvent


class CausalOrdering(memory.CausalOrdering):
    """Prefect's order of events, without the wait for one that may never come.

    Events arrive in the order in which they were sent, and evaluation begins in that order, so the event that another
    one follows was seen, is being evaluated, or does not come.
    """

    async def wait_for_leader(self, event: ReceivedEvent) -> None:
        """Wait while the event that this one follows is being evaluated."""
        while event.follows and event.follows != event.id and await self.event_has_started_processing(event.follows):
            await asyncio.sleep(0.05)
