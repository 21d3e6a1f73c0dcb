"""Frames that look alike are found within a video and across the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.video.duplicates import alike
from processors.video.measurements import Measurements
from tests.test_video_audit import scene, write
from tests.video_derived import derived


def test_a_scene_that_comes_again_is_found_within_and_across(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp4", [scene(1 if frame < 30 else 2, 8 * (frame % 30)) for frame in range(60)])
    two = write(tmp_path / "two.mp4", [scene(3 if frame < 30 else 2, 8 * (frame % 30)) for frame in range(60)])
    tables = {}
    for path in (one, two):
        (result,) = derived(path, tmp_path / "store", Measurements())
        tables[result.manifest.ref.source] = result.path("measurements.parquet")
    pairs = [pair for pair in alike(tables, at_most_bits=4) if pair.source != pair.other_source]
    assert {pair.pts for pair in pairs if pair.pts == pair.other_pts} >= {512 * frame for frame in range(35, 55, 5)}
    assert all(pair.pts >= 512 * 30 and pair.other_pts >= 512 * 30 for pair in pairs)


def test_too_many_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="at_most_bits is 40: must be from 0 to 15"):
        list(alike({}, at_most_bits=40))
