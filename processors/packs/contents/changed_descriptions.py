"""Descriptions of releases that changed since the last ingest; the store still has the rights that they stated."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from processors.errors import StoreError
from processors.sources.scan import printable
from processors.store.bucket.raw_bucket import hash_again, present
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.open_store import is_address

RELEASE_FILE = "release.toml"
Change = Literal["changed", "new", "gone", "none", "unknown"]


@dataclass(frozen=True, kw_only=True)
class ChangedDescription:
    """A `release.toml`, label or sidecar that is not as it was at the last ingest."""

    relative: str
    """Path relative to the folder of releases."""
    change: Literal["changed", "new", "gone"]
    raw: str
    """Folder of releases, or its address."""

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
        rows = catalogue.sightings("kind = 'companion'")
        self._known = {row.path: row for row in rows if row.gone_utc is None}
        self._beside: dict[str, list[SourceRow]] = {}
        for row in self._known.values():
            self._beside.setdefault(row.path.rpartition("/")[0], []).append(row)
        self._changes: dict[str, Change] = {}

    def changed(self, files: Iterable[SourceRow]) -> list[ChangedDescription]:
        """Return the descriptions of these files that changed since the last ingest, in the order of their paths.

        Size and date are compared, and where these differ the SHA-256. Where neither description nor file is within
        reach, as in the store of another machine, nothing is known, and nothing is returned.
        """
        found: dict[str, ChangedDescription] = {}
        for file in files:
            for path, row in _describing(file, self._known, self._beside):
                change = self._changes.get(path) or _change(path, row, file.path)
                if change != "unknown":
                    self._changes[path] = change
                if change in ("changed", "new", "gone"):
                    raw = file.path.removesuffix(f"/{file.relative}")
                    found[path] = ChangedDescription(relative=path.removeprefix(f"{raw}/"), change=change, raw=raw)
        return [found[path] for path in sorted(found)]


def changed_descriptions(files: Iterable[SourceRow], catalogue: Catalogue) -> list[ChangedDescription]:
    """Return the descriptions of these files that changed since the last ingest, as `Descriptions.changed`."""
    return Descriptions(catalogue).changed(files)


def _describing(
    file: SourceRow, known: dict[str, SourceRow], beside: dict[str, list[SourceRow]]
) -> Iterator[tuple[str, SourceRow | None]]:
    """Yield each place of a `release.toml` above a file, and the labels and sidecars next to it with its name."""
    folder, raw = file.path.rpartition("/")[0], file.path.removesuffix(f"/{file.relative}")
    stem = Path(file.name).stem.casefold()
    for row in beside.get(folder, ()):
        if row.name != RELEASE_FILE and row.name.casefold().startswith(stem):
            yield row.path, row
    while folder != raw and folder.startswith(f"{raw}/"):
        yield f"{folder}/{RELEASE_FILE}", known.get(f"{folder}/{RELEASE_FILE}")
        folder = folder.rpartition("/")[0]
    yield f"{raw}/{RELEASE_FILE}", known.get(f"{raw}/{RELEASE_FILE}")


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
