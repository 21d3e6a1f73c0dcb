"""Index over sources and results: disposable Delta tables that can be rebuilt from the plain files."""

from __future__ import annotations

import errno
import functools
import itertools
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from arro3.core import RecordBatch, Table
from deltalake import DeltaTable, QueryBuilder, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from processors.errors import StoreError, Verdict
from processors.store.catalogue.arrow_rows import arrow_table, chosen_rows, pyarrow_schema, rows_of
from processors.store.catalogue.source_row import SourceRow, oldest_first
from processors.store.catalogue.stored_links import SourceLink, link_record, link_row
from processors.store.catalogue.table_columns import COLUMNS, IDENTITY, item_rows, result_row
from processors.store.disk_room import room_to_write, system_error
from processors.store.exclusive_lock import exclusive_lock
from processors.store.forked_process import refuse_if_forked
from processors.store.manifest import KnownOutcome, Manifest, ResultRef
from processors.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

COMMIT_TRIES = 10
PARQUET = WriterProperties(compression="SNAPPY", max_row_group_size=65_536)
"""How Parquet files are written: for a few rows a reader takes the groups that may have them, not a million rows."""
ROWS_AT_ONCE = 50_000
"""Rows in one write, so that memory is bounded."""
FILES_AT_MOST = 50
"""Number of files at which a table is compacted into a few large ones, so that reading stays fast."""
NAMED_AT_MOST = 1_000
"""Maximum number of sources listed in a query; for more, all rows are read and compared.

A condition with 30,000 digests overflows the query engine's stack and kills the process (deltalake 1.6.6).
"""
READERS_HOURS = 1
"""Age at which files no longer in the table are deleted; a reader of an earlier state may still have them open."""

_T = TypeVar("_T")


