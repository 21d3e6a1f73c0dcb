"""The audit tells what a video is, and whether motion may be measured."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from processors.video.audit.integrity import Integrity
from processors.video.audit.measurement_table import MEASUREMENTS
from processors.video.audit.measurements import Measurements
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from tests.helpers.derived import Derived, derived
from tests.helpers.made_media import MediaMaker
from tests.helpers.video_scenes import scene, write


def test_held_frames_are_all_found_and_none_is_invented(
    audited_sample: dict[str, dict[str, Derived]], sample_truth: dict[str, Any]
) -> None:
    table = csv.DictReader(io.StringIO(audited_sample["drive-off.mp4"]["audit"].path("held_runs.csv").read_text()))
    found = [(int(row["first_frame"]), int(row["frame_count"])) for row in table]
    runs = sample_truth["drive-off.mp4"]["held_runs"]
    assert found == [(run["first_frame"], run["length_frames"]) for run in runs if run["length_frames"] > 1]
    for name in ("descent.mp4", "rover-turns.mp4"):
        assert audited_sample[name]["audit"].json("integrity.json")["frame_count_held"] == 0


def test_the_verdict_is_given_in_words_and_fields(audited_sample: dict[str, dict[str, Derived]]) -> None:
    audit = audited_sample["drive-off.mp4"]["audit"].json("integrity.json")["audit"]
    assert audit["words"].startswith("300 frames in 10.000 s. 9 distinct pictures a second in a 30 fps file")
    assert (audit["is_stop_motion"], audit["motion_may_be_measured"]) == (True, False)
    assert audit["motion_refused_because"] == [
        "210 of 300 frames repeat the one before: the times of the pictures are not those of the camera"
    ]
    descent = audited_sample["descent.mp4"]["audit"].json("integrity.json")["audit"]
    assert (descent["is_complete"], descent["motion_may_be_measured"]) == (True, True)


def test_the_verdict_travels_with_what_is_made(audited_sample: dict[str, dict[str, Derived]]) -> None:
    audit = audited_sample["drive-off.mp4"]["audit"].json("integrity.json")["audit"]
    for made in ("shots", "stills"):
        assert all(item.facts["audit"] == audit for item in audited_sample["drive-off.mp4"][made].manifest.items)  # type: ignore[index,call-overload]


@pytest.mark.parametrize("name", ["descent.mp4", "drive-off.mp4"])
def test_letterbox_and_caption_are_found_within_two_pixels(
    name: str, audited_sample: dict[str, dict[str, Derived]], sample_truth: dict[str, Any]
) -> None:
    still = audited_sample[name]["audit"].json("integrity.json")["still"]
    clip = sample_truth[name]["clip"]
    (caption,) = still["overlays"]
    for side in ("left_px", "top_px", "right_px", "bottom_px"):
        assert abs(still["picture_box"][side] - clip["picture_box"][side]) <= 2
        assert abs(caption[side] - clip["caption_box"][side]) <= 2


def test_a_still_scene_leaves_overlays_unknown(audited_sample: dict[str, dict[str, Derived]]) -> None:
    still = audited_sample["rover-turns.mp4"]["audit"].json("integrity.json")["still"]
    assert still["overlays"] is None
    assert still["overlays_unknown_because"].startswith("most of the scene is still")
    words = audited_sample["rover-turns.mp4"]["audit"].json("integrity.json")["audit"]["words"]
    assert "Burnt-in overlays could not be detected: most of the scene is still" in words


def test_pillarbox_of_a_large_picture(tmp_path: Path) -> None:
    pictures = []
    for frame in range(30):
        picture = np.zeros((720, 1280), np.uint8)
        picture[:, 161:1119] = scene(3, 9 * frame, (958, 720))
        pictures.append(picture)
    (audit,) = derived(write(tmp_path / "pillar.mp4", pictures), tmp_path / "store", Integrity())
    box = audit.json("integrity.json")["still"]["picture_box"]
    assert (abs(box["left_px"] - 161) <= 2, abs(box["right_px"] - 1119) <= 2) == (True, True)
    assert (box["top_px"], box["bottom_px"]) == (0, 720)


def test_an_upscaled_picture_is_distinguished_from_a_native_one(tmp_path: Path) -> None:
    def noise(frame: int, side: tuple[int, int]) -> np.ndarray:
        grain = np.random.default_rng(frame).normal(0, 6, (side[1], side[0]))
        return np.clip(scene(5, frame, side) + grain, 0, 255).astype(np.uint8)

    native = write(tmp_path / "native.mp4", [noise(i, (640, 360)) for i in range(25)], options={"crf": "18"})
    large = [
        np.asarray(Image.fromarray(noise(i, (320, 180))).resize((640, 360), Image.Resampling.BICUBIC))
        for i in range(25)
    ]
    upscaled = write(tmp_path / "upscaled.mp4", large, options={"crf": "18"})
    words = [
        derived(path, tmp_path / "store", Integrity())[0].json("integrity.json")["audit"]["words"]
        for path in (native, upscaled)
    ]
    assert ["upscaled or soft" in text for text in words] == [False, True]


def test_a_dark_picture_is_not_called_upscaled(tmp_path: Path) -> None:
    dark = write(tmp_path / "dark.mp4", [scene(5, i, (640, 360)) // 12 + 16 for i in range(25)], options={"crf": "18"})
    (audit,) = derived(dark, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert found["detail_share"] is None
    assert "upscaled" not in found["audit"]["words"]


def test_every_frame_has_its_row(audited_sample: dict[str, dict[str, Derived]], sample_release: Path) -> None:
    store = audited_sample["descent.mp4"]["audit"].store.root
    (measured,) = derived(sample_release / "descent.mp4", store, Measurements())
    table = pq.read_table(measured.path("measurements.parquet"))
    assert (table.schema.equals(MEASUREMENTS.schema()), table.num_rows) == (True, 300)
    assert table["time_seconds"].to_pylist()[:3] == [0.0, 0.04, 0.08]
    assert table["difference_levels"].null_count == 1


def test_truncation_and_damage_are_reported_as_spans(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("whole.mkv", list(range(100)))
    cut = make.folder / "cut.mkv"
    cut.write_bytes(made.path.read_bytes()[: made.path.stat().st_size * 6 // 10])
    (audit,) = derived(cut, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert (found["is_truncated"], found["audit"]["is_complete"]) == (True, False)
    assert "Cut off: the header declares 4.000 s" in found["audit"]["words"]


@pytest.mark.parametrize(
    ("processor", "parameter", "value", "message"),
    [
        (Integrity, "held_levels", 0, "held_levels is 0: must be above 0"),
        (Shots, "cut_ratio", 1, "cut_ratio is 1: must be above 1"),
        (Stills, "per_shot", 0, "per_shot is 0: must be from 1 to 50"),
        (Measurements, "longest_side_px", 5000, "longest_side_px is 5000: must be from 64 to 1920"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(processor: Any, parameter: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        processor(**{parameter: value})


@pytest.mark.parametrize("step_px", [0.1, 0.4, 1.0])
def test_no_frame_of_a_slow_motion_is_taken_for_a_held_one(tmp_path: Path, step_px: float) -> None:
    still = scene(9, 0, (480, 200))
    shift = [np.array([[1, 0, -step_px * frame], [0, 1, 0]], np.float32) for frame in range(100)]
    pictures = [cv2.warpAffine(still, one, (320, 180), flags=cv2.INTER_LINEAR) for one in shift]
    (audit,) = derived(write(tmp_path / "slow.mp4", pictures), tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert (found["frame_count_held"], found["audit"]["motion_may_be_measured"]) == (0, True)


def test_held_pictures_are_counted_although_coding_changes_them(tmp_path: Path) -> None:
    pictures = [scene(9, 4 * (frame * 12 // 30)) for frame in range(150)]
    path = write(tmp_path / "held.mp4", pictures, rate_hz=30, options={"crf": "24", "preset": "veryfast"})
    (audit,) = derived(path, tmp_path / "store", Integrity())
    assert audit.json("integrity.json")["frame_count_held"] == 90
    assert audit.json("integrity.json")["distinct_per_second"] == 12.0


def test_doubled_frames_are_held_although_coarse_coding_changes_them(tmp_path: Path) -> None:
    rng, pictures = np.random.default_rng(3), []
    for number in range(40):
        first = scene(9, 6 * number)
        second = first.copy()  # with what a coarse coder mends in it: a block of 8 levels
        y, x = 8 * rng.integers(2, 18), 8 * rng.integers(2, 36)
        second[y : y + 8, x : x + 8] = np.clip(second[y : y + 8, x : x + 8].astype(int) + 8, 0, 255)
        pictures += [first, second]
    audit, shots = derived(write(tmp_path / "doubled.mp4", pictures), tmp_path / "store", Integrity(), Shots())
    found = audit.json("integrity.json")
    assert found["frame_count_held"] == 40
    assert found["audit"]["is_stop_motion"]
    assert len(shots.json("shots.json")["shots"]) == 1


def test_a_million_frames_a_second_are_called_wrong_though_the_last_is_long(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("fast.mp4", [*range(49), 40_049], time_base=Fraction(1, 1_000_000))
    (audit,) = derived(made.path, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")["audit"]
    assert "1,000,000 frames a second: the file's time scale is wrong." in found["words"]
    assert not found["motion_may_be_measured"]


def test_a_dark_side_of_a_lit_picture_is_no_bar(tmp_path: Path) -> None:
    pictures = [scene(3, 3 * frame) for frame in range(30)]
    for picture in pictures:
        picture[:100, :60] = 8  # a dark wardrobe before a lit wall
    (audit,) = derived(write(tmp_path / "room.mp4", pictures), tmp_path / "store", Integrity())
    box = audit.json("integrity.json")["still"]["picture_box"]
    assert box == {"left_px": 0, "top_px": 0, "right_px": 320, "bottom_px": 180}


@pytest.mark.parametrize("seed", range(1, 6))
def test_static_ground_below_a_descending_camera_is_no_overlay(tmp_path: Path, seed: int) -> None:
    cells = np.random.default_rng(seed).integers(30, 226, (100, 100), np.uint8)
    plane = np.asarray(Image.fromarray(cells).resize((1400, 1400), Image.Resampling.BILINEAR))
    pictures = []
    for frame in range(60):
        half_width, half_height = (round(size / 2 * 1.01**-frame) for size in (640, 360))
        inside = plane[700 - half_height : 700 + half_height, 700 - half_width : 700 + half_width]
        pictures.append(np.asarray(Image.fromarray(inside).resize((640, 360), Image.Resampling.BICUBIC)).copy())
        pictures[-1][300:320, 500:580] = np.tile([40, 220], (20, 40))
        pictures[-1][210:220, 360:400] = np.tile([40, 220], (10, 20))
    (audit,) = derived(write(tmp_path / "down.mp4", pictures), tmp_path / "store", Integrity())
    overlays = audit.json("integrity.json")["still"]["overlays"]
    true = [(500, 300, 580, 320), (360, 210, 400, 220)]
    assert len(overlays) == len(true)
    for box, px in zip(overlays, true, strict=True):
        found = (box["left_px"], box["top_px"], box["right_px"], box["bottom_px"])
        assert max(abs(a - b) for a, b in zip(found, px, strict=True)) <= 2
