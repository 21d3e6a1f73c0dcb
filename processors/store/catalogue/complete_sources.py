"""Complete sources: those that had all their results at the end of a run, in the disposable file `catalogue/settled`.

(The file has the name that it had in the first stores; everything else calls these sources complete.)

A line holds a source's digest, the fingerprint of everything that determines its wanted results, and the folders of
these results, each made without a reason. Lines are appended; the newest of a source counts. A plan that computes the
same fingerprint, and finds the manifests in these folders, need not compute the wanted results or read the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from processors.store.exclusive_lock import exclusive_lock
from processors.store.flush import replace_file
from processors.store.manifest import ResultRef
from processors.store.store import Store

FILE = "settled"
END = "."
"""Last word of a complete line; a line cut off by a crash is ignored."""
DIGITS = 64
"""Length of a digest."""
OUTDATED_AT_MOST = 2
"""Maximum number of lines per source; above it, the file is rewritten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteSource:
    """Source with all its wanted results."""

    digest: str
    fingerprint: str
    folders: str
    """Folders of its results, relative to its own and separated by spaces."""

    @classmethod
    def of(cls, digest: str, fingerprint: str, refs: Iterable[ResultRef]) -> CompleteSource:
        folders = sorted({f"{ref.processor}/{ref.key[:16]}" for ref in refs})
        return cls(digest=digest, fingerprint=fingerprint, folders=" ".join(folders))

    @property
    def result_count(self) -> int:
        return self.folders.count(" ") + 1


def read_complete(store: Store) -> dict[str, CompleteSource]:
    """Return the complete sources by digest; empty without a readable file."""
    return {
        digest: CompleteSource(digest=digest, fingerprint=fingerprint, folders=folders)
        for digest, fingerprint, folders in _read(store)
    }


def newest_folders(store: Store) -> dict[str, str]:
    """Return the folders of the results of each complete source, by digest; empty without a readable file."""
    return {digest: folders for digest, _, folders in _read(store)}


def forget_complete(store: Store, digests: Iterable[str]) -> None:
    """Forget sources, such as those whose results were removed; raises `OSError`."""
    gone = set(digests)
    with exclusive_lock(store.catalogue_folder / "lock"):
        known = read_complete(store)
        if not gone.isdisjoint(known):
            left = (one for one in known.values() if one.digest not in gone)
            replace_file(store.catalogue_folder / FILE, _lines(left).encode())


def _read(store: Store) -> Iterator[tuple[str, str, str]]:
    """Yield digest, fingerprint and folders of each complete line, the newest of a source last."""
    with suppress(OSError, UnicodeDecodeError), (store.catalogue_folder / FILE).open(encoding="ascii") as lines:
        for line in lines:
            digest, _, rest = line.rstrip("\n").partition(" ")
            fingerprint, _, rest = rest.partition(" ")
            folders, _, end = rest.rpartition(" ")
            if folders and end == END:
                yield digest, fingerprint, folders


def add_complete(store: Store, sources: Iterable[CompleteSource]) -> None:
    """Add sources, or their newest fingerprint; raises `OSError`."""
    added = list(sources)
    if not added:
        return
    path = store.catalogue_folder / FILE
    with exclusive_lock(store.catalogue_folder / "lock"):
        with path.open("a", encoding="ascii") as file:
            file.write("\n" + _lines(added))  # after a line that a crash has cut off
        with path.open("rb") as file:
            digests = [line[:DIGITS] for line in file]
        if len(digests) > len(added) + 1 and len(digests) > OUTDATED_AT_MOST * len(set(digests)):
            replace_file(path, _lines(read_complete(store).values()).encode())


def _lines(sources: Iterable[CompleteSource]) -> str:
    return "".join(f"{one.digest} {one.fingerprint} {one.folders} {END}\n" for one in sources)
