"""Commits in a bucket: available results, from listings, and their manifests, from copies or the bucket."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from processors.errors import ResultCorrupt, ResultMissing
from processors.store.bucket.bucket import Bucket
from processors.store.bucket.stored_pass import (
    KEY_DIGITS,
    PassResult,
    below,
    keys_of,
    newest_of,
    read_commit,
    source_of,
)
from processors.store.flush import replace_file
from processors.store.manifest import OF_ANOTHER, ResultRef

SINGLE_LISTINGS = 20
"""Number of sources that are looked up one by one; after these, all commits are listed at once."""
FETCHED_AT_ONCE = 32
"""Number of commits that are fetched at the same time: an answer takes 20 to 50 ms, nearly all of it waiting."""
SOURCES_AHEAD = 512
"""Number of sources whose commits are fetched before the first of them is read."""
COMMITS_HELD = 64
"""Maximum number of commits in memory."""


class BucketCommits:
    """Commits of all sources, as they were when each source was looked up; may be used by several threads."""

    def __init__(self, bucket: Bucket, copies: Path) -> None:
        self._bucket, self._copies = bucket, copies
        self._changing = threading.RLock()
        self._names: dict[str, dict[str, int]] = {}
        """Commits of each source that was looked up, with their sizes."""
        self._is_whole = False
        """Whether all sources have been looked up."""
        self._held: OrderedDict[str, list[PassResult]] = OrderedDict()

    def of(self, source: str) -> Mapping[str, int]:
        """Return the names of a source's commits, with their sizes."""
        with self._changing:
            if source not in self._names and not self._is_whole:
                if len(self._names) < SINGLE_LISTINGS:
                    self.look_again(source)
                else:
                    self.look_at_all()
            return dict(self._names.get(source, {}))

    def look_again(self, source: str) -> None:
        """Look a source up; one listing."""
        found = {one.name: one.size_bytes for one in self._bucket.list(f"commits/{below(source)}")}
        with self._changing:
            self._names[source] = found

    def look_at_all(self) -> None:
        """Look all sources up; one listing."""
        found: dict[str, dict[str, int]] = {}
        for one in self._bucket.list("commits"):
            found.setdefault(source_of(one.name), {})[one.name] = one.size_bytes
        with self._changing:
            self._names, self._is_whole = found, True

    def digests(self) -> list[str]:
        """Return the sources with results, in order; one listing, unless all were looked up before."""
        with self._changing:
            if not self._is_whole:
                self.look_at_all()
            return sorted(source for source, names in self._names.items() if names)

    def holding(self, ref: ResultRef) -> list[str]:
        """Return the names of the commits that hold a result; nearly always one."""
        return [name for name in self.of(ref.source) if ref.key[:KEY_DIGITS] in keys_of(name)]

    def result(self, ref: ResultRef) -> PassResult:
        """Return a result.

        Raises
        ------
        ResultMissing : no such result.
        ResultCorrupt : its commit cannot be read, or holds another result in its place.
        """
        if not self.holding(ref):
            self.look_again(ref.source)  # another process may have made it
        names = self.holding(ref)
        found = [one for name in names for one in self.results_in(name) if one.manifest.ref == ref]
        if not found and names:
            raise ResultCorrupt(f"{self._bucket.address}/{names[0]}: {OF_ANOTHER}")
        if not found:
            raise ResultMissing(
                f"{self._bucket.address}/commits/{below(ref.source)}: has no {ref.processor}; "
                "run `marsmedia ingest` to make it again"
            )
        return newest_of(found)

    def results(self, source: str) -> Iterator[PassResult]:
        """Yield the results of a source, in the order of processor and key; raises `ResultCorrupt`."""
        found: dict[ResultRef, list[PassResult]] = {}
        for name in self.of(source):
            for result in self.results_in(name):
                found.setdefault(result.manifest.ref, []).append(result)
        for ref in sorted(found):
            yield newest_of(found[ref])

    def fetch(self, sources: Collection[str]) -> None:
        """Fetch the commits of sources that have no copy yet, several at once."""
        if len(sources) > SINGLE_LISTINGS:
            self.digests()
        named = [(name, size) for source in dict.fromkeys(sources) for name, size in self.of(source).items()]
        missing = [name for name, size in named if not self._copy_of(name, size).exists()]
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as threads:
            for _ in threads.map(self._fetch, missing):
                pass

    def ahead(self, sources: Sequence[str]) -> Iterator[str]:
        """Yield sources, each after its commits were fetched, many at the same time."""
        for at in range(0, len(sources), SOURCES_AHEAD):
            self.fetch(sources[at : at + SOURCES_AHEAD])
            yield from sources[at : at + SOURCES_AHEAD]

    def _fetch(self, name: str) -> bytes:
        try:
            data = self._bucket.get(name)
        except FileNotFoundError as error:
            raise ResultMissing(f"{error}: it was removed meanwhile; run again") from error
        self._keep(name, data)
        return data

    def results_in(self, name: str) -> list[PassResult]:
        """Return the results of one commit, from memory, its copy, or the bucket.

        Raises
        ------
        ResultMissing : it was removed since it was listed.
        ResultCorrupt : it cannot be read.
        """
        with self._changing:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
        try:
            data = self._copy_of(name, self.of(source_of(name)).get(name, 0)).read_bytes()
        except FileNotFoundError:
            data = self._fetch(name)
        results = read_commit(data, f"{self._bucket.address}/{name}")
        with self._changing:
            self._held[name] = results
            if len(self._held) > COMMITS_HELD:
                self._held.popitem(last=False)
        return results

    def created(self, name: str, data: bytes) -> None:
        """Note a commit that this process has created."""
        self._keep(name, data)
        with self._changing:
            self._held.pop(name, None)
            if self._is_whole or source_of(name) in self._names:
                self._names.setdefault(source_of(name), {})[name] = len(data)

    def removed(self, name: str) -> None:
        """Note that a commit is being removed."""
        with self._changing:
            self._held.pop(name, None)
            self._names.get(source_of(name), {}).pop(name, None)

    def _copy_of(self, name: str, size_bytes: int) -> Path:
        """Return the path of a commit's copy. A commit that is removed and made again hardly ever has the same size."""
        mark = sha256(name.encode()).hexdigest()
        return self._copies / mark[:2] / f"{mark[:32]}-{size_bytes}.json"

    def _keep(self, name: str, data: bytes) -> None:
        copy = self._copy_of(name, len(data))
        copy.parent.mkdir(parents=True, exist_ok=True)
        replace_file(copy, data)
