"""Descriptions and calibrations of releases that changed since the last ingest; the store has what they said before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from processors.errors import StoreError
from processors.metadata.release.release_file import Release, read_release
from processors.sources.scan import PASSED_OVER, printable
from processors.sources.unicode_forms import folded, spelt
from processors.store.bucket.raw_bucket import as_it_is, hash_again, present
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.open_store import is_address

RELEASE_FILE = "release.toml"
Change = Literal["changed", "new", "gone", "none", "unknown"]


class DescribedFile(Protocol):
    """File of a release, as a row of the catalogue or a source of a pack."""

    @property
    def path(self) -> str: ...
    @property
    def relative(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def medium(self) -> str | None: ...


class HeldFile(DescribedFile, Protocol):
    """File of a release whose bytes other places may hold too."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class ChangedDescription:
    """A `release.toml`, label, sidecar or calibration that is not as it was at the last ingest."""

    relative: str
    """Path relative to the folder of releases."""
    change: Literal["changed", "new", "gone"]
    raw: str
    """Folder that runs have surveyed, or its address."""
    states: str = "titles, credits and rights"
    """What the store has of it as it was before: of a calibration, `pressures`."""

    def __str__(self) -> str:
        words = {"changed": "has changed", "new": "is new", "gone": "is gone"}[self.change]
        return f"{printable(self.relative)} {words} since the last ingest"

    @property
    def remedy(self) -> str:
        """Return the command that takes in its statements."""
        folder = self.raw if is_address(self.raw) else os.path.relpath(self.raw)
        return f"run `marsmedia ingest {shlex.quote(folder if len(folder) < len(self.raw) else self.raw)}`"

    @property
    def told_of_packs(self) -> str:
        """Return what to say of a built pack that holds what it describes."""
        return f"{self}: {self.remedy} to see which packs are concerned"


class Descriptions:
    """Descriptions as the last ingest found them; each is compared once to what is there now."""

    def __init__(self, catalogue: Catalogue) -> None:
        rows = catalogue.sightings("kind = 'companion' OR name LIKE '%.toml'")
        self._known = {row.path: row for row in rows if row.gone_utc is None}
        self._beside: dict[str, list[SourceRow]] = {}
        self._naming: dict[tuple[str, str], list[str]] = {}
        """Paths of labels by their folder and the name of a file that they describe, as `folded`."""
        self._raw_folders: dict[str, set[str]] = {}
        """Folders that runs have surveyed, by the folder of releases."""
        for row in self._known.values():
            self._raw_folders.setdefault(row.folder, set()).add(row.raw_folder)
            if row.kind == "companion":
                self._beside.setdefault(row.path.rpartition("/")[0], []).append(row)
            for name in row.files_named:
                self._naming.setdefault((row.path.rpartition("/")[0], folded(name)), []).append(row.path)
        self._changes: dict[str, Change] = {}
        self._releases: dict[str, Release | None] = {}

    def changed(self, files: Iterable[DescribedFile]) -> list[ChangedDescription]:
        """Return the descriptions of these files that changed since the last ingest, in the order of their paths.

        Size and date are compared, and where these differ the SHA-256. Where neither description nor file is within
        reach, as in the store of another machine, nothing is known, and nothing is returned.
        """
        found: dict[str, ChangedDescription] = {}
        for file in files:
            root, raw = file.path.removesuffix(f"/{file.relative}"), self._raw_of(file)
            of_sound = set(self._calibrations(file))
            for path in (*self._describing(file), *of_sound):
                change = self._changes.get(path) or _change(path, self._known.get(path), file.path)
                if change != "unknown":
                    self._changes[path] = change
                if change in ("changed", "new", "gone"):
                    states = "pressures" if path in of_sound else ChangedDescription.states
                    relative = path.removeprefix(f"{root}/")
                    found[path] = ChangedDescription(relative=relative, change=change, raw=raw, states=states)
        return [found[path] for path in sorted(found)]

    def _describing(self, file: DescribedFile) -> Iterator[str]:
        """Yield each place of a `release.toml` above a file, and the labels and sidecars next to it that have its name
        or name it.
        """
        folder, stem = file.path.rpartition("/")[0], folded(Path(file.name).stem)
        for row in self._beside.get(folder, ()):
            if row.name != RELEASE_FILE and folded(row.name).startswith(stem):
                yield row.path
        yield from self._naming.get((folder, folded(file.name)), ())
        for folder in _folders_above(file, self._raw_of(file)):
            yield f"{folder}/{RELEASE_FILE}"

    def _raw_of(self, file: DescribedFile) -> str:
        """Return the folder that runs have surveyed, in which a file is."""
        root = file.path.removesuffix(f"/{file.relative}")
        around = [folder for folder in self._raw_folders.get(root, ()) if file.path.startswith(f"{folder}/")]
        return min(around, key=len, default=root)

    def _calibrations(self, file: DescribedFile) -> Iterator[str]:
        """Yield the place of each calibration that the nearest `release.toml` names, as it is now, for a sound."""
        for folder in _folders_above(file, self._raw_of(file)) if file.medium != "photo" else ():
            if folder not in self._releases:
                self._releases[folder] = _release_in(folder)
            if release := self._releases[folder]:
                entry = spelt(file.path.removeprefix(f"{folder}/"), release.files)
                own = release.files.get(entry, {}).get("calibration")
                named = [PurePosixPath(str(one)) for one in (own, *release.head.get("calibrations", ())) if one]  # type: ignore[misc]
                found = (f"{folder}/{one}" for one in named if _is_found_by_runs(one, folder, file))
                yield from (spelt(path, self._known) for path in found)
                return