class Catalogue:
    """The tables `sources`, `results`, `items` and `links` of one store. Several processes may write at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _uri(self, table: str) -> str:
        return str(self._store.catalogue_folder / table)

    def files(self, name: str) -> tuple[list[str], set[str]]:
        """Return the Parquet files of the current table and its stored columns, which may lack those added later."""
        if (stored := self._opened(name)) is None:
            return [], set()
        return [unquote(uri) for uri in stored.file_uris()], {field.name for field in stored.schema().fields}

    def table(self, name: str, columns: Sequence[str] | None = None, where: str = "TRUE") -> pa.Table:
        """Return the current table, or some of its columns and rows, to count and add; empty if it does not exist yet.

        Loads pyarrow, which `rows` does not.
        """
        import pyarrow as pa

        schema = pyarrow_schema({column: COLUMNS[name][column] for column in columns or COLUMNS[name]})
        batches = [pa.record_batch(batch) for batch in self._batches(name, schema.names, where)]
        return pa.Table.from_batches(batches).cast(schema) if batches else schema.empty_table()

    def rows(self, name: str, columns: Sequence[str], where: str = "TRUE") -> Iterator[dict[str, Any]]:
        """Yield some columns of the rows of a table that satisfy an SQL condition; none if it does not exist yet."""
        return rows_of(self._batches(name, columns, where))

    def count(self, name: str) -> int:
        """Return the number of rows of a table."""
        return sum(row["rows"] for row in self.rows(name, ["count(*) AS rows"]))

    def _opened(self, name: str) -> DeltaTable | None:
        """Return the current table; None if there is no such table yet.

        Raises
        ------
        StoreError : its log is damaged, or cannot be read; or this process was forked from one that has read it.
        """
        refuse_if_forked()
        try:
            return DeltaTable(self._uri(name)) if DeltaTable.is_deltatable(self._uri(name)) else None
        except DeltaError as error:
            raise damaged_table(name, error) from error

    def _batches(self, name: str, columns: Iterable[str], where: str = "TRUE") -> Iterator[RecordBatch]:
        """Yield some columns of the rows of a table; raises as `_opened`, also where its data are damaged."""
        reader = self._reader(name, columns, where) or iter(())
        while True:
            try:
                batch = next(reader, None)
            except Exception as error:  # the reader has no class of its own for what is wrong with a file
                raise damaged_table(name, error) from error
            if batch is None:
                return
            yield batch

    def _reader(self, name: str, columns: Iterable[str], where: str) -> Iterator[RecordBatch] | None:
        """Return the batches of some columns; None if there is no such table yet."""
        # not `to_pyarrow_table`: it imports pandas, which takes longer than the rest of a run with nothing due
        if (stored := self._opened(name)) is None:
            return None
        asked = QueryBuilder().register("asked", stored)
        there = {field.name for field in stored.schema().fields}
        added = [f", NULL AS {column}" for column in COLUMNS[name] if column not in there]  # since it was written
        given = f"(SELECT *{''.join(added)} FROM asked)" if added else "asked"
        return iter(asked.execute(f"SELECT {', '.join(columns)} FROM {given} WHERE {where}"))

    def sources(self) -> dict[str, SourceRow]:
        """Return the content of each path at the last run."""
        return {row.path: row for row in self.sightings() if row.gone_utc is None}

    def sightings(self, where: str = "TRUE") -> list[SourceRow]:
        """Return the present and past contents of every path, oldest first; a replaced file counts as gone.

        Parameters
        ----------
        where : SQL condition on the columns of `sources`; all contents of a matching path are returned.
        """
        if where == "TRUE":
            batches = self._batches("sources", COLUMNS["sources"])
        else:  # not as one query: it would join all columns of all rows, for 50 MB
            paths = {row["path"] for row in self.rows("sources", ["path"], where)}
            batches = self._with("sources", "path", paths, COLUMNS["sources"])
        return oldest_first(SourceRow(**row) for row in rows_of(batches))

    def verdicts(self, sources: Collection[str]) -> dict[str, KnownOutcome]:
        """Return the outcomes of the catalogued results of some sources, by key."""
        made = KnownOutcome("made", None)  # shared by all undamaged results: there may be 100,000
        found: dict[str, KnownOutcome] = {}
        columns = ["source", "key", *KnownOutcome._fields]
        for batch in self._with("results", "source", set(sources), columns):
            for _, key, *said in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                found[key] = made if tuple(said) == made else KnownOutcome(*said)
        return found

    def seen(self, digests: Collection[str]) -> list[SourceRow]:
        """Return the `sightings` of the paths that hold, or held, one of these digests."""
        if len(digests) <= NAMED_AT_MOST:
            return self.sightings(among("digest", digests))
        every, wanted = self.sightings(), frozenset(digests)
        paths = {row.path for row in every if row.digest in wanted}
        return [row for row in every if row.path in paths]

    def troubled(self) -> set[str]:
        """Return the sources with a result that was not made, was made from a damaged source or without another
        result, or is damaged itself.
        """
        where = "verdict <> 'made' OR reason IS NOT NULL OR damage IS NOT NULL OR made_without IS NOT NULL"
        return {row["source"] for row in self.rows("results", ["source"], where)}

    def damage(self) -> dict[ResultRef, str]:
        """Return the results of which a check found files damaged or missing in the store, each with what it found."""
        rows = self.rows("results", ["source", "processor", "key", "damage"], "damage IS NOT NULL")
        return {ResultRef(source=r["source"], processor=r["processor"], key=r["key"]): r["damage"] for r in rows}

    def note_damage(self, found: Mapping[tuple[str, str], str | None]) -> None:
        """Note what a check has found of results in the store.

        Parameters
        ----------
        found : by source and the first 16 digits of the key, what is damaged or missing; None for a result that is
            whole.
        """

        def note() -> None:
            sources = {source for source, _ in found}
            rows = [
                {**row, "damage": found[place]}
                for row in rows_of(self._with("results", "source", sources, COLUMNS["results"]))
                if (place := (row["source"], row["key"][:16])) in found and row["damage"] != found[place]
            ]
            self._replace("results", rows)

        if found:
            self._change("results", note)

    def not_made(self) -> dict[str, Verdict]:
        """Return the verdicts of the results that were refused or failed, by key."""
        return {row["key"]: row["verdict"] for row in self.rows("results", ["key", "verdict"], "verdict <> 'made'")}

    def results_besides(
        self, keys: Collection[str], columns: Sequence[str], sources: Collection[str]
    ) -> Iterator[dict[str, Any]]:
        """Yield some columns, including `key`, of the results of some sources except those with these keys."""
        for batch in self._with("results", "source", sources, columns):
            yield from rows_of([chosen_rows(batch, "key", lambda key: key not in keys)])

    def add_sources(self, rows: Sequence[SourceRow]) -> None:
        """Record where sources were seen, in the table and in each source's own record."""
        names = [field.name for field in fields(SourceRow) if field.name != "digest"]
        self.restore_records(self._store.without_record({row.digest for row in rows}))  # lest its earlier paths be lost
        self._store.saw([(row.digest, {name: getattr(row, name) for name in names}) for row in rows])
        self._add("sources", (asdict(row) for row in rows))

    def restore_records(self, digests: Collection[str]) -> None:
        """Write the records of sources again, as far as the tables know them."""
        if known := self.records(digests):
            self._store.restore_sources(known)

    def records(self, digests: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return paths and links of sources as their own records have them, by digest; only those of known paths."""
        found: dict[str, dict[str, Any]] = {}
        wanted = self._present("sources", "digest", digests)
        for row in sorted(
            rows_of(self._with("sources", "digest", wanted, COLUMNS["sources"])), key=lambda row: row["seen_utc"]
        ):
            found.setdefault(row.pop("digest"), {"seen": []})["seen"].append(row)
        links: dict[str, list[dict[str, Any]]] = {}
        for row in rows_of(self._with("links", "source", found, COLUMNS["links"])):
            links.setdefault(row["source"], []).append(link_record(row))
        return {
            digest: {"digest": digest, **found[digest], **({"links": links[digest]} if digest in links else {})}
            for digest in sorted(found)
        }

    def move_sources(self, before: Sequence[SourceRow], now: Sequence[SourceRow]) -> None:
        """Replace rows of `sources` by others of the same files at their new paths, also in the sources' own records.

        A process that is killed meanwhile leaves both, which the next run takes for one place again.
        """
        self.add_sources(now)
        self._store.forget([(row.digest, row.path) for row in before])
        old = arrow_table(
            [{"digest": row.digest, "path": row.path} for row in before], {"digest": "VARCHAR", "path": "VARCHAR"}
        )

        def remove() -> None:
            if there := self._opened("sources"):
                same = "old.digest = gone.digest AND old.path = gone.path"
                there.merge(old, same, "gone", "old", writer_properties=PARQUET).when_matched_delete().execute()

        if before:
            self._change("sources", remove)

    def add_results(self, manifests: Sequence[Manifest]) -> None:
        """Index results; an existing one can only change its verdict, after a failure was retried."""
        self._add("items", (row for manifest in manifests for row in item_rows(manifest)))
        self._add("results", map(result_row, manifests))  # last: a result counts once it is in this table

    def replace_links(self, links: Sequence[SourceLink]) -> None:
        """Replace all links with these, seen from both ends, in the sources' own records and in the table."""
        by_source: dict[str, list[dict[str, Any]]] = {}
        for end in (end for link in links for end in (link, link.turned())):
            by_source.setdefault(end.here.source, []).append(asdict(end))
        self._store.link(by_source)
        rows = [link_row(record) for found in by_source.values() for record in found]
        self.overwrite("links", lambda: arrow_table(rows, COLUMNS["links"]))

    def remove_results(self, refs: Sequence[ResultRef]) -> None:
        # a key is unique to its processor and source
        keys = arrow_table([{"key": ref.key} for ref in refs], {"key": "VARCHAR"})

        def remove(name: str) -> None:
            if there := self._opened(name):
                merge = there.merge(keys, "old.key = gone.key", "gone", "old", writer_properties=PARQUET)
                merge.when_matched_delete().execute()

        for name in ("results", "items") if refs else ():
            self._change(name, functools.partial(remove, name))

    def _add(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        for some in in_turn(rows, ROWS_AT_ONCE):
            self._add_some(name, some)

    def _add_some(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Append the rows that are new to the table, and replace those whose values have changed.

        Nearly all rows are new. Only files that are gone or have changed statements, and retried failures, are merged,
        which rewrites Parquet files. So a run's writes do not grow with the table, and no row is duplicated.
        """

        def identity(row: Mapping[str, Any]) -> tuple[Any, ...]:
            return tuple(row[column] for column in IDENTITY[name])

        given = {identity(row): row for row in rows}

        def add() -> None:
            there = {identity(row): row for row in self._held(name, rows)}
            self._append(name, [row for one, row in given.items() if one not in there])
            self._replace(name, [row for one, row in given.items() if there.get(one, row) != row])

        self._change(name, add)

    def _held(self, name: str, given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the table's rows that share a digest or key with the given rows; usually few or none."""
        column = IDENTITY[name][0]
        found = self._present(name, column, {row[column] for row in given})
        return list(rows_of(self._with(name, column, found, COLUMNS[name])))

    def _present(self, name: str, column: str, texts: Collection[str]) -> set[str]:
        """Return those of the texts that the table's column holds."""
        wanted, found = frozenset(texts), set[str]()
        for batch in self._batches(name, [column]) if wanted else ():  # never the whole column in memory
            found.update(wanted.intersection(batch.column(0).to_pylist()))
        return found

    def _with(self, name: str, column: str, texts: Collection[str], columns: Iterable[str]) -> Iterator[RecordBatch]:
        """Yield in batches the rows of a table whose column holds one of these texts."""
        if not texts:
            return
        wanted = frozenset(texts)
        where = among(column, texts) if len(texts) <= NAMED_AT_MOST else "TRUE"
        for batch in self._batches(name, columns, where):
            yield batch if where != "TRUE" else chosen_rows(batch, column, wanted.__contains__)

    def _append(self, name: str, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        write_deltalake(
            self._uri(name),
            arrow_table(rows, COLUMNS[name]),
            mode="append",
            schema_mode="merge",
            writer_properties=PARQUET,
        )
        table = DeltaTable(self._uri(name))
        if len(table.file_uris()) > FILES_AT_MOST:
            table.optimize.compact(writer_properties=PARQUET)
            table.create_checkpoint()
            table.vacuum(READERS_HOURS, dry_run=False, enforce_retention_duration=False)

    def _replace(self, name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            same = " AND ".join(f"old.{column} = new.{column}" for column in IDENTITY[name])
            there = DeltaTable(self._uri(name))
            merge = there.merge(
                arrow_table(rows, COLUMNS[name]), same, "new", "old", merge_schema=True, writer_properties=PARQUET
            )
            merge.when_matched_update_all().execute()

    def overwrite(self, name: str, rows: Callable[[], Table | pa.RecordBatchReader]) -> None:
        """Replace a whole table, also a damaged one, with the function's rows; retry if another writer was first."""

        def overwrite() -> None:
            try:
                self._opened(name)
            except StoreError:
                shutil.rmtree(self._uri(name))
                self._store.push(name)
            write_deltalake(
                self._uri(name), rows(), mode="overwrite", schema_mode="overwrite", writer_properties=PARQUET
            )

        self._change(name, overwrite)

    def _change(self, name: str, change: Callable[[], None]) -> None:
        """Change a table; retry from its newest state if another writer was first, as there may be no locks."""
        with self._writing(name):
            for attempt in range(COMMIT_TRIES):
                self._store.pull(name)
                with suppress(CommitFailedError, FileExistsError):
                    change()
                    if self._store.push(name):
                        return
                time.sleep(0.05 * 2**attempt)
        raise StoreError(f"the catalogue table {name!r} is constantly being written by other processes; run again")

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        """Write with exclusive access; raise errors of the table, and a full disk, as `StoreError`."""
        try:
            self._store.catalogue_folder.mkdir(exist_ok=True)
            with room_to_write(self._store.root), exclusive_lock(self._store.catalogue_folder / "lock"):
                yield
        except DeltaError as error:
            raise damaged_table(name, error) from error


def damaged_table(name: str, error: Exception) -> StoreError:
    """Return the error about a table that cannot be read or changed: the disk's, if it is one, else damage."""
    if (number := system_error(error)) not in (None, errno.ENOENT):
        return StoreError(f"the catalogue table {name!r} cannot be used: {os.strerror(number)}; check the disk")
    why = str(error).split("\n")[0].rstrip(".")
    return StoreError(f"the catalogue table {name!r} is damaged ({why}); run `marsmedia rebuild`")


def among(column: str, texts: Iterable[str]) -> str:
    """Return the SQL condition that a column holds one of these texts."""
    listed = ", ".join("'" + one.replace("'", "''") + "'" for one in sorted(texts))
    return f"{column} IN ({listed})"


def in_turn(many: Iterable[_T], count: int) -> Iterator[list[_T]]:
    """Yield lists of this many elements; the last one may be shorter."""
    rest = iter(many)
    while some := list(itertools.islice(rest, count)):
        yield some
