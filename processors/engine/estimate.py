"""How long due work should take, from what earlier runs took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.contract import Reads
from processors.engine.plan import Due
from processors.store.history import History


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Wall-clock time to expect of the work itself; Prefect's start comes on top."""

    seconds: float
    workers: int
    unknown: tuple[str, ...]
    """Processors that nothing is known of for some source; their time is not in it."""


def estimate(due: Sequence[Due], history: History, workers: int) -> Estimate:
    """Add up one pass a source: each kind of unit is read once, for all who read it.

    Other parameters are taken to cost what earlier ones did. The sources are shared by the workers, and the longest
    one sets the least time.
    """
    each: list[float] = []
    unknown: set[str] = set()
    for one in due:
        source = one.source
        measure = float(source.size_bytes) if source.medium == "photo" else one.duration_seconds
        reading: dict[Reads, float] = {}
        own = 0.0
        for processor in one.processors:
            cost = history.cost(source.digest, processor.name, source.medium, measure)
            if cost is None:
                unknown.add(processor.name)
                continue
            reading[processor.reads] = max(reading.get(processor.reads, 0.0), cost.reading_seconds)
            own += cost.own_seconds
        each.append(sum(reading.values()) + own)
    seconds = max(max(each, default=0.0), sum(each) / workers)
    return Estimate(seconds=seconds, workers=workers, unknown=tuple(sorted(unknown)))
