"""Data dictionary of a pack: unit and meaning of each column of its tables, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from processors.packs.contents.packed_file import PackedFile
from processors.tables import Table

FILE = "data-dictionary.csv"
HEADER = ("table", "made by", "row", "column", "unit", "meaning")


def data_dictionary(packed: Sequence[PackedFile], tables: Mapping[str, Sequence[Table]]) -> bytes | None:
    """Return the dictionary of the tables that a pack holds, in UTF-8; None if it holds none.

    Parameters
    ----------
    tables : tables that each processor writes, by its name.
    """
    held = {(one.entry.manifest.ref.processor, one.entry.name) for one in packed if one.entry}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    count = 0
    for processor in sorted(tables):
        for table in tables[processor]:
            if (processor, table.item) in held:
                for column in table.columns:
                    writer.writerow([table.item, processor, table.row, column.name, column.unit, column.meaning])
                    count += 1
    return text.getvalue().encode() if count else None
