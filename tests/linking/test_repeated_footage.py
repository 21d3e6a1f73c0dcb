"""Frames that look alike are found within a video and across the store."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.linking.repeated_footage import repeated_segments, similar_frames
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from tests.helpers.derived import derived
from tests.helpers.video_scenes import scene, write


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_a_scene_that_comes_again_is_found_within_and_across(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp4", [scene(1 if frame < 30 else 2, 8 * (frame % 30)) for frame in range(60)])
    two = write(tmp_path / "two.mp4", [scene(3 if frame < 30 else 2, 8 * (frame % 30)) for frame in range(60)])
    tables = {}
    for path in (one, two):
        (result,) = derived(path, tmp_path / "store", Measurements())
        tables[result.manifest.ref.source] = result.path("measurements.parquet")
    pairs = [pair for pair in similar_frames(tables, at_most_bits=4) if pair.source != pair.other_source]
    assert {pair.pts for pair in pairs if pair.pts == pair.other_pts} >= {512 * frame for frame in range(35, 55, 5)}
    assert all(pair.pts >= 512 * 30 and pair.other_pts >= 512 * 30 for pair in pairs)


def test_too_many_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="at_most_bits is 40: must be from 0 to 15"):
        list(similar_frames({}, at_most_bits=40))


def test_repeated_footage_is_reported_with_its_times(tmp_path: Path) -> None:
    one = write(tmp_path / "one.mp4", [scene(1 if frame < 30 else 2, 8 * (frame % 30)) for frame in range(60)])
    two = write(tmp_path / "two.mp4", [scene(2 if frame < 30 else 3, 8 * (frame % 30)) for frame in range(60)])
    results = [derived(path, tmp_path / "store", Measurements())[0] for path in (one, two)]
    sources = [result.manifest.ref.source for result in results]
    tables = {result.manifest.ref.source: result.path("measurements.parquet") for result in results}
    (found,) = repeated_segments(tables, at_most_bits=4)
    spans = {
        found.source: (found.first_seconds, found.last_seconds),
        found.other_source: (found.other_first_seconds, found.other_last_seconds),
    }
    assert spans[sources[0]] == pytest.approx((1.2, 2.36), abs=0.05)
    assert spans[sources[1]] == pytest.approx((0.0, 1.16), abs=0.05)
    assert found.frame_count >= 25


def test_slow_repeated_footage_is_reported_once_at_its_true_distance(
    sample_release: Path, sample_results: Path, tmp_path: Path
) -> None:
    frames = decoded(sample_release / "descent.mp4")[100:225]
    excerpt = write(tmp_path / "excerpt.mp4", frames, options={"crf": "28", "preset": "veryfast"})
    results = [derived(path, sample_results, Measurements())[0] for path in (sample_release / "descent.mp4", excerpt)]
    tables = {result.manifest.ref.source: result.path("measurements.parquet") for result in results}
    (found,) = repeated_segments(tables)
    assert abs(found.first_seconds - found.other_first_seconds) == pytest.approx(4.0)
    assert found.frame_count > 60


def test_a_scene_that_stays_does_not_come_again(tmp_path: Path) -> None:
    def lamp(frame: int) -> np.ndarray:
        picture = scene(4, 0)
        picture[60:100, 4 * (frame % 25) : 4 * (frame % 25) + 40] = 230
        return picture

    path = write(tmp_path / "still.mp4", [lamp(frame) for frame in range(150)])
    (result,) = derived(path, tmp_path / "store", Measurements())
    tables = {result.manifest.ref.source: result.path("measurements.parquet")}
    assert len(list(similar_frames(tables))) > 100
    assert repeated_segments(tables) == []


def test_the_command_names_both_videos(tmp_path: Path) -> None:
    pictures = [scene(5, 8 * frame) for frame in range(30)]
    store = tmp_path / "store"
    for name, more in (("one.mp4", 6), ("two.mp4", 7)):
        derived(write(tmp_path / name, [*pictures, *(scene(more, 8 * i) for i in range(10))]), store, Measurements())
    runner = CliRunner()
    rebuild_catalogue(Store(store))
    told = runner.invoke(main, ["duplicates", "--store", str(store), "--bits", "4"])
    assert told.exit_code == 0, told.output
    assert told.output.count("0:00:00.000 to 0:00:01.160") == 2
