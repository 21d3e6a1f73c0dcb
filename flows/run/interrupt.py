"""SIGTERM (from systemd or a container manager) and SIGHUP (from a closing terminal) stop a run as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

EXIT_CODES = {"SIGHUP": 129, "SIGINT": 130, "SIGTERM": 143}
"""128 plus the signal's number, as in shells."""
LIKE_CTRL_C = (signal.SIGHUP, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived; `signal` is its name, as in the exception that Prefect raises for SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


def signal_of(error: BaseException) -> str | None:
    """Return the name of the signal that raised this; None if none did."""
    if isinstance(error, Exception):
        return None
    number = getattr(error, "signal", None)
    if isinstance(number, int):
        return signal.Signals(number).name
    return "SIGINT" if isinstance(error, KeyboardInterrupt) else None


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Raise `Terminated` at SIGTERM and SIGHUP; in threads other than the main one, do nothing.

    A signal that is already ignored, such as SIGHUP under `nohup`, stays ignored.
    """

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    with _handled(terminate, [one for one in LIKE_CTRL_C if signal.getsignal(one) is not signal.SIG_IGN]):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore all three signals while results are recorded, which is quick."""
    with _handled(signal.SIG_IGN, [signal.SIGINT, *LIKE_CTRL_C]):
        yield


@contextmanager
def _handled(handler: Any, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, handler)) for number in numbers]
    try:
        yield
    finally:
        for number, old in before:
            signal.signal(number, old or signal.SIG_DFL)
