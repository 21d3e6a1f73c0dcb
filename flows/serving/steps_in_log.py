"""Steps of long work in the log of a run on Prefect's page: an occasional line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from flows.run.progress import LOG_SECONDS

T = TypeVar("T")


class StepsInLog:
    """Passes elements on, as `processors.store.progress_steps.Steps` does, and logs how many are done.

    Parameters
    ----------
    tell : writes a line: `Hashing results: 1200/5000 results`.
    every_seconds : time between two lines; short work has none.
    """

    def __init__(self, tell: Callable[[str], None], *, every_seconds: float = LOG_SECONDS) -> None:
        self._tell, self._every_seconds = tell, every_seconds
        self._told = time.monotonic()

    def __call__(
        self, work: str, things: Iterable[T], total: int | None, *, noun: str = "file", **shown: Any
    ) -> Iterator[T]:
        """Yield the elements on demand."""
        of = "" if total is None else f"/{total}"
        for done, thing in enumerate(things):
            if time.monotonic() - self._told >= self._every_seconds:
                self._told = time.monotonic()
                self._tell(f"{work}: {done}{of} {noun}s")
            yield thing
