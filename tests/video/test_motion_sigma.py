"""Standard errors of motion: the truth of made descents is within them about as often as they say."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import degrees, exp, hypot, log

import cv2
import numpy as np
import pytest

from processors.video.motion.motion_curve import CORRELATED, Curve, curve_of
from processors.video.motion.registration import Similarity, standard_error
from processors.video.motion.shot_summary import summary_of
from processors.video.motion.track import Track

SIZE_PX = (480, 360)
FRAMES, PER_SECOND = 50, 25


def plane(random: np.random.Generator) -> np.ndarray:
    """Ground with detail of several sizes, 1100 px wide."""
    fine, coarse = (cv2.GaussianBlur(random.normal(0, 1, (1100, 1100)).astype(np.float32), (0, 0), s) for s in (2, 8))
    ground = fine + 2 * coarse
    return np.clip(ground / ground.std() * 40 + 128, 0, 255).astype(np.float32)


def seen(ground: np.ndarray, scale: float, rotation: float) -> np.ndarray:
    """The ground from above, around the picture's centre, without noise; each px is the mean of four."""
    (width, height), c, s = SIZE_PX, scale * np.cos(rotation), scale * np.sin(rotation)
    turned = np.array([[c, -s], [s, c]])
    shift = (np.array(SIZE_PX) - 1) / 2 - turned @ ((np.array(ground.shape[::-1]) - 1) / 2)
    doubled = np.column_stack([2 * turned, 2 * shift + 0.5])
    large = cv2.warpAffine(ground, doubled, (2 * width, 2 * height), flags=cv2.INTER_LINEAR)
    return large.reshape(height, 2, width, 2).mean(axis=(1, 3))


class Descent:
    """Descent at a steady speed, which would touch the ground `contact_seconds` after its first frame."""

    def __init__(self, seed: int, contact_seconds: float, spin: float, noise: float = 2.0) -> None:
        random = np.random.default_rng(seed)
        ground, self.contact_seconds = plane(random), contact_seconds
        self.times = np.arange(FRAMES) / PER_SECOND
        self.scale, self.rotation = 1 / (1 - self.times / contact_seconds), spin * self.times
        track = Track(np.full(SIZE_PX[::-1], 255, np.uint8), 1.0)
        for number, (scale, rotation) in enumerate(zip(self.scale, self.rotation, strict=True)):
            picture = seen(ground, 0.8 * scale, rotation) + random.normal(0, noise, SIZE_PX[::-1])
            time = Fraction(number, PER_SECOND)
            track.add(np.clip(picture + 0.5, 0, 255).astype(np.uint8), number, time, time + Fraction(1, PER_SECOND))
        (self.curve,) = track.curves()


@pytest.fixture(scope="module")
def descents() -> list[Descent]:
    kinds = ((2.6, 0.05), (3.5, 0.3), (6.0, -0.1), (12.0, 0.02))
    return [Descent(seed, *kind) for seed in range(2) for kind in kinds]


def errors(
    found: Sequence[float | None], sigmas: Sequence[float | None], truth: np.ndarray, part: slice = slice(None)
) -> np.ndarray:
    """Errors in standard errors."""
    return (np.array(found[part], float) - truth[part]) / np.array(sigmas[part], float)


def test_the_truth_is_within_one_and_two_standard_errors_as_often_as_stated(descents: list[Descent]) -> None:
    every: dict[str, list[np.ndarray]] = {"scale": [], "rotation": [], "rate": [], "contact": []}
    for one in descents:
        curve, rate, later = one.curve, 1 / (one.contact_seconds - one.times), slice(5, None)
        every["scale"].append(errors(curve.scale, curve.scale_sigma, one.scale, later))
        turns = np.degrees(one.rotation)
        every["rotation"].append(errors(curve.rotation_degrees, curve.rotation_sigma_degrees, turns, later))
        every["rate"].append(errors(curve.scale_change_per_second, curve.scale_change_sigma_per_second, rate))
        left = curve.time_to_contact_seconds
        every["contact"].append(errors(left, curve.time_to_contact_sigma_seconds, 1 / rate))
    for name, parts in every.items():
        away = np.abs(np.concatenate(parts))
        assert (away <= 1).mean() >= 0.8, name
        assert (away <= 2).mean() >= 0.95, name


def test_the_contact_of_the_last_second_is_right_within_its_error(descents: list[Descent]) -> None:
    away = []
    for one in descents:
        summary = summary_of(1, [one.curve])
        assert summary.time_to_contact_seconds is not None
        assert summary.time_to_contact_sigma_seconds is not None
        truth = one.contact_seconds - one.times[-1]
        assert summary.time_to_contact_sigma_seconds < 0.05 * truth
        away.append(abs(summary.time_to_contact_seconds - truth) / summary.time_to_contact_sigma_seconds)
    assert max(away) < 2
    assert np.mean(np.array(away) < 1) >= 0.5


