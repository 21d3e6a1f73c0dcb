"""Every table is declared once, with the unit and the meaning of each column; its file has these columns."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.recipes import ON_REQUEST, RECIPES
from processors.comparing.tolerance import same_values
from processors.tables import UNITS, Column, ParquetTable, Table
from tests.helpers.derived import Derived, derived
from tests.helpers.golden_media import write_video
from tests.helpers.made_media import MediaMaker

PROCESSORS = {one.name: one for recipe in (RECIPES, ON_REQUEST) for ours in recipe.values() for one in ours}
DECLARED = {(name, table.item): table for name, one in PROCESSORS.items() for table in getattr(one, "tables", ())}
TWO = Table(
    item="two.parquet",
    title="Two columns",
    row="a frame",
    columns=(
        Column("time_seconds", "s", "presentation time", pa.float64()),
        Column("is_lost", "1", "true if it is lost", pa.bool_()),
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Derived]:
    """What every processor with a table makes of a clip and of a recording."""
    folder = tmp_path_factory.mktemp("tables")
    clip, tone = folder / "clip.mp4", MediaMaker(folder).tone("tone.wav", hz=1500, peak=0.25)
    write_video(clip)
    of_video = [one for one in RECIPES["video"] if getattr(one, "tables", ()) and one.name.startswith("video.")]
    of_audio = [one for one in RECIPES["audio"] if getattr(one, "tables", ())]
    return [*derived(clip, folder / "store", *of_video), *derived(tone, folder / "store", *of_audio)]


def test_every_table_of_a_store_is_declared_with_units_and_meanings(made: list[Derived]) -> None:
    seen = set()
    for result in made:
        for name in (name for name in result.names if name.endswith((".csv", ".parquet"))):
            table = DECLARED[result.manifest.ref.processor, name]
            path = result.path(name)
            if name.endswith(".csv"):
                header = next(csv.reader(path.read_text(encoding="utf-8").splitlines()))
                assert header == [column.name for column in table.columns if not column.is_optional]
            else:
                assert pq.read_schema(path).names == table.names
            assert all(column.unit in UNITS and column.meaning for column in table.columns)
            seen.add(table.item)
    assert seen == {
        "measurements.parquet", "motion.parquet", "frames.csv", "shots.csv", "held_runs.csv",
        "marks.csv", "loudness.csv", "spectra.csv", "octave_bands.csv", "events.csv",
    }  # fmt: skip


def test_a_row_with_other_columns_than_the_table_is_refused(tmp_path: Path) -> None:
    with (
        ParquetTable(tmp_path / "two.parquet", TWO) as file,
        pytest.raises(ValueError, match="row of time_seconds, is_gone: must have the columns time_seconds, is_lost"),
    ):
        file.add([{"time_seconds": 0.0, "is_gone": True}])


def test_rows_become_what_arrow_makes_of_them(tmp_path: Path) -> None:
    """Of every type that tables have, with and without unknown values."""
    kinds = [pa.bool_(), pa.int32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.binary(3)]
    table = Table(
        item="all.parquet",
        title="",
        row="",
        columns=tuple(Column(f"c{n}", "1", "", kind) for n, kind in enumerate([*kinds, pa.list_(pa.uint16(), 2)])),
    )
    known = (True, -7, 1 << 40, (1 << 63) + 5, 0.1, 1e300, b"abc", [65535, 0])
    rows = [
        {f"c{n}": None if (row + n) % 4 == 0 and row < 50 else value for n, value in enumerate(known)}
        for row in range(100)
    ]
    with ParquetTable(tmp_path / "ours.parquet", table) as file:
        file.add(rows[:60])
        file.add(rows[60:])
    read = pq.read_table(tmp_path / "ours.parquet")
    assert read.equals(pa.Table.from_pylist(rows, schema=table.schema()))


def test_a_unit_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="unit of column depth is 'fathoms': must be one of 1, Hz"):
        Column("depth", "fathoms", "depth")


def test_tables_are_the_same_by_their_values(tmp_path: Path) -> None:
    def write(name: str, seconds: float | None, *, is_lost: bool = False) -> Path:
        with ParquetTable(tmp_path / name, TWO) as file:
            file.add([{"time_seconds": 0.5, "is_lost": is_lost}, {"time_seconds": seconds, "is_lost": False}])
        return tmp_path / name

    stored = write("stored", 1.0)
    assert same_values(stored, write("again", 1.0))
    assert same_values(stored, write("another processor's last digit", 1.0 + 1e-9))
    assert not same_values(stored, write("later", 1.00001))
    assert not same_values(stored, write("unknown", None))
    assert not same_values(stored, write("lost", 1.0, is_lost=True))
    assert same_values(write("unknown", None), write("unknown too", None))
