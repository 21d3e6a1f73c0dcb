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
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.parquet import ParquetFile, ParquetWriter

from processors.errors import ResultCorrupt, ResultNewer, StoreError
from processors.store.catalogue.arrow_rows import arrow_table, pyarrow_schema
from processors.store.catalogue.catalogue import Catalogue, in_turn
from processors.store.catalogue.complete_sources import forget_complete, read_complete
from processors.store.catalogue.stored_links import link_row
from processors.store.catalogue.table_columns import COLUMNS, item_rows, result_row
from processors.store.manifest import OF_ANOTHER, Manifest
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store

_Add = Callable[[str, Iterable[dict[str, Any]]], None]
"""Adds rows to a table."""
_LeftOut = tuple[str | None, str]
"""Source of a manifest that is damaged, None for one of a newer version; and why it cannot be read."""
SOURCES_AT_ONCE = 200
"""Sources whose records a process holds."""
READ_AT_ONCE = 32
"""Threads of a process that read records: a disk answers many requests in the time of one. Three folders of 1,170
sources that were not in memory take 4.5 s with one thread, 1.9 s with 8 and 1.4 s with 32."""
MIN_SOURCES = 2_000
"""Minimum number of sources for several processes: starting them takes a second."""


def rebuild_catalogue(store: Store, processes: int | None = None, steps: Steps = silently) -> list[str]:
    """Rebuild all tables from the source records and manifests; return why some manifests were left out.

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
        left_out = _rebuild(store, processes, steps)
        unreadable, damaged = [reason for _, reason in left_out], {source for source, _ in left_out if source}
    else:
        unreadable = _rebuild_in_bucket(store)
        damaged = {source for source in read_complete(store) if _is_damaged(store, source)} if unreadable else set()
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


def _rebuild(store: Store, processes: int | None, steps: Steps) -> list[_LeftOut]:
    """Rebuild all tables from the source records and manifests in a folder; return what was left out."""
    groups = _folders_in(str(store.results_folder))
    if processes is None:
        is_small = sum(len(_sources_of(store, group)) for group in groups) < MIN_SOURCES
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
        for name in COLUMNS:
            Catalogue(store).overwrite(name, partial(_reader, name, [_file(folder, group, name) for group in groups]))
    return left_out


def _rebuild_in_bucket(store: Store) -> list[str]:
    """Rebuild all tables from the commits and source records in a bucket."""
    unreadable: list[str] = []
    with store.scratch() as folder:
        with _row_files(folder, "all") as add:
            for manifests in in_turn(store.readable(unreadable), SOURCES_AT_ONCE):
                add("results", map(result_row, manifests))
                add("items", (row for manifest in manifests for row in item_rows(manifest)))
            for records in in_turn(store.sources(), SOURCES_AT_ONCE):
                _add_records(records, add)
        for name in COLUMNS:
            Catalogue(store).overwrite(name, partial(_reader, name, [_file(folder, "all", name)]))
    return unreadable


def _read_group(root: Path, folder: Path, group: str) -> list[_LeftOut]:
    """Write the rows of the sources in one folder to Parquet files; return what was left out."""
    store, left_out = Store(root), list[_LeftOut]()
    with _row_files(folder, group) as add, ThreadPoolExecutor(READ_AT_ONCE) as readers:
        for digests in in_turn(_sources_of(store, group), SOURCES_AT_ONCE):
            files = readers.map(partial(_manifests_of, store), digests)
            manifests = [
                one for digest, found in zip(digests, files, strict=True) for one in _readable(digest, found, left_out)
            ]
            add("results", map(result_row, manifests))
            add("items", (row for manifest in manifests for row in item_rows(manifest)))
            _add_records([record for record in readers.map(store.source, digests) if record], add)
    return left_out


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
            if place != _place(found.ref.source, found.ref.processor, found.ref.key[:16]):
                raise ResultCorrupt(f"{place}: {OF_ANOTHER}")
            yield found
        except ResultCorrupt as error:
            left_out.append((None if isinstance(error, ResultNewer) else digest, str(error)))


def _sources_of(store: Store, group: str) -> list[str]:
    """Return the digests of the sources in one folder, in order."""
    return _folders_in(f"{store.results_folder}/{group}")


def _manifests_of(store: Store, digest: str) -> list[tuple[str, bytes]]:
    """Return the path of each manifest of a source, relative to the store, and its bytes, in name order."""
    found: list[tuple[str, bytes]] = []
    source = store.source_folder(digest)
    for processor in _folders_in(source):
        for key in _folders_in(f"{source}/{processor}"):
            place = _place(digest, processor, key)
            with suppress(FileNotFoundError), open(f"{store.root}/{place}", "rb") as file:  # noqa: PTH123
                found.append((place, file.read()))
    return found


def _place(digest: str, processor: str, key: str) -> str:
    return f"results/{digest[:2]}/{digest}/{processor}/{key}/manifest.json"


def _folders_in(folder: str) -> list[str]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())
    return []


def _file(folder: Path, group: str, table: str) -> Path:
    return folder / f"{group}-{table}.parquet"


def _reader(table: str, files: Sequence[Path]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(pyarrow_schema(COLUMNS[table]), _batches(files))


def _batches(files: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        with ParquetFile(path) as file:
            yield from file.iter_batches()
