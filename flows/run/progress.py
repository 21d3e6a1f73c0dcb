"""Progress of long work: files, seconds of media, and the files in progress; a bar on a terminal, lines in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from processors.engine.pass_progress import Position, read_position
from processors.sources.scan import printable

LOG_SECONDS = 30.0
"""Time between two lines if stderr is not a terminal."""
NAME_CHARACTERS = 24
"""Length of a file name that fits into 80 columns next to the bar and the counts."""
BAR_CHARACTERS = 10
LOOK_SECONDS = 1.0
"""Time between two checks of the passes' progress."""
STEP_SECONDS = 0.1
"""Time between two steps that are shown: there may be thousands a second."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _File:
    name: str
    progress_file: Path | None
    media_seconds: float


class RunProgress:
    """Progress on stderr during a run: a bar on a terminal, occasional lines elsewhere, or nothing on request."""

    def __init__(
        self, *, quiet: bool = False, console: Console | None = None, log_seconds: float = LOG_SECONDS
    ) -> None:
        self._console = console or Console(stderr=True)
        self._is_quiet = quiet
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
        self._current: list[_File] = []
        self._ended = threading.Event()
        self._stepped = 0.0
        self._noun = "file"
        self._done = 0
        self._files: int | None = 0
        self._media_seconds = self._media_total = 0.0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        if not self._is_quiet:
            threading.Thread(target=self._look, name="progress", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._bar.stop()

    def phase(self, description: str, files: int | None, media_seconds: float = 0.0, *, noun: str = "file") -> None:
        """Start a new count.

        Parameters
        ----------
        files : number of files, or of other things named by `noun`; None: unknown.
        """
        with self._lock:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._description, self._done, self._files, self._noun = description, 0, files, noun
            self._current.clear()
            self._media_seconds, self._media_total = 0.0, media_seconds
            self._task = self._bar.add_task(description, total=files, media="", current="")

    def begin(self, name: str, progress_file: Path | None = None, media_seconds: float = 0.0) -> None:
        """Show that a file is being worked on.

        Parameters
        ----------
        progress_file : file with the position of the pass, see `pass_progress`.
        media_seconds : length of the medium, as counted in the phase.
        """
        with self._lock:
            self._current.append(_File(name=printable(name), progress_file=progress_file, media_seconds=media_seconds))
            self._show()

    def end(self, name: str, media_seconds: float | None = None) -> None:
        """Count one file as done."""
        with self._lock:
            for one in [one for one in self._current if one.name == printable(name)][:1]:
                self._current.remove(one)
            self._media_seconds += media_seconds or 0.0
            self._done += 1
            self._show()

    def each(
        self,
        work: str,
        things: Iterable[T],
        total: int | None,
        *,
        noun: str = "file",
        name: Callable[[T], str] | None = None,
    ) -> Iterator[T]:
        """Yield the elements and count them, as `processors.store.progress_steps.Steps` does."""
        self.phase(work, total, noun=noun)
        self._stepped = 0.0
        for thing in things:
            with self._lock:
                if name:
                    self._current[:] = [_File(name=printable(name(thing)), progress_file=None, media_seconds=0.0)]
                if time.monotonic() - self._stepped >= STEP_SECONDS:
                    self._stepped = time.monotonic()
                    self._show()
            yield thing
            self._done += 1
        with self._lock:
            self._current.clear()
            self._show()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Hide the bar while something is printed, so that the text reaches stdout, whatever stdout is."""
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            with self._lock:
                self._show()

    def _show(self) -> None:
        if self._task is None or self._is_quiet:
            return
        at = [(one, one.progress_file and read_position(one.progress_file)) for one in self._current]
        within = [(one, min(position.seconds, one.media_seconds)) for one, position in at if position]
        seconds = self._media_seconds + sum(done for _, done in within)
        parts = sum(done / one.media_seconds for one, done in within if one.media_seconds)
        media = f"{seconds:.0f}/{self._media_total:.0f} s" if self._media_total else ""
        name = self._current[0].name.rpartition("/")[2] if self._current else ""
        self._bar.update(self._task, completed=self._done + parts, media=media, current=_short(name))
        if self._is_log and time.monotonic() - self._logged >= self._log_seconds:
            self._logged = time.monotonic()
            of = "" if self._files is None else f"/{self._files}"
            words = [f"{self._done}{of} {self._noun}s", *([f"{media} of media"] if media else [])]
            now = [f"{one.name}{_where(one, position)}" for one, position in at[:2]]
            line = f"{self._description}: {', '.join(words)}" + ("; now " + ", ".join(now) if now else "")
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _where(one: _File, position: Position | None) -> str:
    if position is None:
        return ""
    if position.processor:
        return f" (finishing {position.processor})"
    return f" ({position.seconds:.0f} of {one.media_seconds:.0f} s)" if one.media_seconds else ""


def _short(name: str) -> str:
    """Return a name, a long one without its middle: the end often distinguishes files."""
    if len(name) <= NAME_CHARACTERS:
        return name
    end = NAME_CHARACTERS // 2
    return f"{name[: NAME_CHARACTERS - end - 3]}...{name[-end:]}"
