"""Steps of long work as they were told, for tests that look at what a person would be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class StepsSeen:
    """Counts the steps of each kind of work."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}
        self.totals: dict[str, int | None] = {}

    def __call__(self, work: str, things: Iterable[T], total: int | None, **shown: Any) -> Iterator[T]:
        self.done[work], self.totals[work] = 0, total
        for thing in things:
            yield thing
            self.done[work] += 1
