"""Progress of a run: files, seconds of media, and the files in progress; a bar on a terminal, lines in a log."""

from __future__ import annotations

import time
from threading import Lock
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from processors.sources.scan import printable

LOG_SECONDS = 30.0
"""Time between two lines where stderr is no terminal."""
NAME_CHARACTERS = 24
"""Part of a file's name that fits into 80 columns next to the bar and the counts."""
BAR_CHARACTERS = 10


class RunProgress:
    """Progress on stderr while a run lasts: a bar on a terminal, a line now and then elsewhere; on request nothing."""

    def __init__(
        self, *, quiet: bool = False, console: Console | None = None, log_seconds: float = LOG_SECONDS
    ) -> None:
        self._console = console or Console(stderr=True)
        self._is_log = not quiet and not self._console.is_terminal
        self._log_seconds = log_seconds
        self._logged = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=BAR_CHARACTERS),
            MofNCompleteColumn(),
            TextColumn("{task.fields[media]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[current]}", markup=False),
            console=self._console,
            transient=True,
            disable=quiet or not self._console.is_terminal,
        )
        self._lock = Lock()
        self._task: TaskID | None = None
        self._description = ""
        self._current: list[str] = []
        self._done = self._files = 0
        self._media_seconds = self._media_total = 0.0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, description: str, files: int, media_seconds: float = 0.0) -> None:
        """Start a new count."""
        with self._lock:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._description, self._done, self._files = description, 0, files
            self._media_seconds, self._media_total = 0.0, media_seconds
            self._task = self._bar.add_task(description, total=files, media="", current="")

    def begin(self, name: str) -> None:
        with self._lock:
            self._current.append(printable(name))
            self._show()

    def end(self, name: str, media_seconds: float | None = None) -> None:
        """Count one file as done."""
        with self._lock:
            if printable(name) in self._current:
                self._current.remove(printable(name))
            self._media_seconds += media_seconds or 0.0
            self._done += 1
            self._show(advance=1)

    def _show(self, advance: int = 0) -> None:
        if self._task is None:
            return
        media = f"{self._media_seconds:.0f}/{self._media_total:.0f} s" if self._media_total else ""
        current = self._current[0].rpartition("/")[2] if self._current else ""
        self._bar.update(self._task, advance=advance, media=media, current=_short(current))
        if self._is_log and time.monotonic() - self._logged >= self._log_seconds:
            self._logged = time.monotonic()
            words = [f"{self._done}/{self._files} files", *([f"{media} of media"] if media else [])]
            now = f"; now {', '.join(self._current[:2])}" if self._current else ""
            self._console.print(
                f"{self._description}: {', '.join(words)}{now}", markup=False, highlight=False, soft_wrap=True
            )


def _short(name: str) -> str:
    """Return a name whose middle is left out where it is long: its end often tells files apart."""
    if len(name) <= NAME_CHARACTERS:
        return name
    end = NAME_CHARACTERS // 2
    return f"{name[: NAME_CHARACTERS - end - 3]}...{name[-end:]}"
