"""Estimated duration of due work, from the cost of earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.contract import Reads
from processors.engine.plan import Due
from processors.store.history import History


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Expected wall-clock time of the work itself; Prefect's start is extra."""

    seconds: float
    workers: int
    unknown: tuple[str, ...]
    """Processors without a known cost for some source; their time is not included."""


def estimate(due: Sequence[Due], history: History, workers: int) -> Estimate:
    """Estimate one pass per source: each kind of unit is read once, for all processors that use it.

    Results are assumed to cost the same with any parameters. The workers share the sources, and the longest
    source sets the minimum time.
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
