"""Tables of results: unit and meaning of each column, for files and notebooks. On the ground, above contract."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from processors.contract import Item

if TYPE_CHECKING:
    import pyarrow as pa

MEDIA_TYPE = "application/vnd.apache.parquet"
UNITS = frozenset(
    {
        "1",
        "text",
        "s",
        "s-1",
        "Hz",
        "px",
        "m",
        "m/px",
        "degrees",
        "bytes",
        "ticks",
        "samples",
        "levels",
        "levels2",
        "dBFS",
        "dB",
        "dBFS/Hz",
        "LUFS",
        "Pa",
        "Pa2/Hz",
        "dB re 20 uPa",
        "dB re (20 uPa)2/Hz",
    }
)
"""Units of columns. `1`: a count, a number, a share of 1, or true and false. `text`: words, names and digests.
`ticks`: of the source's time base. `levels`: of 8-bit luma, 0 (black) to 255 (white)."""


@dataclass(frozen=True)
class Column:
    name: str
    unit: str
    """One of `UNITS`."""
    meaning: str
    """One self-contained phrase; if cells can be empty, with the meaning of an empty one."""
    arrow: pa.DataType | None = None
    """Type in a Parquet file; None in a CSV file."""
    is_optional: bool = False
    """True for a column that exists only with some parameters."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"unit of column {self.name} is {self.unit!r}: must be one of {', '.join(sorted(UNITS))}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table that a processor writes; the processor lists it in its `tables`."""

    item: str
    """Name of the item: `motion.parquet`."""
    title: str
    row: str
    """Meaning of one row, and the order of the rows."""
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def descriptions(self) -> dict[str, dict[str, str]]:
        """Return `units` and `description` of each column, as `DataFrame.attrs` has them."""
        return {column.name: {"units": column.unit, "description": column.meaning} for column in self.columns}

    def schema(self) -> pa.Schema:
        """Return the names and types of the columns of a Parquet table.

        Units and descriptions are not written into the file: they would be part of the result's version, and a change
        of words would require every video to be decoded again. `marsmedia` adds them to every table that it reads, old
        or new.
        """
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow) for column in self.columns if column.arrow is not None])


def csv_item(table: Table, rows: Iterable[Sequence[object]], *, columns: Sequence[str] = (), **more: Any) -> Item:
    """Return a table as an item of CSV in UTF-8, with its header.

    Parameters
    ----------
    columns : names of the columns that it has; all of the table's without it.
    more : other fields of the item.
    """
    return Item(name=table.item, media_type="text/csv", data=csv_text(columns or table.names, rows), **more)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as CSV in UTF-8, with lines that end in a line feed; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


class ParquetTable:
    def __init__(self, path: Path, table: Table) -> None:
        import pyarrow.parquet as pq

        self._schema = table.schema()
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows as one group; an unknown value is None.

        Raises
        ------
        ValueError : the first row has other columns than the table.
        """
        import pyarrow as pa

        if rows and rows[0].keys() != set(self._schema.names):
            raise ValueError(f"row of {', '.join(rows[0])}: must have the columns {', '.join(self._schema.names)}")
        columns = [_column([row[field.name] for row in rows], field.type) for field in self._schema]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return numbers, bytes of one length, or lists of one length as an array; None is null.

    `pa.array` would import pandas, which takes longer than the measurement of a short video.
    """
    import pyarrow as pa

    known = np.array([value is not None for value in values], bool)
    null_count = len(values) - int(known.sum())
    validity = pa.py_buffer(np.packbits(known, bitorder="little")) if null_count else None
    if pa.types.is_fixed_size_list(kind):
        nothing = [None] * kind.list_size
        parts = _column([one for value in values for one in (nothing if value is None else value)], kind.value_type)
        return pa.Array.from_buffers(kind, len(values), [validity], null_count, children=[parts])
    if pa.types.is_fixed_size_binary(kind):
        data = b"".join(bytes(kind.byte_width) if value is None else value for value in values)
    else:
        numbers = np.array([0 if value is None else value for value in values], kind.to_pandas_dtype())
        data = np.packbits(numbers, bitorder="little") if pa.types.is_boolean(kind) else numbers
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(data)], null_count)
