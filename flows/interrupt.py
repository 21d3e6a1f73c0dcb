"""SIGTERM, as systemd, cron and container managers send it, stops a run as Ctrl-C does."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODES = {"SIGINT": 130, "SIGTERM": 143}


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived."""


def signal_of(error: BaseException) -> str | None:
    """Return the name of the signal that raised this; None where none did."""
    if isinstance(error, Terminated) or _is_prefects(error):
        return "SIGTERM"
    return "SIGINT" if isinstance(error, KeyboardInterrupt) else None


def _is_prefects(error: BaseException) -> bool:
    """Prefect raises an exception of its own for SIGTERM wherever a flow runs."""
    if "prefect" not in sys.modules:
        return False
    from prefect.exceptions import TerminationSignal

    return isinstance(error, TerminationSignal)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Raise `Terminated` at SIGTERM; only the main thread can, elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore both signals while what was done is written down; it takes a moment."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
