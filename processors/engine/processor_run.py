"""State of the processors running on one source, and findings of its readers."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from processors.contract import Inputs, Item, OneShot, OpenSource, Processor, Reads, Session
from processors.engine.failure import Failure, fault_of
from processors.engine.pass_progress import PassProgress
from processors.engine.stages import takes_inputs_at_finish
from processors.json_records import Json
from processors.photo.reading.photo_reader import Photo
from processors.store.manifest import StoredItem
from processors.store.store import put_item


class ProcessorRun:
    """One processor with its session, if any, its scratch folder and its output so far."""

    def __init__(self, processor: Processor, folder: Path, reading: SourceReading) -> None:
        self.processor = processor
        self.folder = folder
        self.reading = reading
        self.takes_inputs_at_finish = takes_inputs_at_finish(processor)
        self.session: Session | None = None
        self.items: list[StoredItem] = []
        self.damage: str | None = None
        self.advice: str | None = None
        self.fault: Failure | None = None
        self.used: Inputs[Any] | None = None
        self.seconds = 0.0

    @property
    def is_active(self) -> bool:
        """Return whether it still gets units: false once it has refused the source or failed."""
        return self.fault is None

    def informed(self, info: Any) -> Any:
        """Return the medium's info, combined with the used results, if any, that the processor takes now."""
        if self.used is None or self.takes_inputs_at_finish:
            return info
        return dataclasses.replace(self.used, info=info)

    def make(self, given: OpenSource | Photo | None) -> None:
        """Collect the output of a processor that gets all of its input at once."""
        self.take(lambda: cast(OneShot, self.processor).items(self.informed(given), self.folder))

    def finish(self) -> None:
        """Collect the output of a session after its last unit."""
        if self.session is None:
            return
        self.reading.progress.finishing(self.processor.name)
        given = (self.used,) if self.takes_inputs_at_finish else ()
        self.take(functools.partial(self.session.finish, *given))

    def take(self, give: Callable[[], Iterable[Item] | None]) -> None:
        """Write the processor's output; after any failure the processor is not called again.

        The other processors continue.
        """
        if self.fault is not None:
            return
        with self.timed():
            try:
                for item in give() or ():
                    self.items.append(put_item(self.folder, item))
                    self.damage = self.damage or item.damage
                    self.advice = self.advice or item.advice
            except Exception as error:  # noqa: BLE001 - outermost edge of a processor: its bugs fail only its own result
                self.fault = fault_of(error)

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - began


@dataclasses.dataclass
class SourceReading:
    """Findings of one pass over the source, and the time taken for each kind of unit."""

    memory_mb: int | None = None
    """Memory that this process may fill, in MB; None if it is not limited."""
    facts: dict[Reads, Json] = dataclasses.field(default_factory=dict)
    seconds: dict[Reads, float] = dataclasses.field(default_factory=dict)
    damage: dict[Reads, str | None] = dataclasses.field(default_factory=dict)
    """Damage to the source in one sentence; None if it is intact as far as its format can show."""
    progress: PassProgress = dataclasses.field(default_factory=lambda: PassProgress(None))
    started: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))
    _began: float = dataclasses.field(default_factory=time.monotonic)

    def apart(self, work: list[ProcessorRun]) -> SourceReading:
        """Return a record of its own for processors that read another video stream in the same pass."""
        other = dataclasses.replace(self, facts={}, seconds={}, damage={})
        for one in work:
            one.reading = other
        return other

    @property
    def elapsed_seconds(self) -> float:
        """Return the time since the pass began."""
        return time.monotonic() - self._began

    @contextmanager
    def clock(self, unit: Reads) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[unit] = self.seconds.get(unit, 0.0) + time.perf_counter() - began

    def each(self, unit: Reads, units: Iterable[Any], rate_hz: int | None = None) -> Iterator[Any]:
        """Yield the units; only the wait for each is counted.

        Parameters
        ----------
        rate_hz : sample rate of blocks of sound; None for frames.
        """
        coming = iter(units)
        while True:
            with self.clock(unit):
                one = next(coming, None)
            if one is None:
                return
            yield one
            self.progress.decoded(one, rate_hz)
