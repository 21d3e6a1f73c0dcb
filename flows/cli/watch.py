"""`marsmedia watch`: ingests a release when its files have stopped growing.

It looks at sizes and dates again and again, because network folders tell nobody when a file changes.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path

import click

from flows.cli.ingest import ingest
from flows.run.interrupt import EXIT_CODES
from flows.run.options import Options
from processors.sources.scan import FoundFile, printable, survey

Look = frozenset[tuple[str, int, int]]
"""Path, size and date of every file of a release."""


def watch(raw: Path, store_folder: Path, *, settle_seconds: float, workers: int | None) -> None:
    """Watch until Ctrl-C, or until `kill -INT` where a shell runs it in the background, deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    releases = Releases(settle_seconds)
    click.echo(f"watching {raw}; a release is ingested when nothing in it has changed for {settle_seconds:g} s")
    try:
        while True:
            settled = releases.settled(look(raw), time.monotonic())
            if settled:
                click.echo(f"{', '.join(map(printable, settled))}: settled")
                options = Options(quiet=True, workers=workers, releases=tuple(settled))
                if ingest(raw, store_folder, options, dry_run=False, as_json=False) in EXIT_CODES.values():
                    return
            time.sleep(min(2.0, settle_seconds / 3))
    except KeyboardInterrupt:
        click.echo("ended")


def look(raw: Path) -> dict[str, Look]:
    """Every release below `raw` as it is now."""
    found: dict[str, set[tuple[str, int, int]]] = {}
    for entry in survey(raw):
        if isinstance(entry, FoundFile):
            found.setdefault(entry.release, set()).add((entry.path, entry.size_bytes, entry.mtime_ns))
    return {release: frozenset(files) for release, files in found.items()}


class Releases:
    """Remembers how each release looked, since when, and how it looked when it was last given out."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[str, tuple[Look, float]] = {}
        self._given: dict[str, Look] = {}

    def settled(self, now: dict[str, Look], seconds: float) -> list[str]:
        """The releases that have come to rest and are not as they were when given out before.

        Parameters
        ----------
        seconds : on any clock that only goes forward.
        """
        settled = []
        for release, files in sorted(now.items()):
            before, since = self._since.get(release, (None, seconds))
            if files != before:
                self._since[release] = files, seconds
            elif seconds - since >= self._settle_seconds and self._given.get(release) != files:
                self._given[release] = files
                settled.append(release)
        return settled
