"""What is under way on one source: each processor at work, and what reading turned up."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from processors.contract import Inputs, Item, Json, OneShot, OpenSource, Processor, Reads, Session
from processors.engine.failure import Failure, fault_of
from processors.store.manifest import StoredItem
from processors.store.store import put_item


class ProcessorRun:
    """One processor, its session where it has one, its scratch folder and what it has given so far."""

    def __init__(self, processor: Processor, folder: Path) -> None:
        self.processor = processor
        self.folder = folder
        self.session: Session | None = None
        self.items: list[StoredItem] = []
        self.damage: str | None = None
        self.fault: Failure | None = None
        self.used: Inputs[Any] | None = None
        self.seconds = 0.0

    def informed(self, info: Any) -> Any:
        """The medium's info, together with the used results where there are any."""
        return dataclasses.replace(self.used, info=info) if self.used else info

    def make(self, given: OpenSource | None) -> None:
        """Take what a processor gives that is fed nothing."""
        self.take(lambda: cast(OneShot, self.processor).items(self.informed(given), self.folder))

    def take(self, give: Callable[[], Iterable[Item]]) -> None:
        """Write what the processor gives; one that fails, by whatever fault, is not asked again.

        The others go on.
        """
        if self.fault is not None:
            return
        began = time.perf_counter()
        try:
            for item in give():
                self.items.append(put_item(self.folder, item))
                self.damage = self.damage or item.damage
        except Exception as error:  # noqa: BLE001 - a processor's outermost edge: its bugs are its own result's
            self.fault = fault_of(error)
        self.seconds += time.perf_counter() - began


@dataclasses.dataclass
class SourceReading:
    """What reading the source turned up, and how long it took, by the units read."""

    facts: dict[Reads, Json] = dataclasses.field(default_factory=dict)
    seconds: dict[Reads, float] = dataclasses.field(default_factory=dict)
    damage: dict[Reads, str | None] = dataclasses.field(default_factory=dict)
    """In one sentence, what of the source is damaged; None where it is whole as far as its format can know."""

    @contextmanager
    def clock(self, unit: Reads) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[unit] = self.seconds.get(unit, 0.0) + time.perf_counter() - began

    def each(self, unit: Reads, units: Iterable[Any]) -> Iterator[Any]:
        """The units as they come; only the wait for each is counted."""
        coming = iter(units)
        while True:
            with self.clock(unit):
                one = next(coming, None)
            if one is None:
                return
            yield one
