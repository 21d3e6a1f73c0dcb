"""The audit tells what a video is, shots and fades are found to the frame, and the stills are the best of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio
import pyarrow.parquet as pq
import pytest
from PIL import Image

from processors.video.fades import Fade, find_fades
from processors.video.integrity import Audited
from processors.video.measurements import COLUMNS, Measurements, perceptual_hash
from processors.video.shots import Shots
from processors.video.stills import Stills
from tests.made_media import MediaMaker
from tests.video_derived import Derived, derived

SIZE_PX = 320, 180


@pytest.fixture(scope="module")
def truth(sample_release: Path) -> dict[str, Any]:
    return json.loads((sample_release / "truth.json").read_text())["files"]


@pytest.fixture(scope="module")
def results(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Derived]]:
    """Audit, shots and stills of the sample's three clips."""
    store = tmp_path_factory.mktemp("store")
    return {
        name: dict(
            zip(
                ("audit", "shots", "stills"),
                derived(sample_release / name, store, Audited(), Shots(), Stills()),
                strict=True,
            )
        )
        for name in ("descent.mp4", "drive-off.mp4", "rover-turns.mp4")
    }


def write(
    path: Path, pictures: Sequence[np.ndarray], *, rate_hz: int = 25, options: dict[str, str] | None = None
) -> Path:
    """H.264 of grey pictures, uint8, shape (height, width)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate_hz)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt, stream.codec_context.options = "yuv420p", options or {"crf": "16", "preset": "veryfast"}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def distance_bits(one: int, other: int) -> int:
    """In how many of their bits two perceptual hashes differ."""
    return (one ^ other).bit_count()


def scene(seed: int, frame: int, size_px: tuple[int, int] = SIZE_PX) -> np.ndarray:
    """A textured plane that slides 3 px a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (size_px[1] // 12 + 2, 200), np.uint8)
    plane = np.asarray(Image.fromarray(coarse).resize((2400, coarse.shape[0] * 12), Image.Resampling.BICUBIC))
    return plane[: size_px[1], 3 * frame : 3 * frame + size_px[0]].copy()


@pytest.mark.parametrize("name", ["descent.mp4", "drive-off.mp4", "rover-turns.mp4"])
def test_hard_cuts_are_all_found_and_none_is_invented(
    name: str, results: dict[str, dict[str, Derived]], truth: dict[str, Any]
) -> None:
    clip = truth[name]["clip"]
    shots = results[name]["shots"].json("shots.json")["shots"]
    assert [shot["first_frame"] for shot in shots[1:]] == clip["cut_frames"]
    assert [shot["start_seconds"] for shot in shots] == [shot["start_seconds"] for shot in clip["shots"]]
    assert [shot["end_frame"] for shot in shots] == [shot["end_frame"] for shot in clip["shots"]]


def test_fades_are_found_within_two_frames(results: dict[str, dict[str, Derived]], truth: dict[str, Any]) -> None:
    found = results["rover-turns.mp4"]["shots"].json("shots.json")["transitions"]
    assert [fade["kind"] for fade in found] == ["fade in", "fade out"]
    for fade, expected in zip(found, ("fade_in", "fade_out"), strict=True):
        assert abs(fade["first_frame"] - truth["rover-turns.mp4"][expected]["first_frame"]) <= 2
        assert abs(fade["end_frame"] - truth["rover-turns.mp4"][expected]["end_frame"]) <= 2
    assert results["descent.mp4"]["shots"].json("shots.json")["transitions"] == []


def test_held_frames_are_all_found_and_none_is_invented(
    results: dict[str, dict[str, Derived]], truth: dict[str, Any]
) -> None:
    table = csv.DictReader(io.StringIO(results["drive-off.mp4"]["audit"].path("held_runs.csv").read_text()))
    found = [(int(row["first_frame"]), int(row["frame_count"])) for row in table]
    runs = truth["drive-off.mp4"]["held_runs"]
    assert found == [(run["first_frame"], run["length_frames"]) for run in runs if run["length_frames"] > 1]
    for name in ("descent.mp4", "rover-turns.mp4"):
        assert results[name]["audit"].json("integrity.json")["frame_count_held"] == 0


def test_the_verdict_is_told_in_words_and_fields(results: dict[str, dict[str, Derived]]) -> None:
    audit = results["drive-off.mp4"]["audit"].json("integrity.json")["audit"]
    assert audit["words"].startswith("300 frames in 10.000 s. 9 distinct pictures a second in a 30 fps file")
    assert (audit["is_stop_motion"], audit["motion_may_be_measured"]) == (True, False)
    assert audit["motion_refused_because"] == [
        "210 of 300 frames repeat the one before: the times of the pictures are not those of the camera"
    ]
    descent = results["descent.mp4"]["audit"].json("integrity.json")["audit"]
    assert (descent["is_complete"], descent["motion_may_be_measured"]) == (True, True)


def test_the_verdict_travels_with_what_is_made(results: dict[str, dict[str, Derived]]) -> None:
    audit = results["drive-off.mp4"]["audit"].json("integrity.json")["audit"]
    for made in ("shots", "stills"):
        assert all(item.facts["audit"] == audit for item in results["drive-off.mp4"][made].manifest.items)  # type: ignore[index,call-overload]


@pytest.mark.parametrize("name", ["descent.mp4", "drive-off.mp4"])
def test_letterbox_and_caption_are_found_within_two_pixels(
    name: str, results: dict[str, dict[str, Derived]], truth: dict[str, Any]
) -> None:
    still = results[name]["audit"].json("integrity.json")["still"]
    clip = truth[name]["clip"]
    (caption,) = still["overlays"]
    for side in ("left_px", "top_px", "right_px", "bottom_px"):
        assert abs(still["picture_box"][side] - clip["picture_box"][side]) <= 2
        assert abs(caption[side] - clip["caption_box"][side]) <= 2


def test_a_still_scene_leaves_overlays_unknown(results: dict[str, dict[str, Derived]]) -> None:
    still = results["rover-turns.mp4"]["audit"].json("integrity.json")["still"]
    assert still["overlays"] is None
    assert still["overlays_unknown_because"].startswith("most of the scene is still")


def test_pillarbox_of_a_large_picture(tmp_path: Path) -> None:
    pictures = []
    for frame in range(30):
        picture = np.zeros((720, 1280), np.uint8)
        picture[:, 161:1119] = scene(3, 9 * frame, (958, 720))
        pictures.append(picture)
    (audit,) = derived(write(tmp_path / "pillar.mp4", pictures), tmp_path / "store", Audited())
    box = audit.json("integrity.json")["still"]["picture_box"]
    assert (abs(box["left_px"] - 161) <= 2, abs(box["right_px"] - 1119) <= 2) == (True, True)
    assert (box["top_px"], box["bottom_px"]) == (0, 720)


def test_an_upscaled_picture_is_told_from_a_native_one(tmp_path: Path) -> None:
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
        derived(path, tmp_path / "store", Audited())[0].json("integrity.json")["audit"]["words"]
        for path in (native, upscaled)
    ]
    assert ["upscaled or soft" in text for text in words] == [False, True]


