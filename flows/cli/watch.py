"""`marsmedia watch`: ingest a release once its files have stopped changing.

It looks at sizes and dates again and again, because network folders report no changes.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import click

from flows.cli.shared_options import RECIPES, STORE, run_options
from flows.run.options import Options
from processors.sources.scan import FoundFile, printable, survey

Look = frozenset[tuple[str, int, int]]
"""Path, size and date of every file of a release."""


@click.command()
@click.argument(
    "raw", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("raw"), envvar="MARSMEDIA_RAW"
)
@STORE
@RECIPES
@click.option(
    "--settle",
    "settle_seconds",
    type=click.FloatRange(0.5),
    default=30.0,
    show_default=True,
    help="Seconds without a change before a release is ingested.",
)
@run_options("recipe", "workers")
def watch(raw: Path, store_folder: Path, settle_seconds: float, **options: Any) -> None:
    """Ingest each release in RAW once its files stop changing.

    Runs until Ctrl-C.

    \b
    marsmedia watch
    marsmedia watch /mnt/incoming --store /archive/mars --settle 120
    """
    from flows.cli.ingest import ingest_folder
    from flows.run.interrupt import EXIT_CODES

    # a shell that starts it in the background makes it ignore SIGINT; `kill -INT` must still stop it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    releases = Releases(settle_seconds)
    click.echo(f"watching {raw}; a release is ingested when nothing in it has changed for {settle_seconds:g} s")
    try:
        while True:
            at_rest = releases.at_rest(look(raw), time.monotonic())
            if at_rest:
                click.echo(f"{', '.join(map(printable, at_rest))}: settled")
                chosen = Options(**options, releases=tuple(at_rest))
                if ingest_folder(raw, store_folder, chosen) in EXIT_CODES.values():
                    return
            time.sleep(min(2.0, settle_seconds / 3))
    except KeyboardInterrupt:
        click.echo("stopped")


def look(raw: Path) -> dict[str, Look]:
    """Return every release below `raw` as it is now."""
    found: dict[str, set[tuple[str, int, int]]] = {}
    for entry in survey(raw):
        if isinstance(entry, FoundFile):
            found.setdefault(entry.release, set()).add((entry.path, entry.size_bytes, entry.mtime_ns))
    return {release: frozenset(files) for release, files in found.items()}


class Releases:
    """State of each release: its files, the time of their last change, and the files last ingested."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[str, tuple[Look, float]] = {}
        self._given: dict[str, Look] = {}

    def at_rest(self, now: dict[str, Look], seconds: float) -> list[str]:
        """Return the releases that have stopped changing and differ from when they were last returned.

        Parameters
        ----------
        seconds : monotonic time.
        """
        at_rest = []
        for release, files in sorted(now.items()):
            before, since = self._since.get(release, (None, seconds))
            if files != before:
                self._since[release] = files, seconds
            elif seconds - since >= self._settle_seconds and self._given.get(release) != files:
                self._given[release] = files
                at_rest.append(release)
        return at_rest
