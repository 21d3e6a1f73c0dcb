"""What a run tells of the shots of a video is one line, whatever their number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from processors.video.motion.motion_curve import curve_of
from processors.video.motion.shot_summary import ShotMotion, advice_on, refusal_of, summary_of
from tests.video.test_motion_sigma import steps_of

NOT_REGISTERED = "no two frames could be registered"
ALTITUDE = "the altitude of shot 2 is not used: the picture does not grow"


def measured(shot: int, **facts: str) -> ShotMotion:
    """A shot whose picture grows by 1 % a frame."""
    steps = steps_of(np.full(20, 0.01), np.zeros(20), 1e-4)
    return replace(summary_of(shot, [curve_of([k / 25 for k in range(21)], steps, (240.0, 180.0), 1.0)]), **facts)  # type: ignore[arg-type]


def refused(shot: int) -> ShotMotion:
    """A shot of one frame."""
    return summary_of(shot, [curve_of([0.0], [None], (240.0, 180.0), 1.0)])


def without_frames(shot: int) -> ShotMotion:
    return summary_of(shot, [])


@pytest.mark.parametrize(
    ("shots", "told"),
    [
        ([measured(1), measured(2)], ""),
        ([measured(1), refused(2)], f"shot 2 refused: {NOT_REGISTERED}"),
        ([refused(1), measured(2), refused(3)], f"shot 1 refused: {NOT_REGISTERED}; 1 more shot is refused"),
        ([refused(shot) for shot in range(1, 41)], f"shot 1 refused: {NOT_REGISTERED}; 39 more shots are refused"),
    ],
)
def test_one_line_tells_of_all_refused_shots(shots: list[ShotMotion], told: str) -> None:
    assert refusal_of(shots) == told
    assert advice_on(shots) == (told or None)


def test_shots_outside_the_span_are_not_told_as_refused() -> None:
    assert refusal_of([without_frames(1), measured(2), without_frames(3)]) == ""
    assert refusal_of([without_frames(1), refused(2), without_frames(3)]) == f"shot 2 refused: {NOT_REGISTERED}"
    assert refusal_of([without_frames(1), without_frames(2)]) == (
        f"shot 1 refused: {NOT_REGISTERED}; 1 more shot is refused"
    )


def test_a_refused_shot_hides_nothing_else_that_is_to_be_told() -> None:
    stated, weak = measured(2, altitude_refused_because=ALTITUDE), measured(3, weak_because="few features agree")
    assert advice_on([stated, weak]) == f"{ALTITUDE}; shot 3: few features agree"
    assert advice_on([weak, measured(4, weak_because="dust")]) == "shot 3: few features agree"
    assert advice_on([refused(1), stated, weak]) == (
        f"shot 1 refused: {NOT_REGISTERED}; {ALTITUDE}; shot 3: few features agree"
    )
