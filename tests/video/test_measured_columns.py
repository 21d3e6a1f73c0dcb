"""Columns of a video's measurements are read exactly, whatever their type."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from processors.video.audit.measured_frames import MeasuredFrames

TYPES = {"pts": pa.int64(), "is_keyframe": pa.bool_(), "sharpness": pa.float32(), "perceptual_hash": pa.uint64()}
ROWS = [
    {"pts": 0, "is_keyframe": True, "sharpness": None, "perceptual_hash": 2**64 - 1},
    {"pts": 512, "is_keyframe": False, "sharpness": 0.5, "perceptual_hash": 0},
    {"pts": 1024, "is_keyframe": True, "sharpness": 2.0, "perceptual_hash": 7},
]


def measured(path: Path, groups: list[list[dict[str, object]]]) -> MeasuredFrames:
    schema = pa.schema(list(TYPES.items()))
    with pq.ParquetWriter(path, schema) as writer:
        for rows in groups:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return MeasuredFrames(
        table=path,
        time_base=Fraction(1, 12800),
        frame_count=sum(map(len, groups)),
        width_px=64,
        height_px=48,
        lost_seconds=(),
        unsure_seconds=(),
        statistics_archive=None,
    )


@pytest.mark.parametrize("groups", [[ROWS], [ROWS[:1], ROWS[1:]]])
def test_numbers_truths_and_nulls_are_those_of_the_table(tmp_path: Path, groups: list[list[dict[str, object]]]) -> None:
    table = measured(tmp_path / "measurements.parquet", groups)
    assert table.pts.tolist() == [0, 512, 1024]
    assert (table.column("is_keyframe").dtype, table.column("is_keyframe").tolist()) == (bool, [True, False, True])
    assert table.column("perceptual_hash").tolist() == [2**64 - 1, 0, 7]
    sharpness = table.column("sharpness")
    assert sharpness.dtype == np.float32
    np.testing.assert_array_equal(sharpness, np.array([np.nan, 0.5, 2.0], np.float32))


def test_a_table_without_frames_has_empty_columns(tmp_path: Path) -> None:
    table = measured(tmp_path / "measurements.parquet", [[]])
    assert [table.column(name).tolist() for name in TYPES] == [[], [], [], []]
