"""Rows of the catalogue as Arrow tables and back, by the library in which deltalake gives them.

Not by pyarrow, where it can be helped: with NumPy it takes a quarter of the time of a small command, and 40 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from arro3.core import Array, DataType, Field, RecordBatch, Schema, Table

from processors.store.catalogue.table_columns import ColumnType

if TYPE_CHECKING:
    import pyarrow as pa

_ARROW: dict[ColumnType, DataType] = {
    "VARCHAR": DataType.utf8(),
    "BIGINT": DataType.int64(),
    "DOUBLE": DataType.float64(),
    "BOOLEAN": DataType.bool(),
}


def arrow_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, ColumnType]) -> Table:
    """Return rows as a table; columns that a row lacks, as one of an earlier version does, are NULL.

    Raises
    ------
    KeyError : a row has another column.
    TypeError : a value is of another type than its column.
    """
    for row in rows:
        if other := row.keys() - columns.keys():
            raise KeyError(*other)
    arrays = [Array([row.get(name) for row in rows], type=_ARROW[kind]) for name, kind in columns.items()]
    return Table.from_arrays(arrays, schema=_schema(columns))


def pyarrow_schema(columns: Mapping[str, ColumnType]) -> pa.Schema:
    """Return the columns for pyarrow."""
    import pyarrow as pa

    return pa.schema(_schema(columns))


def _schema(columns: Mapping[str, ColumnType]) -> Schema:
    return Schema([Field(name, _ARROW[kind], nullable=True) for name, kind in columns.items()])


def rows_of(batches: Iterable[RecordBatch]) -> Iterator[dict[str, Any]]:
    """Yield the rows of batches."""
    for batch in batches:
        names = batch.column_names
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield dict(zip(names, values, strict=True))


def chosen_rows(batch: RecordBatch, column: str, is_chosen: Callable[[str], bool]) -> RecordBatch:
    """Return the rows that are chosen by their text in a column, which costs less than to make lists of all."""
    places = [number for number, text in enumerate(batch.column(column).to_pylist()) if is_chosen(text)]
    return batch.take(Array(places, type=DataType.int64()))