def test_every_frame_has_its_row(results: dict[str, dict[str, Derived]], sample_release: Path) -> None:
    store = results["descent.mp4"]["audit"].store.root
    (measured,) = derived(sample_release / "descent.mp4", store, Measurements())
    table = pq.read_table(measured.path("measurements.parquet"))
    assert (table.schema.equals(COLUMNS), table.num_rows) == (True, 300)
    assert table["time_seconds"].to_pylist()[:3] == [0.0, 0.04, 0.08]
    assert table["difference_levels"].null_count == 1


def test_stop_motion_is_no_row_of_cuts_and_a_glitch_is_none(tmp_path: Path) -> None:
    pictures = [scene(7, 4 * (frame // 3)) for frame in range(60)]
    pictures[31] = 255 - pictures[31]
    (shots,) = derived(write(tmp_path / "glitch.mp4", pictures), tmp_path / "store", Shots())
    assert len(shots.json("shots.json")["shots"]) == 1


def test_a_cut_through_black_lies_in_the_black(tmp_path: Path) -> None:
    gain = (
        [1.0] * 20 + [1 - (i + 1) / 11 for i in range(10)] + [0.0] * 6 + [(i + 1) / 11 for i in range(10)] + [1.0] * 20
    )
    pictures = [(scene(1 if i < 33 else 2, i) * g).astype(np.uint8) for i, g in enumerate(gain)]
    (shots,) = derived(write(tmp_path / "black.mp4", pictures), tmp_path / "store", Shots())
    found = shots.json("shots.json")
    (first, second) = found["shots"]
    assert (first["starts_with"], second["starts_with"]) == ("start", "fade")
    assert 30 <= second["first_frame"] <= 36
    out, into = found["transitions"]
    assert (abs(out["first_frame"] - 20) <= 2, abs(out["end_frame"] - 30) <= 2) == (True, True)
    assert (abs(into["first_frame"] - 36) <= 2, abs(into["end_frame"] - 46) <= 2) == (True, True)


def test_a_fade_ends_where_the_brightness_stops_to_rise() -> None:
    brightness = np.array([0, 0, 0, *np.arange(10, 110, 10), 101, 100, 99], float)
    assert find_fades(brightness, brightness < 5) == [Fade(kind="fade in", first_frame=3, end_frame=12)]


def test_the_edit_list_counts_frames_and_keeps_exact_times(results: dict[str, dict[str, Derived]]) -> None:
    lines = results["descent.mp4"]["shots"].path("shots.edl").read_text().splitlines()
    assert lines[2] == "001  AX       V     C        00:00:00:00 00:00:02:20 00:00:00:00 00:00:02:20"
    assert lines[3] == "* EXACT SECONDS: 0 TO 14/5"


def test_the_timeline_opens_in_opentimelineio_with_exact_times(results: dict[str, dict[str, Derived]]) -> None:
    made = results["rover-turns.mp4"]["shots"]
    read = opentimelineio.adapters.read_from_string(made.path("shots.otio").read_text(), "otio_json")
    (track,) = read.tracks
    ranges = [(clip.source_range.start_time, clip.source_range.end_time_exclusive()) for clip in track]
    shots = made.json("shots.json")["shots"]
    assert [(start.to_seconds(), end.to_seconds()) for start, end in ranges] == [
        (shot["start_seconds"], shot["end_seconds"]) for shot in shots
    ]
    fades = [(marker.name, marker.marked_range.start_time.to_seconds()) for marker in track.markers]
    transitions = made.json("shots.json")["transitions"]
    assert fades == [(fade["kind"], fade["start_seconds"]) for fade in transitions]
    assert track.trimmed_range().duration.to_seconds() == 6.0


def test_the_end_of_a_moving_shot_is_no_cut_and_a_cut_near_the_end_is_one(tmp_path: Path) -> None:
    pictures = [scene(21 if frame < 60 else 22, frame) for frame in range(64)]
    found = [
        derived(write(tmp_path / f"{count}.mp4", pictures[:count]), tmp_path / "store", Shots())[0].json("shots.json")
        for count in (60, 64)
    ]
    assert [[shot["first_frame"] for shot in one["shots"]] for one in found] == [[0], [0, 60]]


@pytest.mark.parametrize(("length_frames", "shot_count"), [(0, 2), (12, 1), (25, 1)])
def test_a_dissolve_is_no_cut(tmp_path: Path, length_frames: int, shot_count: int) -> None:
    shares = [min(1.0, max(0.0, (frame - 29) / (length_frames + 1))) for frame in range(60 + length_frames)]
    pictures = [((1 - s) * scene(21, i) + s * scene(22, i)).astype(np.uint8) for i, s in enumerate(shares)]
    (shots,) = derived(write(tmp_path / "dissolve.mp4", pictures), tmp_path / "store", Shots())
    found = shots.json("shots.json")
    assert (len(found["shots"]), found["transitions"]) == (shot_count, [])


def test_stills_are_the_frames_that_they_say_and_no_two_alike(
    results: dict[str, dict[str, Derived]], sample_release: Path
) -> None:
    made = results["descent.mp4"]["stills"]
    listed = made.json("stills.json")
    assert [entry["rank"] for entry in listed] == list(range(1, len(listed) + 1))
    assert {entry["shot"] for entry in listed} == {1, 2, 3}
    hashes = [int(entry["perceptual_hash"], 16) for entry in listed]
    assert min(distance_bits(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) >= 8
    with av.open(str(sample_release / "descent.mp4")) as container:
        decoded = {frame.pts: frame.to_ndarray(format="gray") for frame in container.decode(video=0)}
    for entry in listed:
        with Image.open(made.path(entry["file"])) as picture:
            grey = np.asarray(picture.convert("L")).astype(int)
            xmp = picture.info["xmp"].decode()
        assert np.abs(grey - decoded[entry["identity"]["pts"]]).mean() < 2
        assert f'marsmedia:Pts="{entry["identity"]["pts"]}"' in xmp
        assert entry["identity"]["source_digest"] in xmp


def test_stills_are_neither_black_nor_in_a_fade(results: dict[str, dict[str, Derived]]) -> None:
    frames = [
        entry["identity"]["time_seconds"] * 25 for entry in results["rover-turns.mp4"]["stills"].json("stills.json")
    ]
    assert frames
    assert all(25 <= frame < 125 for frame in frames)


def test_a_frame_far_worse_than_its_shots_best_is_no_still_however_different(tmp_path: Path) -> None:
    sharp = [scene(7, 3 * frame, (320, 180)).astype(float) for frame in range(60)]
    share = np.clip((np.arange(60) - 10) / 40, 0, 1)  # of flat grey, into which the scene sinks
    pictures = [(one * (1 - part) + 118 * part).astype(np.uint8) for one, part in zip(sharp, share, strict=True)]
    (stills,) = derived(
        write(tmp_path / "sinks.mp4", pictures), tmp_path / "store", Stills(per_shot=50, least_distance_bits=0)
    )
    totals = [entry["scores"]["total"] for entry in stills.json("stills.json")]
    assert len(totals) == 41
    assert min(totals) >= 0.5 * max(totals)


def test_other_thresholds_decode_only_the_chosen_stills(sample_release: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    derived(sample_release / "descent.mp4", store, Stills())
    (again,) = derived(sample_release / "descent.mp4", store, Stills(per_shot=1, shots=replace(Shots(), cut_ratio=2.5)))
    report = again.manifest.source_facts
    assert isinstance(report, dict)
    assert len(again.json("stills.json")) == 3
    assert isinstance(report["frame_count_decoded"], int)
    assert report["frame_count_decoded"] < 100


def test_a_hash_survives_scaling_and_brightness_and_tells_pictures_apart() -> None:
    first, second = scene(11, 0), scene(12, 0)
    changed = np.asarray(Image.fromarray((first * 0.8 + 20).astype(np.uint8)).resize((200, 112)))
    assert distance_bits(perceptual_hash(first), perceptual_hash(changed)) <= 4
    assert distance_bits(perceptual_hash(first), perceptual_hash(second)) >= 20


def test_truncation_and_damage_are_told_as_spans(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("whole.mkv", list(range(100)))
    cut = make.folder / "cut.mkv"
    cut.write_bytes(made.path.read_bytes()[: made.path.stat().st_size * 6 // 10])
    (audit,) = derived(cut, tmp_path / "store", Audited())
    found = audit.json("integrity.json")
    assert (found["is_truncated"], found["audit"]["is_complete"]) == (True, False)
    assert "Cut off: the header declares 4.000 s" in found["audit"]["words"]


@pytest.mark.parametrize(
    ("processor", "parameter", "value", "message"),
    [
        (Audited, "held_levels", 0, "held_levels is 0: must be above 0"),
        (Shots, "cut_ratio", 1, "cut_ratio is 1: must be above 1"),
        (Stills, "per_shot", 0, "per_shot is 0: must be from 1 to 50"),
        (Measurements, "longest_side_px", 5000, "longest_side_px is 5000: must be from 64 to 1920"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(processor: Any, parameter: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        processor(**{parameter: value})
