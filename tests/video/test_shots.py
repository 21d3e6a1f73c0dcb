"""Shots and fades are found to the frame, and the stills are the best of each shot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio
import pytest
from PIL import Image

from processors.imaging.perceptual_hash import perceptual_hash
from processors.metadata.release.release_context import release_context
from processors.video.shots.fades import Fade, find_fades
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from processors.video.shots.timeline import Timeline
from tests.helpers.derived import Derived, derived
from tests.helpers.video_scenes import distance_bits, scene, write


@pytest.mark.parametrize("name", ["descent.mp4", "drive-off.mp4", "rover-turns.mp4"])
def test_hard_cuts_are_all_found_and_none_is_invented(
    name: str, audited_sample: dict[str, dict[str, Derived]], sample_truth: dict[str, Any]
) -> None:
    clip = sample_truth[name]["clip"]
    shots = audited_sample[name]["shots"].json("shots.json")["shots"]
    assert [shot["first_frame"] for shot in shots[1:]] == clip["cut_frames"]
    assert [shot["start_seconds"] for shot in shots] == [shot["start_seconds"] for shot in clip["shots"]]
    assert [shot["end_frame"] for shot in shots] == [shot["end_frame"] for shot in clip["shots"]]


def test_fades_are_found_within_two_frames(
    audited_sample: dict[str, dict[str, Derived]], sample_truth: dict[str, Any]
) -> None:
    found = audited_sample["rover-turns.mp4"]["shots"].json("shots.json")["transitions"]
    assert [fade["kind"] for fade in found] == ["fade in", "fade out"]
    for fade, expected in zip(found, ("fade_in", "fade_out"), strict=True):
        assert abs(fade["first_frame"] - sample_truth["rover-turns.mp4"][expected]["first_frame"]) <= 2
        assert abs(fade["end_frame"] - sample_truth["rover-turns.mp4"][expected]["end_frame"]) <= 2
    assert audited_sample["descent.mp4"]["shots"].json("shots.json")["transitions"] == []


def test_stop_motion_and_a_glitch_are_no_cuts(tmp_path: Path) -> None:
    pictures = [scene(7, 4 * (frame // 3)) for frame in range(60)]
    pictures[31] = 255 - pictures[31]
    (shots,) = derived(write(tmp_path / "glitch.mp4", pictures), tmp_path / "store", Shots())
    assert len(shots.json("shots.json")["shots"]) == 1


def test_a_cut_through_black_is_in_the_black(tmp_path: Path) -> None:
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


def test_the_edit_list_counts_frames_and_keeps_exact_times(sample_release: Path, sample_results: Path) -> None:
    (made,) = derived(sample_release / "descent.mp4", sample_results, Timeline(file_name="descent.mp4"))
    lines = made.path("shots.edl").read_text().splitlines()
    assert lines[:2] == ["TITLE: descent.mp4", "FCM: NON-DROP FRAME"]
    assert lines[2] == "001  DESCENT  V     C        00:00:00:00 00:00:02:20 00:00:00:00 00:00:02:20"
    assert lines[3:5] == ["* FROM CLIP NAME: descent.mp4", "* EXACT SECONDS: 0 TO 14/5"]


def test_the_timeline_opens_in_opentimelineio_with_exact_times(sample_release: Path, sample_results: Path) -> None:
    made, timeline = derived(sample_release / "rover-turns.mp4", sample_results, Shots(), Timeline())
    read = opentimelineio.adapters.read_from_string(timeline.path("shots.otio").read_text(), "otio_json")
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
    audited_sample: dict[str, dict[str, Derived]], sample_release: Path
) -> None:
    made = audited_sample["descent.mp4"]["stills"]
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


def test_a_pinned_still_is_exactly_that_frame_and_comes_first(sample_release: Path, sample_results: Path) -> None:
    said = release_context({}, {"still_seconds": 7.13})
    assert Stills().for_release(said) == Stills(pinned_seconds=7.13)
    assert Stills(pinned_seconds=1.0).for_release(said) == Stills(pinned_seconds=1.0)
    (made,) = derived(sample_release / "descent.mp4", sample_results, Stills().for_release(said))
    first, *others = made.json("stills.json")
    assert (first["rank"], first["rank_in_shot"], first["is_pinned"]) == (1, 1, True)
    assert first["identity"]["time_seconds"] == 7.12  # the frame that is shown at 7.13 s
    assert first["file"] == f"still_{first['shot']:04d}_01.jpg"
    assert not any(one["is_pinned"] for one in others)
    assert [one["rank"] for one in others] == list(range(2, len(others) + 2))
    assert [one["rank_in_shot"] for one in others if one["shot"] == first["shot"]] == [2, 3]
    hashes = [int(entry["perceptual_hash"], 16) for entry in (first, *others)]
    assert min(distance_bits(a, b) for i, a in enumerate(hashes) for b in hashes[:i]) >= 8
    with av.open(str(sample_release / "descent.mp4")) as container:
        decoded = next(one for one in container.decode(video=0) if one.pts == first["identity"]["pts"])
    with Image.open(made.path(first["file"])) as picture:
        grey = np.asarray(picture.convert("L")).astype(int)
    assert np.abs(grey - decoded.to_ndarray(format="gray")).mean() < 2


def test_a_pinned_still_may_be_black(tmp_path: Path) -> None:
    pictures = [scene(3, k) * (k >= 10) for k in range(40)]
    path = write(tmp_path / "dark.mp4", pictures)
    (made,) = derived(path, tmp_path / "store", Stills(pinned_seconds=0.0, per_shot=1))
    assert [one["identity"]["time_seconds"] for one in made.json("stills.json") if one["is_pinned"]] == [0.0]


@pytest.mark.parametrize("seconds", [1.2, 99.0])
def test_a_still_beyond_the_end_is_refused(tmp_path: Path, seconds: float) -> None:
    path = write(tmp_path / "pan.mp4", [scene(3, k) for k in range(30)])
    (made,) = derived(path, tmp_path / "store", Stills(pinned_seconds=seconds))
    assert (made.manifest.verdict, made.manifest.reason) == (
        "refused",
        f"no frame is shown at {seconds} s, where a still is wanted; the video is from 0.000 to 1.200 s: "
        "correct still_seconds in release.toml, or pinned_seconds",
    )


def test_stills_are_neither_black_nor_in_a_fade(audited_sample: dict[str, dict[str, Derived]]) -> None:
    frames = [
        entry["identity"]["time_seconds"] * 25
        for entry in audited_sample["rover-turns.mp4"]["stills"].json("stills.json")
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


@pytest.mark.parametrize("pinned_seconds", [None, 3.2])
def test_stills_are_spread_over_a_long_shot_though_one_part_of_it_is_the_sharpest(
    tmp_path: Path, pinned_seconds: float | None
) -> None:
    share = np.clip((70 - np.arange(120)) / 30, 0, 1) * 0.4  # of flat grey, out of which the scene rises
    pictures = [
        (scene(7, frame, (320, 180)) * (1 - part) + 118 * part).astype(np.uint8) for frame, part in enumerate(share)
    ]
    (stills,) = derived(
        write(tmp_path / "rises.mp4", pictures), tmp_path / "store", Stills(pinned_seconds=pinned_seconds)
    )
    listed = sorted(stills.json("stills.json"), key=lambda one: one["rank_in_shot"])
    assert {one["shot"] for one in listed} == {1}
    thirds = [int(one["identity"]["time_seconds"] * 25) // 40 for one in listed]
    assert sorted(thirds) == [0, 1, 2]


def test_other_thresholds_decode_only_the_chosen_stills(sample_release: Path, sample_results: Path) -> None:
    clip = sample_release / "descent.mp4"
    derived(clip, sample_results, Stills())
    (again,) = derived(clip, sample_results, Stills(per_shot=1, shots=replace(Shots(), cut_ratio=2.5)))
    report = again.manifest.source_facts
    assert isinstance(report, dict)
    assert len(again.json("stills.json")) == 3
    assert isinstance(report["frame_count_decoded"], int)
    assert report["frame_count_decoded"] < 100


def test_a_hash_survives_scaling_and_brightness_and_distinguishes_pictures() -> None:
    first, second = scene(11, 0), scene(12, 0)
    changed = np.asarray(Image.fromarray((first * 0.8 + 20).astype(np.uint8)).resize((200, 112)))
    assert distance_bits(perceptual_hash(first), perceptual_hash(changed)) <= 4
    assert distance_bits(perceptual_hash(first), perceptual_hash(second)) >= 20


def test_a_fade_through_black_is_two_fades_without_stills(tmp_path: Path) -> None:
    light = np.concatenate([np.ones(40), np.linspace(1, 0, 21)[1:], np.linspace(0, 1, 21)[1:], np.ones(40)])
    pictures = [
        (scene(2 if frame < 60 else 5, 2 * frame) * share).astype(np.uint8) for frame, share in enumerate(light)
    ]
    shots, stills = derived(write(tmp_path / "t.mp4", pictures), tmp_path / "store", Shots(), Stills())
    fades = shots.json("shots.json")["transitions"]
    assert [fade["kind"] for fade in fades] == ["fade out", "fade in"]
    for fade, (first, end) in zip(fades, [(40, 60), (60, 80)], strict=True):
        assert (abs(fade["first_frame"] - first) <= 2, abs(fade["end_frame"] - end) <= 2) == (True, True), fade
    assert all(not 42 <= entry["identity"]["time_seconds"] * 25 < 78 for entry in stills.json("stills.json"))


def test_a_fade_through_white_parts_two_shots_and_a_flash_does_not(tmp_path: Path) -> None:
    def faded(seed: int, frame: int, share: float) -> np.ndarray:
        return (scene(seed, frame) * (1 - share) + 255 * share).round().astype(np.uint8)

    pictures = [faded(1, k, 0) for k in range(40)]
    pictures += [faded(1, 40 + k, (k + 1) / 15) for k in range(15)]
    pictures += [np.full((180, 320), 255, np.uint8)] * 5
    pictures += [faded(2, k, 1 - (k + 1) / 15) for k in range(15)] + [faded(2, 15 + k, 0) for k in range(40)]
    (shots,) = derived(write(tmp_path / "white.mp4", pictures), tmp_path / "store", Shots())
    found = shots.json("shots.json")
    assert [shot["starts_with"] for shot in found["shots"]] == ["start", "fade"]
    assert 54 <= found["shots"][1]["first_frame"] <= 60
    spans = [(one["kind"], one["first_frame"], one["end_frame"]) for one in found["transitions"]]
    assert [kind for kind, _, _ in spans] == ["fade out", "fade in"]
    assert [
        abs(frame - true) <= 2
        for (_, *both), trues in zip(spans, ((40, 54), (60, 74)), strict=True)
        for frame, true in zip(both, trues, strict=True)
    ] == [True] * 4
    flash = [scene(1, k) for k in range(60)]
    flash[30] = np.full((180, 320), 255, np.uint8)
    (shots,) = derived(write(tmp_path / "flash.mp4", flash), tmp_path / "store", Shots())
    assert "fade" not in [shot["starts_with"] for shot in shots.json("shots.json")["shots"]]
