"""`marsmedia watch`: ingest a release once its files have stopped changing.

It looks at sizes and dates again and again, because network folders report no changes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
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
    # a shell that starts it in the background makes it ignore SIGINT; `kill -INT` must still stop it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not isinstance(raw, Path):
        raise RequestError(f"{raw}: cannot be watched, as a bucket reports no changes; run `marsmedia ingest {raw}`")
    if not raw.is_dir():
        raise click.UsageError(no_such_folder(raw, "create it, or choose another one"))
    watched = _Watched(raw, store_folder, settle_seconds, options)
    click.echo(f"watching {raw}; a release is ingested when nothing in it has changed for {settle_seconds:g} s")
    try:
        while not watched.is_interrupted:
            watched.tell_what_went()
            watched.ingest_settled()
            time.sleep(min(2.0, settle_seconds / 3))
    except KeyboardInterrupt:
        click.echo("stopped")


class _Watched:
    """Folder of releases and its store, either of which may go and be there again."""

    def __init__(self, raw: Path, store: Location, settle_seconds: float, options: Mapping[str, Any]) -> None:
        self._raw, self._store, self._options = raw, store, options
        self._known = KnownReleases(root=raw, border=raw)
        with suppress(NoStore):
            self._known = known_releases(raw, store)
        self._releases = Releases(settle_seconds, self._known.names)
        self._is_there = True
        self._has_store = self._has_had_store = is_store(store)
        if not self._has_store:
            check_new_store(store, "auto")
        self.is_interrupted = False
        """True once a run was interrupted, which has said so itself."""

    def tell_what_went(self) -> None:
        """Print whether the folder or the store went, or is there again, since the last look."""
        if self._raw.is_dir() != self._is_there:
            self._is_there = not self._is_there
            now = "is there again" if self._is_there else "no such folder now: is its disk mounted?"
            click.echo(f"{self._raw}: {now}")
        if self._has_had_store and is_store(self._store) != self._has_store:
            self._has_store = not self._has_store
            now = "is there again" if self._has_store else "no store now: is its disk mounted?"
            click.echo(f"{self._store}: {now}")

    def ingest_settled(self) -> None:
        """Ingest the releases whose files have stopped changing, unless the store went."""
        if self._has_store != self._has_had_store:
            return
        try:
            now = look(self._raw, self._known.root, self._known.border)
        except (FileNotFoundError, NotADirectoryError):  # it went meanwhile: the next look says so
            return
        at_rest = self._releases.at_rest(now, time.monotonic())
        for what, names in (("settled", now.keys()), ("gone", at_rest - now.keys())):
            if some := sorted(at_rest & names):
                click.echo(f"{', '.join(map(printable, some))}: {what}")
        if at_rest:
            try:
                self._ingest(at_rest)
            except Exception as error:  # whatever reads a folder or a store that goes meanwhile
                is_gone = not self._raw.is_dir() or (self._has_had_store and not is_store(self._store))
                if not is_gone and not isinstance(error, WENT):
                    raise
                click.echo(f"to be ingested again: {in_words(error)}", err=True)
                self._releases.take_again()

    def _ingest(self, releases: Iterable[str]) -> None:
        from flows.cli.ingest import ingest_folder
        from flows.run.interrupt import EXIT_CODES

        new_store: NewStore = "never" if self._has_had_store and isinstance(self._store, Path) else "auto"
        chosen = Options(**self._options, releases=tuple(sorted(releases)), new_store=new_store)
        self.is_interrupted = ingest_folder(self._raw, self._store, chosen) in EXIT_CODES.values()
        if not self.is_interrupted:
            self._has_store = self._has_had_store = True
            self._known = known_releases(self._raw, self._store)
            self._releases.forget_gone(self._known.names)


@dataclass(frozen=True, kw_only=True)
class KnownReleases:
    """What a store knows of the releases in a folder."""

    names: frozenset[str] = frozenset()
    """Without those that are confirmed as withdrawn."""
    root: Path
    """Folder of releases to which the folder belongs."""
    border: Path
    """Folder inside which links are followed."""


def known_releases(raw: Path, store_folder: Location) -> KnownReleases:
    """Return what a store knows of the releases in `raw`; raises `NoStore`."""
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
    return KnownReleases(
        names=frozenset(row.release for row in inside if row.folder == storable(root)),
        root=Path(root),
        border=Path(border_of_links(place, present)),
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