def changed_descriptions(files: Iterable[HeldFile], catalogue: Catalogue) -> list[ChangedDescription]:
    """Return the changed descriptions of these files and of all places that hold the same bytes, as
    `Descriptions.changed`: what is said at any of them binds.
    """
    files = list(files)
    digests = {one.digest for one in files}
    copies = [row for row in catalogue.seen(digests) if row.gone_utc is None and row.digest in digests]
    return Descriptions(catalogue).changed([*files, *copies])


def _folders_above(file: DescribedFile, raw: str) -> Iterator[str]:
    """Yield the folders above a file up to the one that runs have surveyed, the nearest first."""
    folder = file.path.rpartition("/")[0]
    while folder != raw and folder.startswith(f"{raw}/"):
        yield folder
        folder = folder.rpartition("/")[0]
    yield raw


def _release_in(folder: str) -> Release | None:
    """Return what the `release.toml` of a folder says now of calibrations; None without one within reach."""
    try:
        data = as_it_is(f"{folder}/{RELEASE_FILE}").read_bytes()
    except (OSError, StoreError):
        return None
    return read_release(data if b"calibration" in data else b"")


def _is_found_by_runs(name: PurePosixPath, folder: str, file: DescribedFile) -> bool:
    """Return whether a run can read a calibration below a release's folder: no ingest takes in any other."""
    if name.suffix != ".toml" or name.is_absolute() or any(map(PASSED_OVER.fullmatch, name.parts)):
        return False
    raw = file.path.removesuffix(file.relative)
    return is_address(folder) or os.path.realpath(f"{folder}/{name}").startswith(raw)


def _change(path: str, row: SourceRow | None, described: str) -> Change:
    try:
        now = present(path)
        if now is None:
            if row is None:
                return "none"
            return "gone" if present(described) else "unknown"
        if row is None:
            return "new"
        if now == (row.size_bytes, row.mtime_ns):
            return "none"
        return "none" if now[0] == row.size_bytes and hash_again(path) == row.digest else "changed"
    except (OSError, StoreError):  # out of reach: unknown
        return "unknown"
