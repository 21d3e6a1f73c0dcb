"""End of `marsmedia serve`: what signals do, and how the runs at work end, also if serve is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Self
from uuid import UUID

import psutil

SERVED_BY = "MARSMEDIA_SERVED_BY"
"""Environment variable that holds the process of `serve` in the processes of its runs."""
FLOW_RUN = "PREFECT__FLOW_RUN_ID"
"""Environment variable that Prefect sets in the process of a run."""
INTERRUPTED_SECONDS = 2.0
"""Time in which a run that Ctrl-C has interrupted ends by itself; others are interrupted then."""
END_SECONDS = 60.0
"""Time for an interrupted run to save its report; then it is killed."""
LOOK_SECONDS = 1.0
"""Time between two checks by a run of the process that started it."""


def mark_runs() -> None:
    """Let the processes of runs, which inherit this environment, know `serve`, and be silent about being killed.

    Python's tracker of semaphores outlives a killed run, removes what that has left, and prints a warning about it.
    """
    os.environ[SERVED_BY] = str(os.getpid())
    ours = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = ",".join([*filter(None, [os.environ.get("PYTHONWARNINGS")]), ours])


class EndOfServing:
    """Handler of signals; while it is entered, SIGINT, SIGHUP and SIGTERM do the same.

    Until a task serves, the first one ends this process and all it has started. Later the first one cancels that task,
    and a second one ends the process. None raises an exception, which an import or Prefect may swallow.
    """

    def __init__(self) -> None:
        self._cancel: Callable[[], object] | None = None
        self._is_asked = False

    def __enter__(self) -> Self:
        numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
        # a script ignores SIGINT for what it starts in the background, nohup SIGHUP; that stays so
        heard = [one for one in numbers if one == signal.SIGTERM or signal.getsignal(one) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self) for number in heard}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def cancel(self, task: asyncio.Task[None]) -> None:
        """Let the first signal from now on cancel this task of the running loop."""
        loop = asyncio.get_running_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)

    def __call__(self, number: int, frame: object) -> None:
        is_first, self._is_asked = not self._is_asked, True
        if is_first and self._cancel:
            self._cancel()
            return
        _kill_children()
        if is_first:
            os.write(1, b"stopped\n")
        os._exit(0 if is_first else 128 + number)


async def end_runs(announce: Callable[[], Awaitable[Collection[UUID]]]) -> None:
    """Interrupt the runs at work, unless Ctrl-C has; wait until each has saved its report, and kill those that do not.

    The terminal sends Ctrl-C to the runs too.

    Parameters
    ----------
    announce : tells Prefect in each run that it is to be interrupted, which is no crash; gives the runs whose work has
        not begun, which are killed.
    """
    runs = [child for child in psutil.Process().children() if _run_of(child)]
    unheard = 0  # the signal that only checks whether a process exists
    not_begun = {str(one) for one in await announce()}
    for run in runs:
        if _run_of(run) in not_begun:
            _send(run, signal.SIGKILL)
    for seconds, number in ((INTERRUPTED_SECONDS, unheard), (END_SECONDS, signal.SIGTERM), (0.0, signal.SIGKILL)):
        for run in runs:
            _send(run, number)
        deadline = time.monotonic() + seconds
        while any(map(_is_at_work, runs)) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)


_service: int | None = None
"""Process of the `serve` that has started this run."""


def end_with_service() -> None:
    """In a run of `serve`: once that is gone, interrupt this process, and end it a minute later whatever it does.

    Its server has gone too, for which Prefect would wait without end. Nothing in other processes.
    """
    global _service
    if os.environ.get(SERVED_BY, str(os.getpid())) != str(os.getpid()):
        _service = int(os.environ.pop(SERVED_BY))  # processes that this one starts are not runs of it
        threading.Thread(target=_look_at_service, name="end with service", daemon=True).start()


def end_if_abandoned() -> None:
    """End this process at once if it is a run of a `serve` that is gone; its report must be saved."""
    if _is_abandoned():
        os._exit(128 + signal.SIGTERM)


def _is_abandoned() -> bool:
    return _service is not None and os.getppid() != _service


def _look_at_service() -> None:
    while not _is_abandoned():
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_SECONDS)
    end_if_abandoned()


def _kill_children() -> None:
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()


def _is_at_work(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it ends at this moment
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _run_of(process: psutil.Process) -> str | None:
    """Return the identifier of the run that a process does; None if it does none."""
    with suppress(psutil.Error):
        return process.environ().get(FLOW_RUN)
    return None


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.Error):  # it has ended
        process.send_signal(number)