def steps_of(logs: np.ndarray, turns: np.ndarray, sigma: float) -> list[Similarity | None]:
    return [
        None,
        *(
            Similarity(
                scale=exp(log),
                rotation_degrees=degrees(turn),
                shift_x_px=0.0,
                shift_y_px=0.0,
                inliers=200,
                inlier_share=0.9,
                residual_px=0.1,
                other_motion_share=0.0,
                sigma=sigma,
            )
            for log, turn in zip(logs, turns, strict=True)
        ),
    ]


def curve(logs: np.ndarray, sigma: float = 1e-4) -> Curve:
    return curve_of((np.arange(len(logs) + 1) / 25).tolist(), steps_of(logs, logs, sigma), (320.0, 180.0), 1.0)


def test_errors_of_steps_go_on_into_sums_and_slopes() -> None:
    random, sigma = np.random.default_rng(4), 1e-4
    made = [curve(random.normal(0, CORRELATED * sigma, 30), sigma) for _ in range(2000)]
    rates = np.array([one.scale_change_per_second for one in made], float)
    stated = np.sqrt(np.square(np.array([one.scale_change_sigma_per_second for one in made], float)).mean(axis=0))
    assert (stated / rates.std(axis=0) >= 0.95).all()
    assert (stated / rates.std(axis=0) <= 1.25).all(), "the scatter of the fit comes on top"
    scales = np.array([one.scale for one in made])
    assert scales.std(axis=0) == pytest.approx(np.array(made[0].scale_sigma), rel=0.08, abs=1e-12)
    turned = np.array([one.rotation_degrees for one in made])
    assert turned.std(axis=0) == pytest.approx(np.array(made[0].rotation_sigma_degrees), rel=0.08, abs=1e-12)


def test_a_fits_standard_error_is_the_scatter_of_fits() -> None:
    random = np.random.default_rng(5)
    points = random.uniform(-200, 200, (150, 2))
    design = np.zeros((300, 4))
    design[::2, 0], design[::2, 1], design[::2, 2] = points[:, 0], -points[:, 1], 1
    design[1::2, 0], design[1::2, 1], design[1::2, 3] = points[:, 1], points[:, 0], 1
    truth, scales, sigmas = np.array([1.2, 0.1, 3.0, -2.0]), [], []
    for _ in range(400):
        ended = design @ truth + random.normal(0, 0.2, 300)
        fit = np.linalg.lstsq(design, ended, rcond=None)[0]
        off = (ended - design @ fit).reshape(-1, 2)
        scales.append(log(hypot(fit[0], fit[1])))
        sigmas.append(standard_error(points, off, hypot(fit[0], fit[1])))
    assert np.mean(sigmas) == pytest.approx(np.std(scales), rel=0.1)


def test_neither_the_last_frame_nor_a_jump_rules_the_time_to_contact() -> None:
    times, contact_seconds = np.arange(60) / 25, 6.0
    logs = np.diff(-np.log(1 - times / contact_seconds))
    plain, logs[50], logs[-1] = curve(logs.copy()).contact(), logs[50] * 1.8, logs[-1] * 1.2
    jumped = curve(logs)
    assert plain is not None
    assert plain.seconds == pytest.approx(contact_seconds - times[-1], rel=0.001)
    assert plain.drift == pytest.approx(0, abs=0.003)
    found, edge = jumped.contact(), jumped.time_to_contact_seconds[-1]
    assert edge is not None
    assert found is not None
    assert abs(edge / plain.seconds - 1) > 0.05
    assert found.seconds == pytest.approx(plain.seconds, rel=0.01)
    assert abs(found.seconds - plain.seconds) < 2 * found.sigma_seconds


def test_a_missing_picture_is_flagged_and_the_rate_around_it_is_right_within_its_error() -> None:
    random, rate, left_out = np.random.default_rng(7), 0.35, 30
    logs = rate / 25 + random.normal(0, 2e-4, 52)
    logs[left_out] = logs[left_out : left_out + 2].sum()
    made = curve(np.delete(logs, left_out + 1))
    assert [number for number, count in enumerate(made.missing_pictures) if count] == [left_out + 1]
    assert made.missing_pictures[left_out + 1] == 1
    rates = np.array(made.scale_change_per_second, float)
    sigmas = np.array(made.scale_change_sigma_per_second, float)
    assert np.abs(rates - rate).max() > 0.08
    assert (np.abs(rates - rate) / sigmas).max() < 3
    assert np.median(sigmas) < 0.006
    summary = summary_of(1, [made])
    assert summary.missing_before_seconds == ((left_out + 1) / 25,)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("even", []), ("two left out", [(31, 2)]), ("longer time", []), ("hard to say", []), ("noise", [])],
)
def test_only_a_multiple_of_an_even_step_in_an_ordinary_time_is_a_missing_picture(
    kind: str, expected: list[tuple[int, int]]
) -> None:
    logs, times = np.full(50, 0.014), np.arange(51) / 25
    if kind == "two left out":
        logs[30] *= 3
    elif kind == "longer time":
        logs[30] *= 2
        times[31:] += 1 / 25
    elif kind == "hard to say":
        logs[30] *= 1.5
    elif kind == "noise":
        logs = np.random.default_rng(8).normal(0, 0.014, 50)
    made = curve_of(times.tolist(), steps_of(logs, np.zeros(50), 1e-4), (320.0, 180.0), 1.0)
    assert [(number, count) for number, count in enumerate(made.missing_pictures) if count] == expected


