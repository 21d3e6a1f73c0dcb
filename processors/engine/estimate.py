"""Estimated duration and size of due work, from the costs of earlier results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from processors.contract import Reads
from processors.engine.plan import Due, decodes
from processors.store.catalogue.history import Expected, History


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Expected wall-clock time of the work itself, and size of its results; Prefect's start is extra."""

    seconds: float
    least_seconds: float
    most_seconds: float
    made_bytes: float
    least_bytes: float
    most_bytes: float
    workers: int
    unknown: tuple[str, ...]
    """Processors without a known cost for some source, for which usual costs are assumed."""

    @property
    def is_rough(self) -> bool:
        """Return whether no earlier result has the kind or size of much of the work."""
        return self.most_seconds > 3 * self.seconds or self.most_bytes > 3 * self.made_bytes


def reads_of(due: Sequence[Due]) -> Mapping[str, Reads]:
    """Return what each due processor decodes, by name."""
    return {processor.name: decodes(processor) for one in due for processor in one.processors}


def estimate(due: Sequence[Due], history: History, workers: int) -> Estimate:
    """Estimate one pass per source: each kind of unit is read once, for all processors that use it.

    Results are assumed to cost the same with any parameters. The workers share the sources, and the longest
    source sets the minimum time.
    """
    seconds_of: list[tuple[float, float, float]] = []
    made, least, most = 0.0, 0.0, 0.0
    unknown: set[str] = set()
    for one in due:
        source = one.source
        costs = {
            each.name: history.expected(source.digest, each.name, source.medium, one.decoded_size(each))
            for each in one.processors
        }
        unknown |= {name for name, cost in costs.items() if not cost.is_known}
        made += sum(cost.made_bytes for cost in costs.values())
        least += sum(cost.made_bytes / cost.factor for cost in costs.values())
        most += sum(cost.made_bytes * cost.factor for cost in costs.values())
        seconds_of.append(_seconds(one, costs))
    seconds = [max(max(some, default=0.0), sum(some) / workers) for some in zip(*seconds_of, strict=True)] or [0.0] * 3
    return Estimate(
        seconds=seconds[0],
        least_seconds=seconds[1],
        most_seconds=seconds[2],
        made_bytes=made,
        least_bytes=least,
        most_bytes=most,
        workers=workers,
        unknown=tuple(sorted(unknown)),
    )


def _seconds(due: Due, costs: Mapping[str, Expected]) -> tuple[float, float, float]:
    """Return the time of one source, and its bounds."""
    reading: dict[Reads, tuple[float, float]] = {}
    for processor in due.processors:
        cost = costs[processor.name]
        slowest = max((cost.reading_seconds, cost.factor), reading.get(processor.reads, (0.0, 1.0)))
        reading[processor.reads] = slowest
    parts = [*reading.values(), *((cost.own_seconds, cost.factor) for cost in costs.values())]
    return (
        sum(seconds for seconds, _ in parts),
        sum(seconds / factor for seconds, factor in parts),
        sum(seconds * factor for seconds, factor in parts),
    )
