"""`marsmedia watch`: ingest a release once its files have stopped changing.

It looks at sizes and dates again and again, because network folders report no changes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from flows.cli.common import no_such_folder
from flows.cli.shared_options import RAW, RECIPES, STORE, run_options
from flows.run.options import Options
from processors.errors import NoStore, RequestError, StoreAway
from processors.sources.scan import DESCRIPTION, FoundFile, files_below, in_words, printable, storable, survey
from processors.store.new_store import NewStore, check_new_store
from processors.store.open_store import Location, is_store, open_store

Look = frozenset[tuple[str, int, int]]
"""Path, size and date of every file of a release; empty for one that is gone."""
NOTHING: Look = frozenset()
WENT = (FileNotFoundError, NotADirectoryError, StoreAway, NoStore)
"""Errors of a folder or a store that went between two looks, and may be there again."""


@click.command()
@RAW
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
def watch(raw: Location, store_folder: Location, settle_seconds: float, **options: Any) -> None:
    """Ingest each release in RAW once its files stop changing.

    RAW may itself be a release, with a release.toml. Runs until Ctrl-C. A release or folder that is gone, as with a
    disk that is not mounted, fails the run or is warned of as in `marsmedia ingest`. A store that is gone is waited
    for, and no new one is begun in its place.

    \b
    marsmedia watch
    marsmedia watch /mnt/incoming --store /archive/mars --settle 120
    """
    from flows.cli.ingest import ingest_folder
    from flows.run.interrupt import EXIT_CODES

    # a shell that starts it in the background makes it ignore SIGINT; `kill -INT` must still stop it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not isinstance(raw, Path):
        raise RequestError(f"{raw}: cannot be watched, as a bucket reports no changes; run `marsmedia ingest {raw}`")
    if not raw.is_dir():
        raise click.UsageError(no_such_folder(raw, "create it, or choose another one"))
    known, root, border = set[str](), raw, raw
    with suppress(NoStore):
        known, root, border = known_releases(raw, store_folder)
    releases, is_there = Releases(settle_seconds, known), True
    has_store = has_had_store = is_store(store_folder)
    if not has_store:
        check_new_store(store_folder, "auto")
    click.echo(f"watching {raw}; a release is ingested when nothing in it has changed for {settle_seconds:g} s")
    try:
        while True:
            if raw.is_dir() != is_there:
                is_there = not is_there
                click.echo(f"{raw}: {'is there again' if is_there else 'no such folder now: is its disk mounted?'}")
            if has_had_store and is_store(store_folder) != has_store:
                has_store = not has_store
                click.echo(f"{store_folder}: {'is there again' if has_store else 'no store now: is its disk mounted?'}")
            now: dict[str, Look] | None = None
            with suppress(FileNotFoundError, NotADirectoryError):  # it went meanwhile: the next look says so
                now = look(raw, root, border)
            is_able = has_store == has_had_store
            if is_able and now is not None and (at_rest := releases.at_rest(now, time.monotonic())):
                for what, names in (("settled", now.keys()), ("gone", at_rest - now.keys())):
                    if some := sorted(at_rest & names):
                        click.echo(f"{', '.join(map(printable, some))}: {what}")
                new_store: NewStore = "never" if has_had_store and isinstance(store_folder, Path) else "auto"
                chosen = Options(**options, releases=tuple(sorted(at_rest)), new_store=new_store)
                try:
                    if ingest_folder(raw, store_folder, chosen) in EXIT_CODES.values():
                        return
                    has_store = has_had_store = True
                    known, root, border = known_releases(raw, store_folder)
                    releases.forget_gone(known)
                except Exception as error:  # whatever reads a folder or a store that goes meanwhile
                    is_gone = not raw.is_dir() or (has_had_store and not is_store(store_folder))
                    if not is_gone and not isinstance(error, WENT):
                        raise
                    click.echo(f"to be ingested again: {in_words(error)}", err=True)
                    releases.take_again()
            time.sleep(min(2.0, settle_seconds / 3))
    except KeyboardInterrupt:
        click.echo("stopped")


def known_releases(raw: Path, store_folder: Location) -> tuple[set[str], Path, Path]:
    """Return the releases of `raw` that a store knows, without those confirmed as withdrawn, the folder of releases to
    which it belongs, and the one inside which links are followed; raises `NoStore`.
    """
    from flows.run.planning.folder_of_releases import border_of_links, folder_of_releases, known_folder_of_releases
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.findings.withdrawn import unconfirmed

    sightings = Catalogue(open_store(store_folder, writes=False)).sightings()
    place = os.path.realpath(raw)
    present = [row for row in sightings if row.gone_utc is None]
    is_described = os.path.lexists(f"{place}/{DESCRIPTION}")
    root = known_folder_of_releases(place, present, is_described=is_described)
    root = root or folder_of_releases(place, files_below(Path(place)))
    rows = (*present, *(one.rows[0] for one in unconfirmed(sightings)))
    inside = (row for row in rows if row.path.startswith(f"{storable(place)}/"))
    return (
        {row.release for row in inside if row.folder == storable(root)},
        Path(root),
        Path(border_of_links(place, present)),
    )


def look(raw: Path, root: Path | None = None, border: Path | None = None) -> dict[str, Look]:
    """Return every release below `raw` as it is now; `root` and `border` as in `survey`."""
    found: dict[str, set[tuple[str, int, int]]] = {}
    for entry in survey(raw, root, border):
        if isinstance(entry, FoundFile):
            found.setdefault(entry.release, set()).add((entry.path, entry.size_bytes, entry.mtime_ns))
    return {release: frozenset(files) for release, files in found.items()}


class Releases:
    """State of each release: its files, the time of their last change, and the files last ingested.

    Parameters
    ----------
    known : releases that the store knows; one of them that is not there is gone.
    """

    def __init__(self, settle_seconds: float, known: Iterable[str] = ()) -> None:
        self._settle_seconds = settle_seconds
        self._known = frozenset(known)
        self._since: dict[str, tuple[Look, float]] = {}
        self._given: dict[str, Look] = {}
        self._before = self._given

    def at_rest(self, now: Mapping[str, Look], seconds: float) -> set[str]:
        """Return the releases that have stopped changing and differ from when they were last returned.

        One whose files are gone is returned with every later one, so that each run warns of it; and once as soon as it
        is gone, with all releases at rest, as a run that finds no file cannot tell what is missing.

        Parameters
        ----------
        seconds : monotonic time.
        """
        every = {**dict.fromkeys((*self._known, *self._given), NOTHING), **now}
        at_rest: set[str] = set()
        for release, files in every.items():
            before, since = self._since.get(release, (None, seconds))
            if files != before:
                self._since[release] = files, seconds
            elif seconds - since >= self._settle_seconds:
                at_rest.add(release)
        changed = {release for release in at_rest if self._given.get(release) != every[release]}
        gone = at_rest - now.keys()
        if changed and not changed - gone:
            if now and not at_rest & now.keys():  # all that is there is still changing
                return set()
            return self._give(at_rest, changed, every)
        return self._give(changed | gone if changed else set(), changed, every)

    def forget_gone(self, known: Container[str]) -> None:
        """Forget those that are gone, except known ones: the others were moved, or their withdrawal is confirmed."""
        self._known = frozenset(release for release in self._known if release in known)
        for release in [one for one, files in self._given.items() if not files and one not in known]:
            del self._given[release]

    def take_again(self) -> None:
        """Forget what was returned last, as no run has taken it."""
        self._given = self._before

    def _give(self, chosen: set[str], changed: Iterable[str], every: Mapping[str, Look]) -> set[str]:
        self._before = dict(self._given)
        self._given.update({release: every[release] for release in changed})
        return chosen
