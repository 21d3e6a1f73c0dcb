"""Motion agrees with the truth of a made descent, and is refused where pictures are held."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from processors.engine.parameters import changed, parse_settings
from processors.metadata.release.release_context import release_context
from processors.video.audit.bars_and_overlays import Box, StaticRegions
from processors.video.motion.motion import Motion
from processors.video.motion.registration import Registration, feature_mask
from processors.video.shots.shots import Shots
from tests.helpers.derived import Derived, derived
from tests.helpers.video_scenes import scene, write

VIEW_DEGREES = 60.0


@pytest.fixture(scope="module")
def truth(sample_release: Path) -> dict[str, Any]:
    return json.loads((sample_release / "truth.json").read_text())["files"]["descent.mp4"]["hazard_avoidance"]


@pytest.fixture(scope="module")
def motion(sample_release: Path, sample_results: Path) -> Derived:
    processor = Motion(only_shots=(3,), altitude_metres=100.0, field_of_view_degrees=VIEW_DEGREES)
    return derived(sample_release / "descent.mp4", sample_results, processor)[0]


def column(motion: Derived, name: str) -> np.ndarray:
    return pq.read_table(motion.path("motion.parquet"))[name].to_numpy()


def test_the_rate_of_scale_change_is_within_two_percent(motion: Derived, truth: dict[str, Any]) -> None:
    expected = np.gradient(np.log(truth["scale"]), 1 / 25, edge_order=2)
    found = column(motion, "scale_change_per_second")
    assert np.abs(found / expected - 1).max() < 0.02


def test_rotation_is_within_half_a_degree(motion: Derived, truth: dict[str, Any]) -> None:
    assert np.abs(column(motion, "rotation_degrees") - truth["rotation_degrees"]).max() < 0.5


def test_altitude_is_absolute_where_one_is_given(motion: Derived, truth: dict[str, Any]) -> None:
    altitude = column(motion, "altitude_metres")
    assert np.abs(altitude / truth["altitude_metres"] - 1).max() < 0.02
    assert np.abs(column(motion, "metres_per_px") / truth["metres_per_px"] - 1).max() < 0.02


def test_time_to_contact_is_altitude_over_speed(motion: Derived, truth: dict[str, Any]) -> None:
    altitude = np.array(truth["altitude_metres"])
    expected = altitude / -np.gradient(altitude, 1 / 25)
    inner = slice(2, -2)
    assert np.abs(column(motion, "time_to_contact_seconds")[inner] / expected[inner] - 1).max() < 0.02
    assert motion.json("motion.json")[0]["looks_along_motion"] is True


def test_the_items_of_a_descent(motion: Derived) -> None:
    assert motion.names == ["motion.parquet", "motion.json", "mosaic_0003.jpg"]


def test_the_mosaic_is_the_first_frame_with_the_detail_of_the_later_ones(
    motion: Derived, truth: dict[str, Any], sample_release: Path
) -> None:
    mosaic = cv2.imdecode(np.fromfile(motion.path("mosaic_0003.jpg"), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert mosaic is not None
    assert mosaic.shape == (1440, 2560)
    assert motion.facts("mosaic_0003.jpg")["total_scale"] == pytest.approx(truth["scale"][-1], rel=0.02)
    with av.open(str(sample_release / "descent.mp4")) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    first = frames[-len(truth["scale"])]
    middle = slice(120, 240), slice(200, 440)  # inside the bars and without the caption
    small = cv2.resize(mosaic, (640, 360), interpolation=cv2.INTER_AREA)
    shift, _ = cv2.phaseCorrelate(first[middle].astype(np.float64), small[middle].astype(np.float64))
    assert max(abs(shift[0]), abs(shift[1])) < 0.5
    enlarged = cv2.resize(first, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    centre = slice(620, 820), slice(1180, 1380)
    detail = [cv2.Laplacian(picture[centre], cv2.CV_64F).var() for picture in (mosaic, enlarged)]
    assert detail[0] > 2 * detail[1]


def test_without_an_altitude_the_curve_is_relative(sample_release: Path, motion: Derived) -> None:
    (relative,) = derived(sample_release / "descent.mp4", motion.store.root, Motion(only_shots=(3,)))
    table = pq.read_table(relative.path("motion.parquet"))
    assert table["altitude_metres"].null_count == table["metres_per_px"].null_count == table.num_rows == 160


def test_the_altitude_that_the_release_gives_is_its_shots_only(
    sample_release: Path, sample_results: Path, truth: dict[str, Any]
) -> None:
    said = {"altitude_metres": 100, "field_of_view_degrees": VIEW_DEGREES, "altitude_shot": 3}
    told = Motion().for_release(release_context({}, said))
    assert told == Motion(altitude_metres=100.0, field_of_view_degrees=VIEW_DEGREES, altitude_shot=3)
    by_hand = Motion(altitude_metres=90.0, field_of_view_degrees=50.0, altitude_shot=2)
    assert by_hand.for_release(release_context({}, said)) == by_hand
    assert Motion().for_release(release_context({"mission": "tianwen-1"}, {"credit": "CNSA"})) == Motion()
    (motion,) = derived(sample_release / "descent.mp4", sample_results, told)
    rows = pq.read_table(motion.path("motion.parquet")).to_pandas().groupby("shot").altitude_metres
    assert rows.count().to_dict() == {1: 0, 2: 0, 3: len(truth["altitude_metres"])}


def test_stop_motion_is_refused_with_the_reason(sample_release: Path, sample_results: Path) -> None:
    (refused,) = derived(sample_release / "drive-off.mp4", sample_results, Motion())
    assert refused.manifest.verdict == "refused"
    assert refused.manifest.reason is not None
    assert refused.manifest.reason.startswith("motion may not be measured: 210 of 300 frames repeat the one before")


def zoomed(frame: int, size_px: tuple[int, int]) -> np.ndarray:
    """A plane that grows by 1 % a frame around the picture's centre; 72 frames need 3 px of it for one."""
    width, height = size_px
    rng = np.random.default_rng(9)
    plane = cv2.GaussianBlur(rng.integers(0, 255, (height * 2, width * 2), np.uint8), (0, 0), 2.5)
    plane = cv2.normalize(plane, None, 40, 215, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    scale = 0.6 * 1.01**frame
    x, y = (width - 1) / 2, (height - 1) / 2
    matrix = np.array([[scale, 0, x - scale * (width - 0.5)], [0, scale, y - scale * (height - 0.5)]])
    return cv2.warpAffine(plane, matrix, size_px, flags=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def composite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A descent of 320 x 240 px beside a camera of 200 x 160 px that pans, on a ground that holds still."""
    pictures = []
    for frame in range(60):
        picture = np.full((360, 640), 24, np.uint8)
        picture[40:280, 40:360] = zoomed(frame, (320, 240))
        picture[100:260, 400:600] = scene(8, frame, (200, 160))
        picture[310:330, 60:200:3] = 220
        pictures.append(picture)
    return write(tmp_path_factory.mktemp("composite") / "composite.mp4", pictures)


@pytest.fixture(scope="module")
def of_composite(composite: Path, tmp_path_factory: pytest.TempPathFactory) -> Derived:
    return derived(composite, tmp_path_factory.mktemp("store"), Motion())[0]


def test_the_largest_part_that_moves_as_one_is_measured_in_place_of_a_composite(of_composite: Derived) -> None:
    (shot,) = of_composite.json("motion.json")
    found, others = shot["region"], shot["other_regions"]
    assert np.abs(np.array(found["region_px"]) - [40, 40, 320, 240]).max() <= 2
    assert np.abs(np.array([one["region_px"] for one in others]) - [[400, 100, 200, 160]]).max() <= 2
    assert (found["start_seconds"], found["end_seconds"], found["frame_count"]) == (0.0, 2.4, 60)
    assert found["chosen_because"] == (
        "the picture does not move as one; of 2 parts that do, it has the most px times frames"
    )
    assert others[0]["chosen_because"] is None
    assert shot["whole_refused_because"].endswith("than the rest: cameras side by side, or things that move")
    assert shot["refused_because"] is None
    assert shot["total_scale"] == pytest.approx(1.01**59, rel=0.005)
    assert column(of_composite, "scale_change_per_second") == pytest.approx(25 * np.log(1.01), rel=0.02)
    assert shot["looks_along_motion"] is True
    assert of_composite.names == ["motion.parquet", "motion.json", "region_0001.jpg"]


def test_the_region_is_shown_bright_in_a_frame(of_composite: Derived) -> None:
    drawn = cv2.imdecode(np.fromfile(of_composite.path("region_0001.jpg"), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    assert drawn.shape == (360, 640)
    assert drawn[60:260, 60:340].mean() > 2 * drawn[120:240, 420:580].mean()


def test_a_named_region_is_measured_and_nothing_else(composite: Path, tmp_path: Path) -> None:
    for region, scale in (((40, 40, 320, 240), 1.01**49), ((400, 100, 200, 160), 1.0)):
        processor = Motion(region_px=region, span_seconds=(0.4, 3.0), longest_side_px=320)
        (motion,) = derived(composite, tmp_path / "store", processor)
        (shot,) = motion.json("motion.json")
        assert shot["total_scale"] == pytest.approx(scale, rel=0.005)
        assert shot["region"] == {
            "region_px": list(region),
            "start_seconds": 0.4,
            "end_seconds": 2.4,
            "frame_count": 50,
            "chosen_because": "the parameter region_px names it",
        }
        if scale == 1.0:
            assert column(motion, "step_shift_x_px")[1:] == pytest.approx(-3, abs=0.1)
        else:
            mosaic = cv2.imdecode(np.fromfile(motion.path("mosaic_0001.jpg"), np.uint8), cv2.IMREAD_GRAYSCALE)
            assert mosaic is not None
            assert mosaic.shape == (960, 1280)


def test_an_altitude_that_a_chosen_part_cannot_take_is_refused_with_the_command(
    composite: Path, tmp_path: Path
) -> None:
    stated = Motion(altitude_metres=300.0, field_of_view_degrees=35.0, altitude_shot=1)
    (motion,) = derived(composite, tmp_path / "store", stated)
    (shot,) = motion.json("motion.json")
    region = ",".join(map(str, shot["region"]["region_px"]))
    command = f"marsmedia reprocess FILE --processor video.motion --set region_px={region} --set span_seconds=0,2.4"
    assert shot["altitude_refused_because"] == (
        "the altitude of shot 1 is not used: field_of_view_degrees is of the whole picture, and a part of it was "
        f"measured by itself; if it is of that part, name the part: {command} --set altitude_metres=300 "
        "--set field_of_view_degrees=35 --set altitude_shot=1"
    )
    assert np.isnan(column(motion, "altitude_metres")).all()
    (named,) = derived(composite, tmp_path / "store", replace(stated, region_px=tuple(shot["region"]["region_px"])))
    assert named.json("motion.json")[0]["altitude_refused_because"] is None
    assert column(named, "altitude_metres")[[0, -1]] == pytest.approx([300, 300 / 1.01**59], rel=0.005)


def test_the_command_for_a_part_that_is_seen_for_a_while_gives_altitudes(tmp_path: Path) -> None:
    pictures = []
    for frame in range(100):
        picture = np.full((360, 640), 24, np.uint8)
        if frame < 60:
            picture[40:280, 40:360] = zoomed(frame, (320, 240))
        else:  # two cameras share the place of the one before
            picture[40:280, 40:200] = scene(3, frame, (160, 240))
            picture[40:280, 200:360] = scene(8, 100 - frame, (160, 240))
        picture[100:260, 400:600] = scene(8, frame, (200, 160))
        pictures.append(picture)
    path = write(tmp_path / "a.mp4", pictures)
    stated = Motion(altitude_metres=300.0, field_of_view_degrees=35.0, altitude_shot=1, shots=Shots(cut_ratio=1000.0))
    (motion,) = derived(path, tmp_path / "store", stated)
    (shot,) = motion.json("motion.json")
    command = shlex.split(shot["altitude_refused_because"].partition("name the part: ")[2])
    settings = parse_settings(tuple(command[command.index("--set") + 1 :: 2]))
    assert settings["span_seconds"] == "0,2.08"
    (named,) = derived(path, tmp_path / "store", changed(stated, settings))
    assert named.json("motion.json")[0]["altitude_refused_because"] is None
    assert column(named, "altitude_metres")[[0, -1]] == pytest.approx([300, 300 / 1.01**51], rel=0.005)


OF_WHOLE = "field_of_view_degrees is of the whole picture, and region_px is a part of it"
OF_SHOT = "altitude_metres is of the first frame of the shot, and the measurement begins later"


@pytest.fixture(scope="module")
def descents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots of 60 frames, each of which grows by 1 % a frame, between black bars of 40 px."""
    pictures = []
    for frame in range(120):
        picture = np.zeros((240, 400), np.uint8)
        picture[:, 40:360] = zoomed(frame % 60, (320, 240)) if frame < 60 else 255 - zoomed(frame % 60, (320, 240)) // 2
        pictures.append(picture)
    return write(tmp_path_factory.mktemp("descents") / "descents.mp4", pictures)


@pytest.mark.parametrize(
    ("asked", "reason", "settings"),
    [
        (
            {"region_px": (100, 50, 180, 180)},
            f"{OF_WHOLE}; if it is of that part, set it on the command",
            "region_px=100,50,180,180 span_seconds=0,2.4 altitude_metres=300 field_of_view_degrees=35",
        ),
        (
            {"span_seconds": (1, 2)},
            f"{OF_SHOT}; set that of its first frame",
            "span_seconds=1,2 altitude_metres=METRES field_of_view_degrees=35",
        ),
        (
            {"region_px": (100, 50, 180, 180), "span_seconds": (1, 2)},
            f"{OF_WHOLE}; {OF_SHOT}; set both for that part, from its first frame on",
            "region_px=100,50,180,180 span_seconds=1,2 altitude_metres=METRES field_of_view_degrees=DEGREES",
        ),
    ],
)
def test_the_releases_altitude_is_not_that_of_a_named_part_or_a_later_span(
    descents: Path, tmp_path: Path, asked: dict[str, Any], reason: str, settings: str
) -> None:
    said = release_context({}, {"altitude_metres": 300, "field_of_view_degrees": 35, "altitude_shot": 1})
    (motion,) = derived(descents, tmp_path / "store", Motion(**asked).for_release(said))
    first, _ = motion.json("motion.json")
    words = "".join(f" --set {one}" for one in [*settings.split(), "altitude_shot=1"])
    assert first["refused_because"] is None
    assert first["altitude_refused_because"] == (
        f"the altitude of shot 1 is not used: {reason}: marsmedia reprocess FILE --processor video.motion{words}"
    )
    assert np.isnan(column(motion, "altitude_metres")).all()
    assert np.isnan(column(motion, "metres_per_px")).all()
    own = Motion(**asked, altitude_metres=200, field_of_view_degrees=20, altitude_shot=1)
    assert own.for_release(said) == own
    (named,) = derived(descents, tmp_path / "store", own)
    assert named.json("motion.json")[0]["altitude_refused_because"] is None
    width_px = 180 if "region_px" in asked else 320
    assert column(named, "altitude_metres")[0] == 200
    assert column(named, "metres_per_px")[0] == pytest.approx(400 * np.tan(np.radians(10)) / width_px)


@pytest.mark.parametrize(
    ("asked", "shot"),
    [
        ({"region_px": (0, 0, 400, 240)}, 1),
        ({"region_px": (40, 0, 320, 240), "span_seconds": (0, 2)}, 1),
        ({"span_seconds": (0, 2)}, 1),
        ({"span_seconds": (1, 4)}, 2),
        ({"span_seconds": (2.4, 4), "only_shots": (2,)}, 2),
    ],
)
def test_the_releases_altitude_is_used_for_all_of_the_picture_from_the_shots_first_frame_on(
    descents: Path, tmp_path: Path, asked: dict[str, Any], shot: int
) -> None:
    said = release_context({}, {"altitude_metres": 300, "field_of_view_degrees": 35, "altitude_shot": shot})
    (motion,) = derived(descents, tmp_path / "store", Motion(**asked).for_release(said))
    rows = pq.read_table(motion.path("motion.parquet")).to_pandas()
    ours = rows[rows.shot == shot]
    assert {one["altitude_refused_because"] for one in motion.json("motion.json")} == {None}
    assert ours.altitude_metres.to_numpy()[[0, 35]] == pytest.approx([300, 300 / 1.01**35], rel=0.005)
    assert ours.metres_per_px.iloc[0] == pytest.approx(600 * np.tan(np.radians(17.5)) / 320)
    assert rows[rows.shot != shot].altitude_metres.isna().all()


def test_the_releases_altitude_for_a_missing_shot_is_refused_for_a_part_too(descents: Path, tmp_path: Path) -> None:
    said = release_context({}, {"altitude_metres": 300, "field_of_view_degrees": 35, "altitude_shot": 9})
    (motion,) = derived(descents, tmp_path / "store", Motion(span_seconds=(0, 1)).for_release(said))
    assert motion.manifest.verdict == "refused"
    assert (motion.manifest.reason or "").startswith("there is no shot 9, to which the altitude belongs")


def test_an_altitude_of_a_picture_that_does_not_grow_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "pan.mp4", [scene(8, frame, (320, 240)) for frame in range(40)])
    (motion,) = derived(path, tmp_path / "store", Motion(altitude_metres=9, field_of_view_degrees=60, altitude_shot=1))
    assert motion.json("motion.json")[0]["altitude_refused_because"] == (
        "the altitude of shot 1 is not used: the picture does not grow steadily around a point inside it, as seen "
        "along the motion"
    )


@pytest.mark.parametrize("span", [(20.0, 30.0), (-3.0, 0.0)])
def test_a_span_outside_the_video_is_refused_with_its_duration(
    composite: Path, tmp_path: Path, span: tuple[float, float]
) -> None:
    (motion,) = derived(composite, tmp_path / "store", Motion(span_seconds=span))
    assert (motion.manifest.verdict, motion.manifest.reason) == (
        "refused",
        f"span_seconds {span[0]:g},{span[1]:g} is outside the video, which runs from 0.000 to 2.400 s: "
        "name a span inside it",
    )


def test_a_region_beyond_the_picture_is_refused(composite: Path, tmp_path: Path) -> None:
    (motion,) = derived(composite, tmp_path / "store", Motion(region_px=(400, 100, 241, 100)))
    assert (motion.manifest.verdict, motion.manifest.reason) == (
        "refused",
        "region_px 400,100,241,100 reaches beyond the picture of 640 x 360 px: name a region inside it",
    )


def test_two_adjacent_cameras_are_separated(tmp_path: Path) -> None:
    frames = range(60)
    pictures = [np.hstack([scene(3, k, (340, 360)), scene(8, 59 - k, (300, 360))]) for k in frames]
    (motion,) = derived(write(tmp_path / "split.mp4", pictures), tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert shot["region"]["region_px"] == [0, 0, 340, 360]
    assert [one["region_px"] for one in shot["other_regions"]] == [[340, 0, 300, 360]]
    assert column(motion, "step_shift_x_px")[1:] == pytest.approx(-3, abs=0.1)


def test_one_camera_is_measured_whole(tmp_path: Path) -> None:
    alone = write(tmp_path / "alone.mp4", [scene(3, k, (640, 360)) for k in range(60)])
    (motion,) = derived(alone, tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert (shot["region"], shot["refused_because"], shot["whole_refused_because"]) == (None, None, None)
    assert shot["total_scale"] == pytest.approx(1, abs=1e-3)
    assert column(motion, "other_motion_share")[1:].max() == 0


def test_parts_without_borders_have_no_motion_in_common(tmp_path: Path) -> None:
    blend = np.clip((np.arange(640) - 260) / 120, 0, 1)
    pictures = [
        (scene(3, k, (640, 360)) * (1 - blend) + scene(8, 59 - k, (640, 360)) * blend).astype(np.uint8)
        for k in range(60)
    ]
    (motion,) = derived(write(tmp_path / "blend.mp4", pictures), tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert shot["refused_because"].endswith("than the rest: cameras side by side, or things that move")
    assert (shot["region"], shot["total_scale"], shot["looks_along_motion"]) == (None, None, False)
    assert motion.names == ["motion.parquet", "motion.json"]
    assert np.isfinite(column(motion, "scale")).sum() == 60, "rows stay, as docs/measuring.md says"


def test_a_caption_that_moves_is_not_the_scene(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    caption = rng.integers(0, 2, (16, 120), np.uint8).repeat(2, axis=0).repeat(2, axis=1)[:16, :120] * 255
    pictures = []
    for frame in range(40):
        picture = np.full((360, 640), 90, np.uint8)
        picture[170:186, 100 + 2 * frame : 220 + 2 * frame] = caption
        pictures.append(picture)
    (motion,) = derived(write(tmp_path / "caption.mp4", pictures), tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert (shot["refused_because"], shot["total_scale"]) == ("no two frames could be registered", None)


@pytest.mark.parametrize(
    ("only_shots", "reason"),
    [
        ((), "no shot has 8 frames or more: motion needs a longer shot; the frames are in video.frames"),
        ((1,), "none of the shots in only_shots has 8 frames or more: choose other shots, or leave only_shots empty"),
    ],
)
def test_a_video_of_a_few_frames_is_refused_with_the_reason(
    only_shots: tuple[int, ...], reason: str, tmp_path: Path
) -> None:
    write(tmp_path / "short.mp4", [scene(3, k) for k in range(6)])
    (refused,) = derived(tmp_path / "short.mp4", tmp_path / "store", Motion(only_shots=only_shots))
    assert (refused.manifest.verdict, refused.manifest.reason) == ("refused", reason)


def test_an_altitude_for_a_missing_shot_is_refused(sample_release: Path, sample_results: Path) -> None:
    wrong = Motion(altitude_metres=100.0, field_of_view_degrees=VIEW_DEGREES, altitude_shot=9)
    (motion,) = derived(sample_release / "descent.mp4", sample_results, wrong)
    assert (motion.manifest.verdict, motion.manifest.reason) == (
        "refused",
        "there is no shot 9, to which the altitude belongs: name one of 1 to 3 as altitude_shot",
    )


def test_the_descent_camera_of_a_press_clip_is_found(samples: Path, tmp_path: Path) -> None:
    (motion,) = derived(samples / "release/perseverance-descent.mp4", tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert shot["whole_refused_because"].startswith("in 16% of the steps a part of the picture moves in another way")
    assert np.abs(np.array(shot["region"]["region_px"]) - [142, 0, 375, 299]).max() <= 3
    assert shot["region"]["end_seconds"] == pytest.approx(2.04, abs=0.1)  # then the editor moves the panel away
    assert shot["looks_along_motion"] is True
    assert shot["total_scale"] == pytest.approx(2.04, abs=0.05)


def test_a_static_camera_does_not_drift() -> None:
    rng = np.random.default_rng(6)
    plane = cv2.GaussianBlur(rng.integers(0, 255, (280, 400), np.uint8), (0, 0), 2)
    plane = cv2.normalize(plane, None, 40, 215, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    camera, scale, shift = Registration(np.full((240, 320), 255, np.uint8)), 1.0, 0.0
    for frame in range(150):
        weave = np.array([[1, 0, np.sin(frame) - 40], [0, 1, np.cos(frame) - 20]])
        shown = cv2.warpAffine(plane, weave, (320, 240)) + rng.normal(0, 6, (240, 320))
        step = camera.step(np.clip(shown, 0, 255).astype(np.uint8))
        if step:
            scale, shift = scale * step.scale, shift + step.shift_x_px
    assert scale == pytest.approx(1, abs=2e-4)
    assert shift == pytest.approx(np.sin(149), abs=0.03)


def test_a_known_similarity_is_found() -> None:
    rng = np.random.default_rng(4)
    plane = cv2.GaussianBlur(rng.integers(0, 255, (360, 480), np.uint8), (0, 0), 2)
    plane = cv2.normalize(plane, None, 20, 235, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    matrix = cv2.getRotationMatrix2D((239.5, 179.5), -2.0, 1.03) + np.array([[0, 0, 3.5], [0, 0, -1.25]])
    moved = cv2.warpAffine(plane, matrix, (480, 360), flags=cv2.INTER_CUBIC)
    camera = Registration(np.full(plane.shape, 255, np.uint8))
    assert camera.step(plane) is None
    found = camera.step(moved)
    assert found is not None
    assert abs(found.scale - 1.03) < 2e-4
    assert abs(found.rotation_degrees - 2.0) < 0.01
    assert abs(found.shift_x_px - 3.5) < 0.03
    assert abs(found.shift_y_px + 1.25) < 0.03
    assert np.allclose(found.matrix((239.5, 179.5)), matrix, atol=0.1)


def test_a_picture_that_shrinks_to_a_third_is_followed_to_its_end() -> None:
    rng = np.random.default_rng(4)
    plane = cv2.GaussianBlur(rng.integers(0, 255, (1080, 1440), np.uint8), (0, 0), 3)
    plane = cv2.normalize(plane, None, 20, 235, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    camera = Registration(np.full((360, 480), 255, np.uint8))
    scales = 3 ** -np.linspace(0, 1, 41)
    found = []
    for scale in scales:
        matrix = np.array([[scale, 0, 239.5 - 719.5 * scale], [0, scale, 179.5 - 539.5 * scale]])
        found.append(camera.step(cv2.warpAffine(plane, matrix, (480, 360), flags=cv2.INTER_LINEAR)))
    assert found[0] is None
    assert all(found[1:])
    assert np.prod([step.scale for step in found if step]) == pytest.approx(1 / 3, rel=0.01)


def test_pictures_without_detail_are_not_registered() -> None:
    flat = np.full((200, 300), 90, np.uint8)
    camera = Registration(np.full(flat.shape, 255, np.uint8))
    assert [camera.step(flat), camera.step(flat)] == [None, None]


def test_features_keep_out_of_bars_and_overlays() -> None:
    still = StaticRegions(
        picture_box=Box(left_px=0, top_px=40, right_px=640, bottom_px=320),
        overlays=(Box(left_px=500, top_px=260, right_px=600, bottom_px=300),),
        overlays_unknown_because=None,
    )
    mask = feature_mask((180, 320), 640, still)
    assert (mask[:22].max(), mask[130:150, 250:300].max(), mask[100, 100]) == (0, 0, 255)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"release_altitude": (500.0, 35.0)},
            r"release_altitude is \(500.0, 35.0\): must be altitude, field of view and shot, without altitude_metres",
        ),
        ({"altitude_metres": 100.0}, "field_of_view_degrees is None: must be given together with altitude_metres"),
        (
            {"altitude_metres": 100.0, "field_of_view_degrees": 60.0},
            "altitude_shot is None: must be the shot that altitude_metres belongs to",
        ),
        ({"longest_side_px": 10}, "longest_side_px is 10: must be 128 to 1920"),
        (
            {"region_px": [0, 0, 100]},
            r"region_px is \(0, 0, 100\): must be left, top, width and height, the last two 64 or more",
        ),
        ({"span_seconds": (3.0, 1.0)}, r"span_seconds is \(3.0, 1.0\): must be start and end"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Motion(**parameters)
