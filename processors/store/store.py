"""Interface of the store to the disk; all path arithmetic is in this file. For one in a bucket see `bucket_store`.

results/<source[:2]>/<source>/<processor>/<key[:16]>/   items and `manifest.json`; never changed once written
results/<source[:2]>/<source>/source.json                paths at which the source was seen; rewritten on change
scratch/   work in progress, on the same file system; leftovers here are from killed runs
by-name/   links for browsing; rebuilt from the catalogue
catalogue/ the Delta tables;   runs/, checkups/, packs/, kept/   one record per run, check, pack and result to keep
claims/    locks of the sources being worked on;   store.json   the mark of a store, with its format
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from processors.contract import Item
from processors.errors import ResultCorrupt, ResultMissing, StoreError
from processors.json_records import as_json
from processors.sources.source_file import sha256_of
from processors.store.flush import flush, flush_all, write_durably
from processors.store.manifest import OF_ANOTHER, Manifest, ResultRef, StoredItem
from processors.store.manifest_files import all_manifest_files
from processors.store.scratch_folders import scratch_folder, sweep_scratch_folders
from processors.store.source_records import SourceRecords
from processors.store.still_there import still_there

if TYPE_CHECKING:
    from processors.store.bucket.bucket_claims import BucketClaims
    from processors.store.bucket.bucket_traffic import Traffic

STORE_FORMAT = 1
NOT_IN_PATHS = "[]\\^|"
"""Characters that the catalogue's library does not support in a path."""
STORE_FILE = "store.json"
"""The file that makes a folder a store."""
LOOK_UP_THREADS = 16
"""Threads that look for manifests: a disk answers many requests in the time of one. For 90,000 that are not in memory
one thread takes 29 s, 4 take 6.8 s, 16 take 4.6 s and 32 take 4.9 s; for those in memory it makes no difference."""
LOOK_UPS_AT_ONCE = 100
"""Results or sources that a thread looks for before it takes others."""

T = TypeVar("T")


def newest_commit_in(table: Path) -> str | None:
    """Return the name of the last change of a Delta table in a folder; None without a table."""
    with suppress(OSError):
        return max((path.name for path in (table / "_delta_log").glob("*.json")), default=None)
    return None


