"""Plots of motion show what was measured and nothing else, and their texts can be read."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from processors.contract import ReleaseWords
from processors.video.motion.motion_curve import Curve
from processors.video.motion.motion_plot import PANEL_PX, TEXT_PX, MotionPlotter, linear_ticks, scale_ticks

WORDS = ReleaseWords(title="Touchdown", mission="Tianwen-1", date="2021-05-15", credit="CNSA")


def curve(scale: float, degrees: float, start: float = 0.0, contact: Sequence[float | None] | None = None) -> Curve:
    share = np.linspace(0, 1, 20)
    return Curve(
        time_seconds=(start + 2 * share).tolist(),
        scale=(scale**share).tolist(),
        rotation_degrees=(degrees * share).tolist(),
        scale_change_per_second=[None] * 20,
        time_to_contact_seconds=list(contact or [None] * 20),
        looks_along_motion=contact is not None,
        median_residual_px=0.1,
        median_inlier_share=1.0,
        has_other_motion=[False] * 19,
    )


def texts(plotter: MotionPlotter, *curves: Curve) -> list[Text]:
    """All texts that are drawn."""
    figure = plotter.figure("shot 2 of 3", curves)
    figure.canvas.draw()
    found = figure.findobj(lambda one: isinstance(one, Text) and one.get_visible() and bool(one.get_text()))
    return [one for one in found if isinstance(one, Text)]


def test_a_plot_says_what_it_shows() -> None:
    written = {one.get_text() for one in texts(MotionPlotter("$descent$.mp4", WORDS), curve(2, 5))}
    assert {
        "Touchdown: $descent$.mp4",
        "Motion in shot 2 of 3 · Tianwen-1 · 2021-05-15 · Credit: CNSA",
        "scale since the first frame",
        "rotation (degrees)",
        "presentation time (s)",
    } <= written
    unknown = {one.get_text() for one in texts(MotionPlotter("着陆过程.mp4", ReleaseWords()), curve(2, 5))}
    assert {"video", "Motion in shot 2 of 3"} <= unknown


def test_there_is_a_panel_for_each_line_and_no_other() -> None:
    plotter = MotionPlotter("a.mp4", ReleaseWords())
    pictures = (plotter.draw("shot 1 of 1", [one]) for one in (curve(2, 5), curve(2, 5, contact=[5.0] * 20)))
    sizes = [Image.open(io.BytesIO(picture)).size for picture in pictures]
    assert sizes == [(1000, 518), (1000, 726)]


def test_the_same_shot_gives_the_same_plot_whatever_was_drawn_before() -> None:
    plotter, shot = MotionPlotter("a.mp4", WORDS), [curve(2, 5)]
    first = plotter.draw("shot 1 of 2", shot)
    plotter.draw("shot 2 of 2", [curve(20, -80, contact=[2.0] * 20)])
    assert plotter.draw("shot 1 of 2", shot) == first == MotionPlotter("a.mp4", WORDS).draw("shot 1 of 2", shot)


def test_segments_that_start_again_are_counted() -> None:
    written = {one.get_text() for one in texts(MotionPlotter("a.mp4", WORDS), curve(2, 5), curve(1.5, 5, start=3))}
    assert "2 segments: each starts at scale 1 and 0 degrees" in written


def test_a_time_to_contact_without_limit_does_not_flatten_the_rest() -> None:
    contact = [*[5.0] * 18, 90_000.0, None]
    plotter = MotionPlotter("a.mp4", WORDS)
    assert "more than 20 s is not shown" in {one.get_text() for one in texts(plotter, curve(2, 5, contact=contact))}
    assert plotter.figure("shot 1 of 1", [curve(2, 5, contact=contact)]).axes[2].get_ylim()[1] < 25


@pytest.mark.parametrize(("scale", "start"), [(1.0, 0.0), (1.0003, 35_998.25), (0.4, 2.0), (25, -1.0), (1e7, 0.0)])
def test_no_two_texts_touch_and_none_is_cut_off(scale: float, start: float) -> None:
    long = ReleaseWords(title="Landing " * 30, credit="China National Space Administration " * 8)
    shot = curve(scale, -300 * math.log(scale), start, contact=[1e-3, 0.02, *[3.7] * 18])
    drawn = texts(MotionPlotter("a.mp4", long), shot)
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
