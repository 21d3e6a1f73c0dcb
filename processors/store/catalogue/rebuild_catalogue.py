"""Rebuilding of the catalogue from the source records and manifests: in several processes, a few records at a time.

The sources of one folder of `results` are read by one process, which writes their rows as Parquet files. Then each
table is replaced by the rows of its files, in the order of the sources' digests, so that a query for one source finds
its rows together.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.parquet import ParquetFile, ParquetWriter

from processors.contract import refs_in
from processors.errors import ResultCorrupt, ResultNewer, StoreError
from processors.store.bucket.bucket_store import BucketStore
from processors.store.catalogue.arrow_rows import arrow_table, pyarrow_schema
from processors.store.catalogue.catalogue import Catalogue, in_turn
from processors.store.catalogue.complete_sources import forget_complete, read_complete
from processors.store.catalogue.lost_records import NO_RECORD, has_results
from processors.store.catalogue.stored_links import link_record, link_row
from processors.store.catalogue.table_columns import COLUMNS, item_rows, result_row
from processors.store.lost_record_note import note_lost
from processors.store.manifest import OF_ANOTHER, Manifest
from processors.store.manifest_files import folders_in, manifest_files, manifest_place, sources_in
from processors.store.progress_steps import Steps, silently
from processors.store.source_records import RECORD
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

_Add = Callable[[str, Iterable[dict[str, Any]]], None]
"""Adds rows to a table."""


@dataclass(frozen=True, kw_only=True)
class UnreadableRecord:
    """Manifest, or record of sources, that could not be read."""

    reason: str
    """Its path, and what is wrong with it."""
    is_restored: bool = False
    """Whether the catalogue still knew all of it, so that it was written again: nothing is lost."""


@dataclass(frozen=True, kw_only=True)
class _LeftOut:
    reason: str
    damaged: str | None = None
    """Source of a manifest that is damaged; None for one of a newer version, and for the record of a source."""
    lost: str | None = None
    """Source whose own record is missing or cannot be read."""


RESTORED = "restored"
"""Name of the files of rows that only the catalogue still knew, beside those of the folders of sources."""
SOURCES_AT_ONCE = 200
"""Sources whose records a process holds."""
READ_AT_ONCE = 32
"""Threads of a process that read records: a disk answers many requests in the time of one. Three folders of 1,170
sources that were not in memory take 4.5 s with one thread, 1.9 s with 8 and 1.4 s with 32."""
MIN_SOURCES = 2_000
"""Minimum number of sources for several processes: starting them takes a second."""


def rebuild_catalogue(store: Store, processes: int | None = None, steps: Steps = silently) -> list[UnreadableRecord]:
    """Rebuild all tables from the source records and manifests; return those that could not be read.

    A path that the catalogue knows and no record has any more stays in it, and is written into its record again.

    Parameters
    ----------
    processes : number of processes; None for one per processor core, and one where there are few sources.
    """
    catalogue = Catalogue(store)
    try:
        damage = catalogue.damage()  # only the catalogue has what checks have found
    except StoreError:
        damage = {}  # a catalogue that cannot be read: the next check finds it again
    if store.is_in_folder:
        unreadable, damaged = _rebuild(store, processes, steps)
    else:
        unreadable = _rebuild_in_bucket(store)
        damaged = {source for source in read_complete(store) if _is_damaged(store, source)} if unreadable else set()
    note_lost(store, [])
    forget_complete(store, damaged)  # the next run compares each of their results, and makes the unreadable ones again
    catalogue.note_damage({(ref.source, ref.key[:16]): what for ref, what in damage.items()})
    return unreadable


def _is_damaged(store: Store, source: str) -> bool:
    """Return whether a commit of a source in a bucket cannot be read, other than one of a newer version."""
    try:
        for _ in store.manifests(source):
            pass
    except ResultNewer:
        return False
    except ResultCorrupt:
        return True
    return False


def _rebuild(store: Store, processes: int | None, steps: Steps) -> tuple[list[UnreadableRecord], set[str]]:
    """Rebuild all tables from the source records and manifests in a folder.

    Returns what could not be read, and the sources of damaged manifests.
    """
    groups = folders_in(str(store.results_folder))
    if processes is None:
        is_small = sum(len(sources_in(store.root, group)) for group in groups) < MIN_SOURCES
        processes = 1 if is_small else os.cpu_count() or 1
    with store.scratch() as folder:
        read = partial(_read_group, store.root, folder)
        if processes == 1:
            every = steps("Reading results", map(read, groups), len(groups), noun="folder")
            left_out = [one for some in every for one in some]
        else:
            with ProcessPoolExecutor(processes, multiprocessing.get_context("forkserver")) as pool:
                every = steps("Reading results", pool.map(read, groups), len(groups), noun="folder")
                left_out = [one for some in every for one in some]
        left_out = [*dict.fromkeys(left_out)]  # a label of several files is named once
        restored = _restore(store, folder, groups, {one.lost for one in left_out if one.lost})
        for name in COLUMNS:
            files = [_file(folder, group, name) for group in (*groups, RESTORED)]
            Catalogue(store).overwrite(name, partial(_reader, name, files))
    unreadable = [UnreadableRecord(reason=one.reason, is_restored=one.lost in restored) for one in left_out]
    others = sorted(restored.difference(one.lost for one in left_out))
    unreadable += [UnreadableRecord(reason=_lacking(digest), is_restored=True) for digest in others]
    return unreadable, {one.damaged for one in left_out if one.damaged}


def _restore(store: Store, folder: Path, groups: Sequence[str], lost: set[str]) -> set[str]:
    """Write again, as records and as rows, what the catalogue knows of paths that are in no record.

    Parameters
    ----------
    lost : sources without a readable record.

    Returns
    -------
    set : the sources of which something was written.
    """
    known: dict[str, dict[str, Any]] = {}
    with suppress(StoreError):  # a catalogue that cannot be read knows nothing
        read = {pair for group in groups for pair in _pairs(_file(folder, group, "sources"))}
        pairs = {(row["digest"], row["path"]) for row in Catalogue(store).rows("sources", ["digest", "path"])} - read
        for digest, record in Catalogue(store).records({digest for digest, _ in pairs}).items():
            seen = [one for one in record["seen"] if (digest, one["path"]) in pairs]
            known[digest] = {"digest": digest, "seen": seen}
            if digest in lost and "links" in record:
                known[digest]["links"] = record["links"]
    with _row_files(folder, RESTORED) as add:
        _add_records(list(known.values()), add)
    store.restore_sources(known)
    return set(known)


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    """Yield digest and path of each row of a file."""
    for batch in _batches([file], ["digest", "path"]):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _lacking(digest: str) -> str:
    return f"{RECORD.format(digest[:2], digest)}: it lacked paths that the catalogue has"


def _rebuild_in_bucket(store: Store) -> list[UnreadableRecord]:
    """Rebuild all tables from the commits and source records in a bucket; return those that could not be read."""
    assert isinstance(store, BucketStore)
    unreadable: list[str] = []
    lost: list[str] = []
    with store.scratch() as folder:
        with _row_files(folder, "all") as add:
            for manifests in in_turn(store.readable(unreadable), SOURCES_AT_ONCE):
                add("results", map(result_row, manifests))
                add("items", (row for manifest in manifests for row in item_rows(manifest)))
            is_restored = _restore_in_bucket(store, lost)
            for records in in_turn(store.sources(), SOURCES_AT_ONCE):
                _add_records(records, add)
        for name in COLUMNS:
            Catalogue(store).overwrite(name, partial(_reader, name, [_file(folder, "all", name)]))
    return [UnreadableRecord(reason=reason) for reason in unreadable] + [
        UnreadableRecord(reason=reason, is_restored=is_restored) for reason in lost
    ]


def _restore_in_bucket(store: BucketStore, lost: list[str]) -> bool:
    """Write again what the catalogue knows of paths that are in no record; return whether it can be read.

    Next to a record that cannot be read, the catalogue has the last word on every path of the sources that it knows:
    what it lacks of them was moved away.

    Parameters
    ----------
    lost : takes what cannot be read, or is missing.
    """
    read = {
        (record["digest"], one["path"]): one
        for record in store.source_records.all(lost, forgotten=True)
        for one in record["seen"]
    }
    try:
        rows = list(Catalogue(store).rows("sources", list(COLUMNS["sources"])))
        links = [link_record(row) for row in Catalogue(store).rows("links", list(COLUMNS["links"]))]
    except StoreError:
        return False
    known = [(row.pop("digest"), row) for row in rows]
    again = [(digest, row) for digest, row in known if (digest, row["path"]) not in read]
    if again and not lost:
        lost.append(f"seen: paths of the catalogue that were in no record: {len(again)}")
    elif lost:
        again = [(digest, row) for digest, row in known if read.get((digest, row["path"])) != row]
    store.saw(again)
    if any(reason.startswith("seen/") for reason in lost):
        digests, places = {digest for digest, _ in known}, {(digest, row["path"]) for digest, row in known}
        store.forget(
            place
            for place, one in read.items()
            if place[0] in digests and place not in places and not one.get("is_forgotten")
        )
    for name in (reason.partition(": ")[0] for reason in lost):
        if name.startswith("seen/"):
            store.source_records.leave_readable(name)
        elif name.startswith("links/"):
            by_source: dict[str, list[dict[str, Any]]] = {}
            for link in links:
                by_source.setdefault(link["here"]["source"], []).append(link)
            store.link(by_source)
    return True


def _read_group(root: Path, folder: Path, group: str) -> list[_LeftOut]:
    """Write the rows of the sources in one folder to Parquet files; return what was left out."""
    store, left_out = Store(root), list[_LeftOut]()
    with _row_files(folder, group) as add, ThreadPoolExecutor(READ_AT_ONCE) as readers:
        for digests in in_turn(sources_in(store.root, group), SOURCES_AT_ONCE):
            files = readers.map(partial(manifest_files, store.root), digests)
            manifests = [
                one for digest, found in zip(digests, files, strict=True) for one in _readable(digest, found, left_out)
            ]
            add("results", map(result_row, manifests))
            add("items", (row for manifest in manifests for row in item_rows(manifest)))
            records: list[dict[str, Any]] = []
            for digest, (record, reason) in zip(digests, readers.map(partial(_record_of, store), digests), strict=True):
                if record:
                    records.append(record)
                elif reason or has_results(store, digest):
                    reason = reason or f"{RECORD.format(digest[:2], digest)}: {NO_RECORD}"
                    left_out.append(_LeftOut(reason=reason, lost=digest))
            _add_records(records, add)
            left_out += _labels_without_record(store, records, manifests)
    return left_out


def _labels_without_record(
    store: Store, records: Iterable[dict[str, Any]], manifests: Iterable[Manifest]
) -> Iterator[_LeftOut]:
    """Yield the labels and sidecars without a record, whose own folder has nothing, that evidence of present files is
    made of.
    """
    evidence = {one.ref.key: one for one in manifests if one.ref.processor == EVIDENCE}
    keys = (at.get("evidence_key") for record in records for at in record["seen"] if at.get("gone_utc") is None)
    for one in dict.fromkeys(label for key in keys if key in evidence for label in refs_in(evidence[key].parameters)):
        place = RECORD.format(one.sha256[:2], one.sha256)
        if not os.path.exists(f"{store.root}/{place}"):  # noqa: PTH110
            yield _LeftOut(reason=f"{place}: {NO_RECORD}, {one.name}", lost=one.sha256)


def _record_of(store: Store, digest: str) -> tuple[dict[str, Any] | None, str | None]:
    """Return the record of a source, None without one; and why it cannot be read."""
    try:
        return store.read_source(digest), None
    except ResultCorrupt as error:
        return None, str(error)


@contextmanager
def _row_files(folder: Path, group: str) -> Iterator[_Add]:
    """Yield a function that adds rows to the Parquet file of a table."""
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(ParquetWriter(_file(folder, group, name), pyarrow_schema(columns)))
            for name, columns in COLUMNS.items()
        }

        def add(name: str, rows: Iterable[dict[str, Any]]) -> None:
            if listed := list(rows):
                files[name].write_table(pa.table(arrow_table(listed, COLUMNS[name])))

        yield add


def _add_records(records: Sequence[dict[str, Any]], add: _Add) -> None:
    """Add the paths and links in source records."""
    add("sources", ({"digest": record["digest"], **at} for record in records for at in record["seen"]))
    add("links", (link_row(link) for record in records for link in record.get("links", [])))


def _readable(digest: str, files: Iterable[tuple[str, bytes]], left_out: list[_LeftOut]) -> Iterator[Manifest]:
    for place, data in files:
        try:
            found = Manifest.from_json(data, place)
            if place != manifest_place(found.ref.source, found.ref.processor, found.ref.key[:16]):
                raise ResultCorrupt(f"{place}: {OF_ANOTHER}")
            yield found
        except ResultCorrupt as error:
            damaged = None if isinstance(error, ResultNewer) else digest
            left_out.append(_LeftOut(reason=str(error), damaged=damaged))


def _file(folder: Path, group: str, table: str) -> Path:
    return folder / f"{group}-{table}.parquet"


def _reader(table: str, files: Sequence[Path]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(pyarrow_schema(COLUMNS[table]), _batches(files))


def _batches(files: Iterable[Path], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    for path in files:
        with ParquetFile(path) as file:
            yield from file.iter_batches(columns=columns)
