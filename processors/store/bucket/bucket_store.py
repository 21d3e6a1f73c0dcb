"""Store in a bucket: a pass is one zip and one commit, and this machine caches small records and items that were read.

    s3://bucket/prefix/
      store.json                         the mark of a store, with its format and its identity
      data/, commits/                    results by pass: see `stored_pass`
      seen/<time>-<any>.jsonl            where sources were seen, one object each time that a run records some
      links/<time>-<any>.json            links between sources; the newest counts
      catalogue/<table>/                 the Delta tables: see `bucket_tables`
      claims/                            runs at work, and the sources they work on: see `bucket_claims`
      runs/, packs/, kept/, checkups/    small records, as in a folder

Objects are written once, except small records, of which the newest counts; nothing is renamed. The copies are in a
folder of the user's cache, which is itself a store in a folder: the results of a pass are made there as usual, by
processes without access to the bucket, and published when the pass is over. The folder is disposable.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from processors.errors import NoStore, ResultCorrupt, ResultMissing, ResultNewer, StoreError
from processors.store.bucket.bucket import Bucket
from processors.store.bucket.bucket_claims import BucketClaims
from processors.store.bucket.bucket_commits import BucketCommits
from processors.store.bucket.bucket_source_records import BucketSourceRecords
from processors.store.bucket.bucket_tables import LOG, BucketTables
from processors.store.bucket.bucket_traffic import Traffic
from processors.store.bucket.item_cache import ItemCache, cache_folder
from processors.store.bucket.stored_pass import (
    RESULTS_AT_MOST,
    PassResult,
    below,
    commit_bytes,
    commit_name,
    keys_of,
    read_commit,
    write_zip,
)
from processors.store.flush import replace_file
from processors.store.manifest import Manifest, ResultRef
from processors.store.new_store import NewStore, check_new_store
from processors.store.store import STORE_FILE, Store

BUCKET_FORMAT = 2
MIN_UNNAMED_AGE = timedelta(days=1)
"""Age from which a zip without a commit counts as a leftover; a run may still commit a younger one."""
CHANGING = ("packs", "kept")
"""Kinds of records that may be removed from the bucket, and then from the copies."""


class BucketStore(Store):
    """A processed store below an address such as `s3://bucket/prefix`. Pickles hold the address, and no credentials."""

    is_in_folder = False

    def __init__(self, address: str, *, writes: bool, new: NewStore = "auto") -> None:
        """Open the store.

        Parameters
        ----------
        writes : create the store if there is none and `new` is not "never", and check that the server is suitable.

        Raises
        ------
        NoStore : there is none and `writes` is false.
        StoreAway : there is none and `new` is "never".
        RequestError : not an address.
        StoreError : the bucket cannot be used, or the store was written by a newer version.
        """
        self.bucket = Bucket(address)
        self._tables: BucketTables | None = None
        identity, is_new = _identity(self.bucket, writes=writes, new=new)
        super().__init__(cache_folder() / identity)
        self.is_new = is_new
        self._local = Store(self.root)
        self._tables = BucketTables(self.bucket, self.root / "catalogue")
        self._items = ItemCache(self.root / "items")
        self._commits = BucketCommits(self.bucket, self.root / "commits")
        self._claims = BucketClaims(self.bucket)
        self._pulled: set[str] = set()
        self.source_records = BucketSourceRecords(self.bucket)

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_again, (self.address,)

    @property
    def address(self) -> str:
        return self.bucket.address

    @property
    def identity(self) -> bytes:
        return self.root.name.encode()

    @property
    def traffic(self) -> Traffic:
        """Return the requests to the bucket of this process, and of others for it."""
        return replace(self.bucket.traffic)

    def add_traffic(self, traffic: Traffic | None) -> None:
        if traffic:
            self.bucket.add_traffic(traffic)

    @property
    def local(self) -> Store:
        return self._local

    @property
    def catalogue_folder(self) -> Path:
        """Return the folder of the tables' copies, which are updated once."""
        if self._tables is not None:
            self._tables.pull_once()
        return self.root / "catalogue"

    def newest_commit(self, table: str) -> tuple[str, int] | None:
        """Return that of a table in the bucket, of which the copy may lack it; one listing."""
        listed = self.bucket.list(f"catalogue/{table}/{LOG}")
        found = ((one.name, int(one.modified.timestamp() * 1e9)) for one in listed if one.name.endswith(".json"))
        return max(found, default=None)

    # results

    def where(self, ref: ResultRef) -> str:
        name = next(iter(self._commits.holding(ref)), None)
        return f"{self.address}/{name or f'commits/{below(ref.source)}'}"

    def has(self, ref: ResultRef) -> bool:
        return bool(self._commits.holding(ref))

    def has_all(self, digest: str, folders: Iterable[str]) -> bool:
        keys = {key for name in self._commits.of(digest) for key in keys_of(name)}
        return all(folder.rpartition("/")[2] in keys for folder in folders)

    def look_at_all(self, *, again: bool = False) -> None:
        if again:
            self._commits.look_at_all()
        else:
            self._commits.digests()

    def look_again(self, digest: str) -> None:
        self._commits.look_again(digest)

    def manifest(self, ref: ResultRef) -> Manifest:
        return self._commits.result(ref).manifest

    def manifests(self, digest: str | None = None) -> Iterator[Manifest]:
        for one in [digest] if digest else self._commits.ahead(self._commits.digests()):
            for result in self._commits.results(one):
                yield result.manifest

    def fetch_manifests(self, digests: Iterable[str]) -> None:
        self._commits.fetch(list(digests))

    def readable(self, unreadable: list[str]) -> Iterator[Manifest]:
        for digest in self._commits.ahead(self._commits.digests()):
            try:
                yield from self.manifests(digest)
            except ResultCorrupt as error:
                unreadable.append(str(error))

    def commit_names(self) -> list[str]:
        """Return the names of all commits, in the order of their sources; one listing."""
        return [name for digest in self._commits.digests() for name in sorted(self._commits.of(digest))]

    def copied_commits(self) -> Iterator[str]:
        """Yield these names, each after a copy of the commit was made on this machine."""
        for digest in self._commits.ahead(self._commits.digests()):
            yield from sorted(self._commits.of(digest))

    def results_in(self, commit: str) -> list[PassResult]:
        """Return the results in a commit; raises `ResultCorrupt`."""
        return self._commits.results_in(commit)

    def unnamed_data(self) -> Iterator[str]:
        """Yield the zips to which no commit refers, of runs that were killed a day ago or more."""
        named = set[str]()
        for name in self.copied_commits():
            with suppress(ResultCorrupt):  # no commit refers to that zip any more
                named.update(one.data for one in self._commits.results_in(name))
        before = datetime.now(UTC) - MIN_UNNAMED_AGE
        yield from (one.name for one in self.bucket.list("data") if one.name not in named and one.modified < before)

    def remove_unnamed(self) -> None:
        self.bucket.delete(list(self.unnamed_data()))

    # items

    def item_path(self, ref: ResultRef, name: str) -> Path:
        """Return the path of an item's copy, fetched if it does not exist; it stays for at least an hour.

        Raises
        ------
        ResultMissing : no such result or item.
        ResultCorrupt : the bucket has other bytes.
        """
        return self._path_of(self._commits.result(ref), name)

    def _path_of(self, stored: PassResult, name: str) -> Path:
        item = stored.manifest.item(name)
        if item is None:
            raise ResultMissing(f"{self.where(stored.manifest.ref)}: has no item {name!r}")

        def fetch(to: Path) -> str:
            try:
                return self.bucket.fetch(stored.data, to, stored.starts[name], item.size_bytes)
            except FileNotFoundError as error:
                raise ResultMissing(f"{error}; run `marsmedia ingest` to make it again") from error

        return self._items.path(item, f"{self.where(stored.manifest.ref)}: {name}", fetch)

    def open_item(self, ref: ResultRef, name: str) -> BinaryIO:
        return self.item_path(ref, name).open("rb")

    # writing

    @contextmanager
    def bringing(self, refs: Iterable[ResultRef]) -> Iterator[None]:
        brought: list[ResultRef] = []
        try:
            for ref in refs:
                if not self._local.has(ref) and self.has(ref):
                    self._bring(self._commits.result(ref))
                    brought.append(ref)
            yield
        finally:
            for ref in brought:
                self._local.remove(ref)

    def _bring(self, stored: PassResult) -> None:
        with self._local.scratch() as scratch:
            folder = scratch / "result"
            folder.mkdir()
            for item in stored.manifest.items:
                path = folder / item.name
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(self._path_of(stored, item.name), path)
            self._local.commit(folder, stored.manifest)

    def publish(self, refs: Iterable[ResultRef]) -> None:
        new = sorted(ref for ref in refs if self._local.has(ref))
        for source in sorted({ref.source for ref in new}):
            ours = [ref for ref in new if ref.source == source]
            for at in range(0, len(ours), RESULTS_AT_MOST):
                self._publish(ours[at : at + RESULTS_AT_MOST])
        for ref in new:
            self._local.remove(ref)

    def _publish(self, refs: Sequence[ResultRef]) -> None:
        """Put the zip, then create the commit; if another run was first, its results count."""
        manifests = [self._local.manifest(ref) for ref in refs]
        data = f"data/{below(refs[0].source)}/{uuid.uuid4().hex}.zip"
        with self._local.scratch() as scratch:
            starts = write_zip(scratch / "pass.zip", [(self._local.folder(m.ref), m) for m in manifests])
            self.bucket.put(data, scratch / "pass.zip")
        commit, attempt = commit_bytes(data, manifests, starts), 0
        while not self.bucket.create(name := commit_name(refs, attempt), commit):
            theirs = read_commit(self.bucket.get(name), f"{self.address}/{name}")
            if {one.manifest.ref for one in theirs if one.manifest.verdict != "failed"} == set(refs):
                self.bucket.delete([data])
                self.look_again(refs[0].source)
                return
            attempt += 1
        self._commits.created(name, commit)

    def commit(self, folder: Path, manifest: Manifest) -> bool:
        raise RuntimeError("results are made in `local`, and published")

    def remove(self, ref: ResultRef) -> None:
        self.remove_all([ref])

    def remove_all(self, refs: Iterable[ResultRef]) -> None:
        """Remove results: each pass is rewritten without them or, if it holds nothing else, removed.

        What cannot be read of the same pass is removed with them.
        """
        gone = set(refs)
        for name in sorted({name for ref in gone for name in self._commits.holding(ref)}):
            results = self._readable_results(name)
            self._publish_readable([one.manifest.ref for one in results if one.manifest.ref not in gone])
            self._commits.removed(name)
            self.bucket.delete([name, *{one.data for one in results}])

    def _readable_results(self, commit: str) -> list[PassResult]:
        """Return the results of a commit; none of a damaged one. Raises `ResultNewer`."""
        try:
            return self._commits.results_in(commit)
        except ResultNewer:
            raise
        except ResultCorrupt:
            return []

    def _publish_readable(self, refs: Iterable[ResultRef]) -> None:
        """Publish results of the store once more, in a pass of their own, but for those that are damaged."""
        with ExitStack() as stack:
            brought: list[ResultRef] = []
            for ref in refs:
                with suppress(ResultCorrupt, ResultMissing):
                    stack.enter_context(self.bringing([ref]))
                    brought.append(ref)
            if brought:
                self._publish(brought)

    # sources and records

    def saw(self, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self.source_records.add_paths(entries)

    def forget(self, places: Iterable[tuple[str, str]]) -> None:
        self.source_records.remove_paths(places)

    def link(self, links: Mapping[str, list[dict[str, Any]]]) -> None:
        self.source_records.replace_links(links)

    def source(self, digest: str) -> dict[str, Any] | None:
        """Return the links of a source; its paths are in the catalogue."""
        return {"digest": digest, "seen": [], "links": self.source_records.links().get(digest, [])}

    def sources(self, unreadable: list[str] | None = None) -> Iterator[dict[str, Any]]:
        return self.source_records.all(unreadable)

    def without_record(self, digests: Iterable[str]) -> list[str]:
        return []  # a record that is added replaces none

    def records(self, kind: str) -> list[Path]:
        """Return the records of one kind, which are updated once."""
        if kind not in self._pulled:
            self._pulled.add(kind)
            there = {one.name.rpartition("/")[2]: one for one in self.bucket.list(kind)}
            (self.root / kind).mkdir(exist_ok=True)
            for name, one in there.items():
                path, seconds = self.root / kind / name, one.modified.timestamp()
                if not path.exists() or path.stat().st_mtime < seconds:
                    replace_file(path, self.bucket.get(one.name))
                    os.utime(path, (seconds, seconds))
            for path in (self.root / kind).glob("*.json") if kind in CHANGING else ():
                if path.name not in there:
                    path.unlink(missing_ok=True)
        return super().records(kind)

    def upload(self, record: Path) -> None:
        self.bucket.put(f"{record.parent.name}/{record.name}", record)

    def withdraw(self, record: Path) -> None:
        self.bucket.delete([f"{record.parent.name}/{record.name}"])

    @property
    def claims_elsewhere(self) -> BucketClaims:
        return self._claims

    def pull(self, table: str) -> None:
        assert self._tables is not None
        self._tables.pull(table)

    def push(self, table: str) -> bool:
        assert self._tables is not None
        return self._tables.push(table)


def _opened_again(address: str) -> BucketStore:
    return BucketStore(address, writes=True)


def _identity(bucket: Bucket, *, writes: bool, new: NewStore) -> tuple[str, bool]:
    """Return the identity of the store in a bucket, and whether it was created, as it is if there is none.

    Raises
    ------
    NoStore, StoreAway : there is none, and none is to be created.
    StoreError : the server is unsuitable, the store is of a newer version, or the object is not a store's mark.
    """
    is_new = False
    try:
        mark = bucket.get(STORE_FILE)
    except FileNotFoundError as error:
        if not writes:
            raise NoStore(bucket.address) from error
        check_new_store(bucket.address, new)
        begun = {"marsmedia_store_format": BUCKET_FORMAT, "layout": "passes", "identity": uuid.uuid4().hex}
        mark = json.dumps(begun).encode() + b"\n"
        is_new = bucket.create(STORE_FILE, mark)
        mark = mark if is_new else bucket.get(STORE_FILE)
    try:
        found = json.loads(mark)
        store_format, identity = int(found["marsmedia_store_format"]), str(found["identity"])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise StoreError(f"{bucket.address}/{STORE_FILE}: not a valid store file; choose another address") from error
    if store_format > BUCKET_FORMAT:
        raise StoreError(f"{bucket.address}: made by a newer marsmedia (store format {store_format}); use that version")
    try:
        if writes:
            bucket.check_creates_once(STORE_FILE, mark)
    except StoreError:
        if is_new:
            bucket.delete([STORE_FILE])
        raise
    return sha256(identity.encode()).hexdigest()[:32], is_new
