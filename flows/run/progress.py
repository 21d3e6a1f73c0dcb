"""Progress bar of a run: files, media seconds, and the files in progress."""

from __future__ import annotations

from threading import Lock
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from processors.sources.scan import printable


class RunProgress:
    """Progress bar on stderr while a run lasts; prints nothing if stderr is not a terminal, or on request."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[media]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[current]}", markup=False),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._lock = Lock()
        self._task: TaskID | None = None
        self._current: list[str] = []
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
            self._show(advance=1)

    def _show(self, advance: int = 0) -> None:
        if self._task is not None:
            media = f"{self._media_seconds:.0f}/{self._media_total:.0f} s of media" if self._media_total else ""
            current = ", ".join(name.rpartition("/")[2][:40] for name in self._current[:2])
            self._bar.update(self._task, advance=advance, media=media, current=current)