def test_the_errors_of_a_rate_hold_the_scatter_of_the_fit() -> None:
    """Errors that the steps do not have, as of every second picture, which coding lets lag behind."""
    logs = np.full(40, 0.35 / 25) + 2e-3 * (-1.0) ** np.arange(40)
    sigmas = np.array(curve(logs, 1e-5).scale_change_sigma_per_second, float)
    assert sigmas[5:-5].min() > 0.005


@pytest.mark.parametrize("period", [3, 4, 5, 7])
def test_the_errors_of_rates_hold_steps_that_repeat(period: int) -> None:
    """Pictures taken at uneven times and shown at even ones, as after a conversion of the rate."""
    random = np.random.default_rng(period)
    trend = 0.35 / 25 * np.linspace(0.8, 1.2, 63)
    shares = random.permutation(np.linspace(-0.06, 0.06, period))
    swing = trend * np.resize(shares, 63)
    noise = random.normal(0, 1e-5, 63)
    made = curve(trend + swing + noise, 1e-5)
    assert made.repeating is not None
    assert made.repeating.frames == period
    assert made.repeating.shares == pytest.approx(shares - shares.mean(), abs=0.004)
    rates, sigmas = (
        np.array(column, float) for column in (made.scale_change_per_second, made.scale_change_sigma_per_second)
    )
    truth = 25 * np.interp(np.arange(64), np.arange(63) + 0.5, trend)
    away = np.abs(rates - truth)[3:-3] / sigmas[3:-3]
    assert (away < 1).mean() > 0.5
    assert away.max() < 2.5
    summary = summary_of(1, [made])
    assert summary.steps_repeat_after_frames == period
    assert summary.steps_swing_share == pytest.approx(float(np.sqrt(np.mean(np.square(shares)))), rel=0.1)


@pytest.mark.parametrize("kind", ["steps", "positions", "lasting", "short", "none"])
def test_steps_without_a_pattern_do_not_repeat(kind: str) -> None:
    for seed in range(40):
        random = np.random.default_rng(seed)
        count = 17 if kind == "short" else 63
        noise = random.normal(0, 5e-4, count + 1)
        if kind == "lasting":
            noise = np.convolve(noise, 0.7 ** np.arange(12))[: count + 1]
        logs = 0.35 / 25 * np.linspace(0.8, 1.2, count)
        if kind == "short":
            logs += logs * np.resize([0.05, -0.05, 0.0], count)
        elif kind != "none":
            logs += np.diff(noise) if kind == "positions" else noise[1:]
        made = curve(logs)
        assert made.repeating is None
        assert summary_of(1, [made]).steps_repeat_after_frames is None


def test_the_time_to_contact_of_a_camera_that_slows_down_is_that_at_the_last_frame() -> None:
    summary = summary_of(1, [curve(np.full(51, 0.35 / 25))])  # a steady rate: contact is always as far away
    assert summary.time_to_contact_seconds == pytest.approx(1 / 0.35, rel=1e-9)
    assert summary.contact_drift == pytest.approx(1.0, abs=0.001)
    assert summary.contact_drift_sigma is not None
    assert summary.contact_drift_sigma < 0.1


def test_the_time_to_contact_of_a_shot_can_be_computed_from_the_table() -> None:
    times = np.arange(52) / 25
    made = curve(-np.diff(np.log(4 - times)))  # a steady speed
    summary, times = summary_of(1, [made]), np.array(made.time_seconds)
    last = times > times[-1] - 1
    moments = times[last] + np.array(made.time_to_contact_seconds, float)[last]
    assert summary.time_to_contact_seconds == pytest.approx(np.median(moments) - times[-1], rel=1e-12)
    scatter = 1.4826 * np.median(np.abs(moments - np.median(moments)))
    middle = np.median(np.array(made.time_to_contact_sigma_seconds, float)[last])
    assert summary.time_to_contact_sigma_seconds == pytest.approx(hypot(scatter, middle), rel=1e-12)
    assert summary.contact_drift == pytest.approx(0.0, abs=0.02)
