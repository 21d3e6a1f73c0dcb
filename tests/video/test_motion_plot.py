"""Plots of motion show what was measured and nothing else, and their texts can be read."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from processors.contract import MissionContext, ReleaseContext, ReleaseWords
from processors.json_records import from_json
from processors.video.motion import motion_plot
from processors.video.motion.motion import Motion
from processors.video.motion.motion_plot import MotionPlot
from processors.video.motion.plot_drawing import (
    PANEL_PX,
    TEXT_PX,
    MotionPlotter,
    PlottedRegion,
    PlottedSegment,
    linear_ticks,
    scale_ticks,
)
from processors.video.motion.region import RegionFacts
from processors.video.motion.shot_summary import ShotMotion
from tests.helpers.derived import derived
from tests.helpers.video_scenes import scene, write

REGION = PlottedRegion(
    facts=RegionFacts(
        region_px=(142, 0, 1375, 1299),
        start_seconds=0.0,
        end_seconds=2.04,
        frame_count=52,
        chosen_because="the picture does not move as one; of 3 parts that do, it has the most px times frames",
    ),
    picture=np.zeros((540, 960, 3), np.uint8),
    has_others=True,
)
WORDS = ReleaseWords(title="Touchdown", mission="Tianwen-1", date="2021-05-15", credit="CNSA")


def curve(
    scale: float,
    degrees: float,
    start: float = 0.0,
    contact: Sequence[float | None] | None = None,
    sigma: float = 0.1,
    missing: int | None = None,
    inlier_share: float = 0.9,
) -> PlottedSegment:
    share = np.linspace(0, 1, 20)
    return PlottedSegment(
        time_seconds=(start + 2 * share).tolist(),
        scale=(scale**share).tolist(),
        scale_sigma=(0.1 * share).tolist(),
        rotation_degrees=(degrees * share).tolist(),
        rotation_sigma_degrees=share.tolist(),
        inlier_share=[None, *[0.9] * 14, *[inlier_share] * 5],
        time_to_contact_seconds=list(contact or [None] * 20),
        time_to_contact_sigma_seconds=[None if one is None else sigma for one in contact or [None] * 20],
        missing_pictures=[int(number == missing) for number in range(20)],
    )


def texts(plotter: MotionPlotter, *curves: PlottedSegment, region: PlottedRegion | None = None) -> list[Text]:
    """All texts that are drawn."""
    figure = plotter.figure("shot 2 of 3", curves, region)
    figure.canvas.draw()
    found = figure.findobj(lambda one: isinstance(one, Text) and one.get_visible() and bool(one.get_text()))
    return [one for one in found if isinstance(one, Text)]


def test_a_plot_says_what_it_shows() -> None:
    plotter = MotionPlotter("$descent$.mp4", WORDS)
    assert plotter.title("shot 2 of 3") == (
        "Touchdown ($descent$.mp4)",
        "Motion in shot 2 of 3 · Tianwen-1 · 2021-05-15 · Credit: CNSA",
    )
    written = {one.get_text() for one in texts(plotter, curve(2, 5))}
    assert {"scale since the first frame", "rotation (degrees)", "presentation time (s)"} <= written
    assert MotionPlotter("着陆过程.mp4", ReleaseWords()).title("shot 1 of 1") == (
        "着陆过程.mp4",
        "Motion in shot 1 of 1",
    )
    assert MotionPlotter("\U0001f680.mp4", ReleaseWords()).title("shot 1 of 1")[0] == "video"


def test_the_title_is_in_the_picture_above_the_panels() -> None:
    def rows(name: str) -> np.ndarray:
        drawn = MotionPlotter(name, ReleaseWords()).draw("shot 1 of 1", [curve(2, 5)])
        return np.asarray(Image.open(io.BytesIO(drawn)).convert("L"))

    plain, chinese = rows("a.mp4"), rows("着陆过程.mp4")
    assert np.array_equal(plain[34:], chinese[34:])
    assert (chinese[:34] < 128).sum() > 2 * (plain[:34] < 128).sum() > 0


def test_each_line_has_one_panel() -> None:
    plotter = MotionPlotter("a.mp4", ReleaseWords())
    pictures = (plotter.draw("shot 1 of 1", [one]) for one in (curve(2, 5), curve(2, 5, contact=[5.0] * 20)))
    sizes = [Image.open(io.BytesIO(picture)).size for picture in pictures]
    assert sizes == [(1000, 518), (1000, 726)]


def test_the_same_shot_gives_the_same_plot_whatever_was_drawn_before() -> None:
    plotter, shot = MotionPlotter("a.mp4", WORDS), [curve(2, 5)]
    first = plotter.draw("shot 1 of 2", shot)
    plotter.draw("shot 2 of 2", [curve(20, -80, contact=[2.0] * 20)])
    assert plotter.draw("shot 1 of 2", shot) == first == MotionPlotter("a.mp4", WORDS).draw("shot 1 of 2", shot)


def test_a_region_is_shown_with_the_reason_for_its_choice() -> None:
    written = [one.get_text() for one in texts(MotionPlotter("a.mp4", WORDS), curve(2, 5), region=REGION)]
    assert "Region of 1375 x 1299 px, 142 px from the left, 0 from the top" in written
    assert "52 frames, 0.00 to 2.04 s" in written
    assert "In grey: the other parts, at their own times" in written
    assert any(one.startswith("Chosen because the picture does not move as one; of 3 parts") for one in written)


def test_other_words_draw_again_and_measure_nothing(tmp_path: Path) -> None:
    path, store = write(tmp_path / "pan.mp4", [scene(3, k) for k in range(30)]), tmp_path / "store"
    motion, first = derived(path, store, Motion(), MotionPlot())
    again, other = derived(
        path, store, Motion(), MotionPlot().for_release(ReleaseContext(by_mission=lambda: MissionContext(words=WORDS)))
    )
    assert first.names == other.names == ["motion_0001.png"]
    assert again.manifest == motion.manifest
    assert other.manifest.ref.key != first.manifest.ref.key
    assert other.path("motion_0001.png").read_bytes() != first.path("motion_0001.png").read_bytes()


def test_what_does_not_move_as_one_is_not_plotted(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.mp4", [np.full((180, 320), 90 + k % 2 * 60, np.uint8) for k in range(30)])
    (plot,) = derived(path, tmp_path / "store", MotionPlot())
    assert (plot.manifest.verdict, plot.manifest.reason) == (
        "refused",
        "the motion of no shot can be plotted: shot 1 refused: no two frames could be registered",
    )


def test_segments_that_start_again_are_counted() -> None:
    written = {one.get_text() for one in texts(MotionPlotter("a.mp4", WORDS), curve(2, 5), curve(1.5, 5, start=3))}
    assert "2 segments: each starts at scale 1 and 0 degrees" in written


def test_a_pattern_of_the_steps_is_told_below_the_lines() -> None:
    plotter = MotionPlotter("descent.mp4", ReleaseWords())
    note = "steps repeat every 5 frames: taken or coded unevenly"
    figure = plotter.figure("shot 1 of 1", [curve(2, 0), curve(2, 0)], note=note)
    assert [text.get_text() for text in figure.texts if "repeat" in text.get_text()] == [note]


def descending(path: Path, options: dict[str, str]) -> Path:
    """A clip of even times over a plane with noise, at a steady speed."""
    width, height = 640, 480
    rng = np.random.default_rng(9)
    plane = cv2.GaussianBlur(rng.integers(0, 255, (height * 3, width * 3), np.uint8), (0, 0), 3)
    plane = cv2.normalize(plane, None, 30, 225, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    pictures = []
    for frame in range(120):
        scale = 0.45 / (1 - 0.003 * frame)
        x, y = (width - 1) / 2, (height - 1) / 2
        matrix = np.array([[scale, 0, x - scale * (3 * x + 1)], [0, scale, y - scale * (3 * y + 1)]])
        seen = cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_AREA) + rng.normal(0, 4, (height, width))
        pictures.append(np.clip(seen, 0, 255).astype(np.uint8))
    return write(path, pictures, options=options)


@pytest.mark.parametrize(
    ("options", "note"), [({}, "steps repeat every 4 frames: taken or coded unevenly"), ({"bf": "0"}, "")]
)
def test_steps_that_repeat_with_the_types_of_pictures_may_be_the_codecs(
    tmp_path: Path, options: dict[str, str], note: str
) -> None:
    path = descending(tmp_path / "d.mp4", {"crf": "33", **options})
    (motion,) = derived(path, tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert motion_plot._note(from_json(ShotMotion, shot)) == note


def test_standard_errors_and_missing_pictures_are_drawn() -> None:
    plotter = MotionPlotter("a.mp4", WORDS)
    shot = curve(2, 5, contact=[5.0] * 20, sigma=0.5, missing=10)
    figure = plotter.figure("shot 1 of 1", [shot])
    (band,) = figure.axes[2].collections
    scale, rotation = (panel.collections[0].get_datalim(panel.transData) for panel in figure.axes[:2])
    assert (scale.y0, scale.y1) == pytest.approx((1, 2 * math.exp(0.05)))
    assert (rotation.y0, rotation.y1) == pytest.approx((0, 6))
    box = band.get_datalim(figure.axes[2].transData)
    assert (box.y0, box.y1) == pytest.approx((4.5, 5.5))
    for panel in figure.axes[:3]:
        dotted = [line for line in panel.lines if line.get_linestyle() == ":"]
        assert [float(np.asarray(line.get_xdata())[0]) for line in dotted] == [shot.time_seconds[10]]
    note = "dotted: a picture may be missing; band: standard error"
    assert note in {one.get_text() for one in texts(plotter, shot)}


def test_steps_in_which_few_features_agree_are_grey() -> None:
    plotter, shot = MotionPlotter("a.mp4", WORDS), curve(2, 5, inlier_share=0.49)
    figure = plotter.figure("shot 1 of 1", [shot])
    for panel in figure.axes[:2]:
        spans = [(one.get_x(), one.get_x() + one.get_width()) for one in panel.patches if isinstance(one, Rectangle)]
        assert np.array(spans) == pytest.approx(np.array(list(itertools.pairwise(shot.time_seconds[14:]))))
    note = "grey: fewer than half of the features agree"
    assert note in {one.get_text() for one in texts(plotter, shot)}
    assert note not in {one.get_text() for one in texts(plotter, curve(2, 5))}


def test_a_time_to_contact_without_limit_does_not_flatten_the_rest() -> None:
    contact = [*[5.0] * 18, 90_000.0, None]
    plotter = MotionPlotter("a.mp4", WORDS)
    assert "more than 20 s is not shown" in {one.get_text() for one in texts(plotter, curve(2, 5, contact=contact))}
    assert plotter.figure("shot 1 of 1", [curve(2, 5, contact=contact)]).axes[2].get_ylim()[1] < 25


@pytest.mark.parametrize(("scale", "start"), [(1.0, 0.0), (1.0003, 35_998.25), (0.4, 2.0), (25, -1.0), (1e7, 0.0)])
@pytest.mark.parametrize("region", [None, REGION])
def test_no_two_texts_touch_and_none_is_cut_off(scale: float, start: float, region: PlottedRegion | None) -> None:
    long = ReleaseWords(title="Landing " * 30, credit="China National Space Administration " * 8)
    shot = curve(scale, -300 * math.log(scale), start, contact=[1e-3, 0.02, *[3.7] * 18], missing=5)
    drawn = texts(MotionPlotter("a.mp4", long), shot, region=region)
    boxes = [one.get_window_extent() for one in drawn]
    for (one, text), (other, further) in itertools.combinations(zip(boxes, drawn, strict=True), 2):
        assert not one.overlaps(other), (text.get_text(), further.get_text())
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= 1000


@pytest.mark.parametrize("high", [1.001, 1.1, 1.99, 2.7, 3.99, 4.0, 7, 60, 999, 1.1e3, 1e9, 1e40])
@pytest.mark.parametrize("low", [1.0, 0.9, 0.37])
def test_ticks_of_the_scale_are_round_and_apart(low: float, high: float) -> None:
    ticks = scale_ticks(low, high)
    places = [math.log(value / low) / math.log(high / low) * PANEL_PX for value, _ in ticks]
    assert 2 <= len(ticks) <= 12
    assert min(np.diff(places)) > 1.2 * TEXT_PX
    assert [float(text) for _, text in ticks] == pytest.approx([value for value, _ in ticks])


def test_ticks_have_the_decimals_that_they_need() -> None:
    assert [text for _, text in linear_ticks(-0.3, 0.8, 5)] == ["−0.25", "0.00", "0.25", "0.50", "0.75"]
    assert [text for _, text in linear_ticks(36_000.1, 36_001.2, 3)] == ["36000.5", "36001.0"]
