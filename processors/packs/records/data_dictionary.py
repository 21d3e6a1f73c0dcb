"""Data dictionary of a pack: unit and meaning of each column of its tables, as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processors.packs.contents.packed_file import PackedFile
from processors.tables import Table, csv_text

FILE = "data-dictionary.csv"
HEADER = ("table", "made by", "row", "column", "unit", "meaning")


def packed_data_dictionary(packed: Sequence[PackedFile], tables: Mapping[str, Sequence[Table]]) -> bytes | None:
    """Return the dictionary of the tables that a pack holds, in UTF-8; None if it holds none.

    Parameters
    ----------
    tables : tables that each processor writes, by its name.
    """
    held = {(one.entry.manifest.ref.processor, one.entry.name) for one in packed if one.entry}
    rows = [
        (table.item, processor, table.row, column.name, column.unit, column.meaning)
        for processor in sorted(tables)
        for table in tables[processor]
        if (processor, table.item) in held
        for column in table.columns
    ]
    return csv_text(HEADER, rows) if rows else None
