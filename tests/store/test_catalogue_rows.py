"""Rows of the catalogue as Arrow tables and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow.parquet import ParquetFile

from processors.store.catalogue.arrow_rows import arrow_table, chosen_rows, pyarrow_schema, rows_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.sql import connect
from processors.store.catalogue.table_columns import COLUMNS, ColumnType
from processors.store.store import Store

KINDS: dict[str, ColumnType] = {"text": "VARCHAR", "count": "BIGINT", "seconds": "DOUBLE", "is_whole": "BOOLEAN"}
ROWS = [
    {"text": "火星 'a'", "count": 2**53 + 1, "seconds": 3, "is_whole": True},
    {"text": None, "count": None, "seconds": None, "is_whole": None},
    {"text": "b", "count": -1, "seconds": 0.1, "is_whole": False},
]


def test_rows_of_all_types_come_back_as_they_were() -> None:
    table = arrow_table(ROWS, KINDS)
    assert list(rows_of(table.to_batches())) == ROWS
    assert list(rows_of(arrow_table([], KINDS).to_batches())) == []
    assert list(rows_of(arrow_table([{"text": "b"}], KINDS).to_batches())) == [{**ROWS[1], "text": "b"}]
    assert pyarrow_schema(KINDS).types == ["string", "int64", "double", "bool"]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({**ROWS[0], "more": 1}, KeyError("more")),
        ({**ROWS[0], "count": 1.5}, TypeError("'float' object cannot be interpreted as an integer")),
        ({**ROWS[0], "text": 1}, TypeError("'int' object is not an instance of 'str'")),
    ],
)
def test_a_row_with_another_column_or_type_is_not_stored(row: dict[str, object], error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        arrow_table([row], KINDS)
    assert raised.value.args[0] == error.args[0]


def test_rows_are_chosen_by_their_text() -> None:
    (batch,) = arrow_table(ROWS, KINDS).to_batches()
    assert list(rows_of([chosen_rows(batch, "text", {"b", "c"}.__contains__)])) == [ROWS[2]]
    assert list(rows_of([chosen_rows(batch, "text", set[str]().__contains__)])) == []


def test_a_store_without_tables_has_no_rows_in_any(tmp_path: Path) -> None:
    catalogue = Catalogue(Store(tmp_path))
    with connect(catalogue) as connection:
        for name in COLUMNS:
            assert (catalogue.count(name), list(catalogue.rows(name, [*COLUMNS[name]]))) == (0, [])
            assert catalogue.table(name).schema.names == list(COLUMNS[name])
        assert connection.execute("SELECT count(*) FROM known").fetchall() == [(0,)]


def test_a_large_table_is_in_groups_of_which_few_are_read_for_few_rows(tmp_path: Path) -> None:
    catalogue, count = Catalogue(Store(tmp_path)), 70_000
    row = dict.fromkeys(COLUMNS["links"])
    rows = [{**row, "source": f"{number:064x}", "kind": "same sound"} for number in range(count)]
    catalogue.overwrite("links", lambda: arrow_table(rows, COLUMNS["links"]))
    files, _ = catalogue.files("links")
    (metadata,) = (ParquetFile(file).metadata for file in files)
    assert (metadata.num_row_groups, metadata.row_group(0).column(0).compression) == (2, "SNAPPY")
    assert catalogue.count("links") == count


def test_paths_with_any_letters_are_found_again(tmp_path: Path) -> None:
    catalogue = Catalogue(Store(tmp_path))
    row = dict.fromkeys(COLUMNS["sources"])
    paths = ["/raw/'; DROP TABLE x; --", '/raw/"火星".png', "/raw/a%_\\b.png"]
    rows = [{**row, "path": path, "digest": str(at), "seen_utc": "2026"} for at, path in enumerate(paths)]
    catalogue.overwrite("sources", lambda: arrow_table(rows, COLUMNS["sources"]))
    for at, path in enumerate(paths):
        assert [found.path for found in catalogue.sightings(f"digest = '{at}'")] == [path]


def test_sources_and_items_are_listed_without_numpy(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from processors.store.catalogue.catalogue import Catalogue;"
        "import processors.store.catalogue.selection; from processors.store.catalogue.sql import connect;"
        "from processors.store.store import Store; catalogue = Catalogue(Store(Path(sys.argv[1])));"
        "assert catalogue.sightings() == [] and catalogue.not_made() == {}\n"
        "with connect(catalogue) as connection: connection.execute('SELECT * FROM known').fetchall()\n"
        "assert not {'numpy', 'pyarrow', 'pandas'} & sys.modules.keys()"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
