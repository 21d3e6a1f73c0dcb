"""Sources that had all their results at the end of a run, in a file that can be thrown away: `catalogue/settled`.

A line holds a source's digest, the fingerprint of all that its wanted results follow from, and the folders of these
results, each made without a reason. Lines are appended, and the newest of a source counts. A plan that computes the
same fingerprint, and finds the folders' manifests, need not compute what is wanted, nor read the verdicts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from processors.store.claims import alone
from processors.store.manifest import ResultRef
from processors.store.store import Store, replace_file

END = "."
"""Last word of a whole line: one that was cut off by a crash is not used."""
OUTDATED_AT_MOST = 2
"""Lines in the file for each source in it, above which it is written anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettledSource:
    """Source with all its wanted results."""

    digest: str
    fingerprint: str
    folders: str
    """Folders of its results below its own, with a space between."""

    @classmethod
    def of(cls, digest: str, fingerprint: str, refs: Iterable[ResultRef]) -> SettledSource:
        folders = sorted({f"{ref.processor}/{ref.key[:16]}" for ref in refs})
        return cls(digest=digest, fingerprint=fingerprint, folders=" ".join(folders))

    @property
    def result_count(self) -> int:
        return self.folders.count(" ") + 1

    def is_whole(self, store: Store) -> bool:
        """Return True if the manifest of each result is in the store."""
        try:
            source = os.open(store.source_folder(self.digest), os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return False
        try:
            return all(
                os.access(f"{folder}/manifest.json", os.F_OK, dir_fd=source) for folder in self.folders.split(" ")
            )
        finally:
            os.close(source)


def read_settled(store: Store) -> dict[str, SettledSource]:
    """Return the settled sources by digest; empty without a readable file."""
    found: dict[str, SettledSource] = {}
    with suppress(OSError, UnicodeDecodeError), (store.catalogue_folder / "settled").open(encoding="ascii") as lines:
        for line in lines:
            digest, _, rest = line.rstrip("\n").partition(" ")
            fingerprint, _, rest = rest.partition(" ")
            folders, _, end = rest.rpartition(" ")
            if folders and end == END:
                found[digest] = SettledSource(digest=digest, fingerprint=fingerprint, folders=folders)
    return found


def add_settled(store: Store, sources: Iterable[SettledSource]) -> None:
    """Add sources, or their newest fingerprint; raises `OSError`."""
    added = list(sources)
    if not added:
        return
    path = store.catalogue_folder / "settled"
    with alone(store.catalogue_folder / "lock"):
        with path.open("a", encoding="ascii") as file:
            file.write("\n" + _lines(added))  # after a line that a crash has cut off
        with path.open("rb") as file:
            count = sum(1 for _ in file)
        if count > len(added) + 1 and count > OUTDATED_AT_MOST * len(newest := read_settled(store)):
            replace_file(path, _lines(newest.values()).encode())


def _lines(sources: Iterable[SettledSource]) -> str:
    return "".join(f"{one.digest} {one.fingerprint} {one.folders} {END}\n" for one in sources)
