"""Order of the due results of one source: those made together in one pass, and those made from stored results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from processors.contract import Processor, inputs_of


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Processors that work together. Those with `inputs_at_finish` may begin in one stage and end in a later one."""

    begun: tuple[Processor, ...]
    """Processors that run in this stage, or are fed by its pass over the source."""
    ended: tuple[Processor, ...]
    """Processors whose results are complete after this stage."""


def takes_inputs_at_finish(processor: Processor) -> bool:
    """Return True if a streamed processor is fed before its inputs exist."""
    return getattr(processor, "inputs_at_finish", False)


def stages_of(due: Sequence[Processor]) -> list[Stage]:
    """Return the stages: processors that use no other due one, then those that use only these, and so on.

    A processor with `inputs_at_finish` begins in the first stage in which another one reads the same units.
    """
    groups = _groups(due)
    begun: list[list[Processor]] = [[] for _ in groups]
    for number, group in enumerate(groups):
        for one in group:
            begun[_first_with_same_units(one, groups, number)].append(one)
    return [Stage(begun=tuple(first), ended=tuple(last)) for first, last in zip(begun, groups, strict=True)]


def _groups(due: Sequence[Processor]) -> list[list[Processor]]:
    waiting, groups = list(due), []
    while waiting:
        later = [p for p in waiting if any(used == other for used in inputs_of(p) for other in waiting)]
        groups.append([p for p in waiting if p not in later])
        waiting = later
    return groups


def _first_with_same_units(processor: Processor, groups: Sequence[Sequence[Processor]], own: int) -> int:
    """Return the number of the stage in which a processor begins."""
    if not takes_inputs_at_finish(processor):
        return own
    reading = (k for k in range(own) if any(other.reads == processor.reads for other in groups[k]))
    return next(reading, own)
