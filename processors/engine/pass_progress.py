"""Progress of the pass over a source, in a small file that the worker writes and the run reads and shows."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITE_SECONDS = 0.5
"""Time between two writes; a write takes about 50 microseconds."""


@dataclass(frozen=True, kw_only=True)
class Position:
    seconds: float
    """Seconds of the medium that have been decoded."""
    processor: str | None
    """Processor that is finishing its result; None while units are being passed to all."""


class PassProgress:
    """Writer of the position of one pass; without a path it does nothing. A lost position does no harm."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seconds = 0.0
        self._written = 0.0

    def decoded(self, unit: Any, rate_hz: int | None) -> None:
        """Record a unit that was passed on: a frame with its time, or a block of audio at a sample rate."""
        if self._path is not None and time.monotonic() - self._written >= WRITE_SECONDS:
            seconds = unit.first_sample / rate_hz if rate_hz else getattr(unit, "time", 0)
            self._seconds = max(self._seconds, float(seconds))
            self._write("")

    def finishing(self, processor: str) -> None:
        """Record the processor that is now working without units."""
        if self._path is not None:
            self._write(processor)

    def _write(self, processor: str) -> None:
        assert self._path is not None
        self._written = time.monotonic()
        with suppress(OSError):
            self._path.write_text(f"{self._seconds:.3f} {processor}", encoding="ascii")


def read_position(path: Path) -> Position | None:
    """Return the position; None if nothing was written yet, or it is just being written."""
    try:
        seconds, _, processor = path.read_text(encoding="ascii").partition(" ")
        return Position(seconds=float(seconds), processor=processor or None)
    except (OSError, ValueError):
        return None