class Store:
    """A processed store in a folder.

    Methods that do nothing here have a task in a store in a bucket, whose folder is a copy of parts of it.
    """

    is_in_folder = True
    """Whether the folder is the store itself; it then has a view for browsing."""
    is_new = False
    """Whether there was none before this object opened it."""
    has_restored_mark = False
    """Whether this object wrote the mark of a store that had results and had lost it."""

    def __init__(self, root: Path) -> None:
        """Open the store, creating it if it does not exist.

        Raises
        ------
        StoreError : not writable, written by a newer version, or at a path that the catalogue's library cannot open.
        """
        self.root = root
        if found := sorted(set(NOT_IN_PATHS) & set(str(root.absolute()))):
            raise StoreError(f"{root}: a store cannot have {' '.join(found)} in its path; choose another with --store")
        try:
            for folder in (self.results_folder, self._scratch, self.catalogue_folder, self.runs_folder):
                folder.mkdir(parents=True, exist_ok=True)
            mark = root / STORE_FILE
            if not mark.exists():
                self.has_restored_mark = has_lost_mark(root)
                self.is_new = not self.has_restored_mark
                write_durably(mark, json.dumps({"marsmedia_store_format": STORE_FORMAT}).encode() + b"\n")
            found = int(json.loads(mark.read_bytes())["marsmedia_store_format"])
        except OSError as error:
            why = error.strerror or str(error)
            raise StoreError(f"{root}: the store cannot be opened ({why}); check its write permissions") from error
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise StoreError(
                f"{root}/store.json: not a valid store file; choose another folder with --store"
            ) from error
        if found > STORE_FORMAT:
            raise StoreError(f"{root}: made by a newer marsmedia (store format {found}); use that version")

    @property
    def address(self) -> str:
        """Return what a user calls the store: its folder, or its address in a bucket."""
        return str(self.root)

    @property
    def identity(self) -> bytes:
        """Return an identifier of this store, for processes that must open the same one."""
        return (self.root / STORE_FILE).read_bytes()

    @property
    def traffic(self) -> Traffic | None:
        """Return the traffic with the store's bucket so far; None for a folder."""
        return None

    def add_traffic(self, traffic: Traffic | None) -> None:
        """Count the requests of another process to the store's bucket for this one."""

    @property
    def local(self) -> Store:
        """Return the store in a folder in which the results of a pass are made: this one."""
        return self

    @property
    def results_folder(self) -> Path:
        return self.root / "results"

    @property
    def claims_folder(self) -> Path:
        return self.root / "claims"

    @property
    def checks_folder(self) -> Path:
        return self.root / "checkups"

    @property
    def packs_folder(self) -> Path:
        return self.root / "packs"

    @property
    def kept_folder(self) -> Path:
        return self.root / "kept"

    @property
    def _scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def catalogue_folder(self) -> Path:
        return self.root / "catalogue"

    def newest_commit(self, table: str) -> tuple[str, int] | None:
        """Return name and time, in ns, of the last change of a table: a store made again has the same names."""
        with suppress(OSError):
            folder = self.catalogue_folder / table
            if name := newest_commit_in(folder):
                return name, (folder / "_delta_log" / name).stat().st_mtime_ns
        return None

    @property
    def runs_folder(self) -> Path:
        return self.root / "runs"

    @property
    def _source_records(self) -> SourceRecords:
        return SourceRecords(self.results_folder, self.catalogue_folder / "lock")

    @property
    def by_name_folder(self) -> Path:
        return self.root / "by-name"

    def folder(self, ref: ResultRef) -> Path:
        """Return the folder of a result's files, whether or not it exists yet."""
        return Path(self.source_folder(ref.source)) / ref.processor / ref.key[:16]

    def where(self, ref: ResultRef) -> str:
        """Return the location of a result, for messages."""
        return str(self.folder(ref))

    def source_folder(self, digest: str) -> str:
        """Return the folder of a source's results. Called 100,000 times before a run, so it builds no `Path`."""
        return f"{self.root}/results/{digest[:2]}/{digest}"

    def has(self, ref: ResultRef) -> bool:
        """Return whether the result is committed. Called 100,000 times before a run, so it builds no `Path`."""
        return os.path.exists(  # noqa: PTH110
            f"{self.root}/results/{ref.source[:2]}/{ref.source}/{ref.processor}/{ref.key[:16]}/manifest.json"
        )

    def has_all(self, digest: str, folders: Iterable[str]) -> bool:
        """Return whether results of one source are committed.

        Called for 100,000 sources before a run, so it builds no `Path`, and no Python code runs for each manifest.

        Parameters
        ----------
        folders : processor and first 16 digits of the key of each, `name/key[:16]`.
        """
        source = self.source_folder(digest)
        places = [f"{source}/{folder}/manifest.json" for folder in folders]
        return all(map(os.access, places, repeat(os.F_OK)))

    def committed(self, refs: Iterable[ResultRef]) -> set[ResultRef]:
        """Return those of many results that are committed."""
        return set(_those_found(self.has, list(refs)))

    def with_all(self, folders: Mapping[str, str]) -> set[str]:
        """Return those of many sources all of whose results are committed.

        Parameters
        ----------
        folders : by digest, the folders of the source's results as in `has_all`, separated by spaces.
        """
        found = _those_found(lambda one: self.has_all(one[0], one[1].split(" ")), list(folders.items()))
        return {digest for digest, _ in found}

    def look_at_all(self, *, again: bool = False) -> None:
        """List the committed results of all sources at once, unless already listed. Does nothing here."""

    def look_again(self, digest: str) -> None:
        """Look for results of a source that others have committed meanwhile. Does nothing here."""

    def bringing(self, refs: Iterable[ResultRef]) -> AbstractContextManager[None]:
        """Keep copies of results in `local` meanwhile, for processes that can reach only that. Does nothing here."""
        return nullcontext()

    def publish(self, refs: Iterable[ResultRef]) -> None:
        """Add results that were committed in `local` to the store. Does nothing here."""

    def manifest(self, ref: ResultRef) -> Manifest:
        """Read a result's record.

        Raises
        ------
        ResultMissing : no such result.
        ResultCorrupt : its manifest cannot be read, or names another result.
        """
        found = self.read_manifest(self.folder(ref) / "manifest.json")
        if self.folder(found.ref) != self.folder(ref):
            raise ResultCorrupt(f"{self.where(ref)}: {OF_ANOTHER}")
        return found

    def read_manifest(self, path: Path) -> Manifest:
        """Read a manifest from a path returned by `manifest_paths`; raises as `manifest` does."""
        where = str(path.relative_to(self.root))
        try:
            return Manifest.from_json(path.read_bytes(), where)
        except FileNotFoundError as error:
            raise ResultMissing(f"{where}: missing; run `marsmedia ingest` to make it again") from error

    def manifest_paths(self, digest: str | None = None) -> Iterator[Path]:
        """Yield every manifest path in the store, or those of one source, in name order."""
        for group in [self.results_folder / digest[:2]] if digest else sorted(self.results_folder.glob("*")):
            yield from sorted(
                group.glob(f"{digest or '*'}/*/*/manifest.json")
            )  # not all at once: there may be 1,000,000

    def manifests(self, digest: str | None = None) -> Iterator[Manifest]:
        """Yield every manifest in the order of `manifest_paths`; raises `ResultCorrupt` at an unreadable one."""
        for path in self.manifest_paths(digest):
            yield self.read_manifest(path)

    def fetch_manifests(self, digests: Iterable[str]) -> None:
        """Fetch the manifests of sources that are going to be read; does nothing for a folder."""

    def readable(self, unreadable: list[str]) -> Iterator[Manifest]:
        """Yield every readable manifest; add to the list what is wrong with the others."""
        for where, data in all_manifest_files(self.root):
            try:
                yield Manifest.from_json(data, where)
            except ResultCorrupt as error:
                unreadable.append(str(error))

    def item_path(self, ref: ResultRef, name: str) -> Path:
        """Return an item's local path, for reading."""
        return self.folder(ref) / name

    def open_item(self, ref: ResultRef, name: str) -> BinaryIO:
        """Open an item for reading; raises `ResultMissing` if it is missing."""
        try:
            return self.item_path(ref, name).open("rb")
        except FileNotFoundError as error:
            raise ResultMissing(f"{self.item_path(ref, name).relative_to(self.root)}: missing") from error

    def scratch(self) -> AbstractContextManager[Path]:
        """Give a folder on the store's file system that is always removed at the end."""
        return scratch_folder(self._scratch)

    def commit(self, folder: Path, manifest: Manifest) -> bool:
        """Turn a scratch folder with its items into a result; return True if it is new. Safe to call in threads.

        The items, the manifest and the folder are flushed to the disk, then the folder is renamed once. If another run
        has committed the same result meanwhile, that one stays, unless it is a failure.
        """
        (folder / "manifest.json").write_bytes(manifest.to_json())
        flush_all(folder)
        target = self.folder(manifest.ref)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            if self.has(manifest.ref) and self.manifest(manifest.ref).verdict != "failed":
                return False
            self.remove(manifest.ref)  # a retried failure, or a folder without its manifest
            folder.rename(target)
        flush(target.parent)
        return True

    def remove(self, ref: ResultRef) -> None:
        """Remove a result; it disappears at once, its files a moment later."""
        with self.scratch() as folder, suppress(FileNotFoundError):
            self.folder(ref).rename(folder / "removed")

    def remove_all(self, refs: Iterable[ResultRef]) -> None:
        for ref in refs:
            self.remove(ref)

    def remove_unnamed(self) -> None:
        """Remove leftovers of killed runs from a bucket. Does nothing here."""

    def sweep(self) -> int:
        """Remove the scratch folders of this machine's killed runs and return their number; all others stay."""
        return sweep_scratch_folders(self._scratch)

    def saw(self, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Record the paths of sources, in each source's own record.

        Parameters
        ----------
        entries : digest, and the record of one path where it is or was.
        """
        self._source_records.add_paths(entries)

    def forget(self, places: Iterable[tuple[str, str]]) -> None:
        """Remove paths from the sources' own records, each given by the digest of its bytes and the path."""
        self._source_records.remove_paths(places)

    def link(self, links: Mapping[str, list[dict[str, Any]]]) -> None:
        """Replace the links in all sources' own records by these, by digest."""
        self._source_records.replace_links(links)

    def source(self, digest: str) -> dict[str, Any] | None:
        """Return the record of a source's paths and links; None without a readable one."""
        return self._source_records.of(digest)

    def read_source(self, digest: str) -> dict[str, Any] | None:
        """Return the record of a source; None without one. Raises `ResultCorrupt` for one that cannot be read."""
        return self._source_records.read(digest)

    def sources(self, unreadable: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every readable source record, in digest order; add to the list what is wrong with the others."""
        return self._source_records.all(unreadable)

    def without_record(self, digests: Iterable[str]) -> list[str]:
        """Return the sources without a readable record, to which no path can be added alone."""
        return [digest for digest in digests if self.source(digest) is None]

    def restore_sources(self, known: Mapping[str, dict[str, Any]]) -> None:
        """Write again what is known of sources, by digest: a record that is lost, and the paths that one lacks."""
        self._source_records.restore(known)

    def records(self, kind: str) -> list[Path]:
        """Return the records of one kind, as `runs` or `packs`, in the reverse order of their names: the latest first
        where these begin with a time. Times of files are not asked for, as a copy of the store has others.
        """
        return sorted((path for path, _ in still_there((self.root / kind).glob("*.json"))), reverse=True)

    def upload(self, record: Path) -> None:
        """Add a record that was written in the folder to the store. Does nothing here."""

    def withdraw(self, record: Path) -> None:
        """Remove from the store a record that was removed from the folder. Does nothing here."""

    @property
    def claims_elsewhere(self) -> BucketClaims | None:
        """Return the claims that other machines see; None here, as machines that share a disk share its locks."""
        return None

    def pull(self, table: str) -> None:
        """Update a catalogue table in the folder; the caller holds its lock. Does nothing here."""

    def push(self, table: str) -> bool:
        """Add changes of a table to the store; return False if another writer was first. Does nothing here."""
        return True


def has_lost_mark(root: Path) -> bool:
    """Return whether a folder has results of a store, and not the file that makes it one."""
    return not (root / STORE_FILE).exists() and any(root.glob(f"results/??/{'?' * 64}"))


def put_item(folder: Path, item: Item) -> StoredItem:
    """Write an item into a result's scratch folder; a file already in it is only hashed. `commit` flushes both."""
    path = folder / item.name
    if item.data is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.data)
        digest, size = hashlib.sha256(item.data).hexdigest(), len(item.data)
    else:
        assert item.file is not None
        if item.file != path:
            path.parent.mkdir(parents=True, exist_ok=True)
            item.file.rename(path)
        digest, size = sha256_of(path), path.stat().st_size
    return StoredItem(
        name=item.name, media_type=item.media_type, size_bytes=size, sha256=digest, facts=as_json(item.facts)
    )


def _those_found(is_there: Callable[[T], bool], asked: Sequence[T]) -> Iterator[T]:
    """Return those that are there, asked for in several threads."""

    def found(first: int) -> list[T]:
        return [one for one in asked[first : first + LOOK_UPS_AT_ONCE] if is_there(one)]

    with ThreadPoolExecutor(LOOK_UP_THREADS) as threads:
        return chain.from_iterable(threads.map(found, range(0, len(asked), LOOK_UPS_AT_ONCE)))
