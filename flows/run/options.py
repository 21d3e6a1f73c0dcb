"""How a run is done; none of it changes what is made."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of one run."""

    strict: bool = False
    hash_all: bool = False
    retry_failed: bool = False
    workers: int | None = None
    """Processes that decode; None: one for each processor core."""
    memory_mb: int | None = None
    """What one file may use; None: up to 4000, by the machine's memory."""
    time_limit_factor: float = 1.0
    """Multiplies the time that one file may take."""
    quiet: bool = True
    releases: tuple[str, ...] | None = None
    """Only these releases are looked at; None: all."""

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1
