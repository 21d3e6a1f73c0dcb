"""Curves from steps between frames: scale, rotation, rate of change and time to contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import degrees, hypot, log

import numpy as np

from processors.video.motion.left_out_pictures import missing_before
from processors.video.motion.registration import Similarity
from processors.video.motion.repeating_steps import RepeatingSteps, repeating_steps

FITTED_FRAMES = 5
"""Number of frames, fewer at the ends, of the line through ln(scale) whose slope is the rate at a frame."""

END_FRAMES = 9
"""Number of frames of the parabola used at the ends: a line there lags behind a growing rate."""

CORRELATED = 2.0
"""Factor from the standard errors of the fits to those of their sums and slopes: windows of neighbouring features
overlap, and each feature is followed through up to 12 steps, so that their errors are not independent. In made descents
the errors of steps are 1.1 to 2.2 times what the fits say, and those of sums 0.2 to 4 times."""
SYSTEMATIC_SHARE = 0.003
"""Standard error that all steps share, as a share of ln(scale): of made descents, 0 to 0.45 % too much is measured."""
CONTACT_SECONDS = 1.0
"""Length of the last part of a curve over which the time to contact is summed up."""
SIGNIFICANT = 2.0
"""Minimum ratio of the drift of the moments of contact to its standard error for a speed that is not steady."""

MIN_GROWTH = 1.1
"""Minimum growth of the picture over a segment of an approach."""

STEADY_SHARE = 0.9
MIN_INLIER_SHARE = 0.5
MAX_RESIDUAL_PX = 1.0
OTHER_MOTION_SHARE = 0.2
"""Minimum share of the followed features in another motion; fewer that move together are a shadow, or picture grain."""
MAX_OTHER_MOTION_STEPS = 0.1
"""Maximum share of steps in which a part of a picture moves differently; above it the picture does not move as one. Of
the single cameras among the sample videos none exceeds 0.05; two cameras side by side exceed 0.15."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Time to contact at the last frame of a curve."""

    seconds: float
    sigma_seconds: float
    drift: float
    """Slope of the moments of contact over time, in s per s: 0 at a steady speed, above 0 of one that falls."""
    drift_sigma: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Curve of one segment; a list has one entry for each of its frames."""

    time_seconds: list[float]
    scale: list[float]
    """Scale since the first frame, which is 1."""
    scale_sigma: list[float]
    """Standard error of the scale: of a registration of flat ground by a lens without distortion."""
    rotation_degrees: list[float]
    rotation_sigma_degrees: list[float]
    scale_change_per_second: list[float | None]
    scale_change_sigma_per_second: list[float | None]
    time_to_contact_seconds: list[float | None]
    """1 over the rate: remaining time at a steady speed (Lee 1976, doi:10.1068/p050437); None if the camera does not
    look along its motion or the picture does not grow."""
    time_to_contact_sigma_seconds: list[float | None]
    looks_along_motion: bool
    median_residual_px: float
    median_inlier_share: float
    has_other_motion: list[bool]
    """True, in one entry per step, if a part of the picture moves differently from the rest."""
    few_agree: list[bool]
    """True, in one entry per step, if fewer than half of the features agree on the motion."""
    missing_pictures: list[int]
    """Number of pictures that seem to be missing before each frame; see `missing_before`."""
    repeating: RepeatingSteps | None = None
    """Pattern in which the steps repeat, as after a conversion of the rate or with B-frames; None if there is none."""

    def contact(self) -> Contact | None:
        """Return time to contact at the last frame, from all frames of the last second.

        At a steady speed it is the median of the moments of contact that these frames give, so that neither the edge of
        the curve nor a single step rules it. If the moments drift (by the line of Theil 1950 and Sen 1968, more than
        `SIGNIFICANT` times its standard error), it is the line's value at the last frame. The error is the median of
        theirs and the scatter of the moments about that line (1.4826 times the median deviation), in square sum; frames
        nearer than `FITTED_FRAMES` are not independent. None unless each frame has one.
        """
        end = self.time_seconds[-1]
        last = [k for k, time in enumerate(self.time_seconds) if time > end - CONTACT_SECONDS]
        left = [(self.time_to_contact_seconds[k], self.time_to_contact_sigma_seconds[k]) for k in last]
        known = [(seconds, sigma) for seconds, sigma in left if seconds is not None and sigma is not None]
        if len(known) < len(last):
            return None
        before = np.array([self.time_seconds[k] for k in last]) - end
        left_at_end = before + [seconds for seconds, _ in known]
        of_frames = float(np.median([sigma for _, sigma in known]))
        drift = _median_slope(before, left_at_end)
        independent = max(1.0, len(last) / FITTED_FRAMES)
        about_line = _deviation(left_at_end - drift * before)
        spread = float(np.std(before)) or 1.0
        drift_sigma = hypot(about_line, of_frames) / (spread * independent**0.5)
        if len(last) > FITTED_FRAMES and abs(drift) > SIGNIFICANT * drift_sigma:
            seconds, scatter = float(np.median(left_at_end - drift * before)), 2 * about_line / independent**0.5
        else:
            seconds, scatter = float(np.median(left_at_end)), _deviation(left_at_end)
        return Contact(seconds=seconds, sigma_seconds=hypot(scatter, of_frames), drift=drift, drift_sigma=drift_sigma)


def _deviation(values: np.ndarray) -> float:
    """Return the standard deviation of values of a normal distribution, from their median deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _median_slope(x: np.ndarray, y: np.ndarray) -> float:
    """Return the median of the slopes between all pairs of points; 0 for one point."""
    first, second = np.triu_indices(len(x), 1)
    return float(np.median((y[second] - y[first]) / (x[second] - x[first]))) if len(first) else 0.0


def curve_of(
    times: Sequence[float], steps: Sequence[Similarity | None], half_size_px: tuple[float, float], px: float
) -> Curve:
    """Accumulate a segment's steps; the first frame has none.

    Parameters
    ----------
    half_size_px : half of the picture's width and height, in px of the video.
    px : number of px of the video that one px of the registered picture covers.
    """
    known = [step for step in steps[1:] if step is not None]
    scale_logs = np.concatenate([[0.0], np.cumsum([log(step.scale) for step in known])])
    rotation = np.concatenate([[0.0], np.cumsum([step.rotation_degrees for step in known])])
    sigmas = CORRELATED * np.array([step.sigma for step in known])
    turn_sigma = np.sqrt(np.concatenate([[0.0], np.cumsum(np.square(sigmas))]))
    missing = missing_before(times, steps, hypot(*half_size_px) / px / 2)
    repeating = repeating_steps(np.asarray(times), scale_logs, missing) if len(times) > 1 else None
    waves = repeating.waves(np.diff(times)) if repeating else np.zeros((1, len(known)))
    of_waves = np.concatenate([[0.0], np.std(np.cumsum(waves, axis=1), axis=0)])
    scale_sigma = np.exp(scale_logs) * np.sqrt(
        np.square(turn_sigma) + np.square(SYSTEMATIC_SHARE * scale_logs) + np.square(of_waves)
    )
    rate, rate_sigma = _slopes(np.asarray(times), scale_logs, sigmas, missing, waves) or (None, None)
    residual = float(np.median([step.residual_px for step in known]) * px) if known else 0.0
    share = float(np.median([step.inlier_share for step in known])) if known else 0.0
    has_other_motion = [step.other_motion_share >= OTHER_MOTION_SHARE for step in known]
    fits = share >= MIN_INLIER_SHARE and residual <= MAX_RESIDUAL_PX * max(px, 1)
    moves_as_one = len(known) > 1 and float(np.mean(has_other_motion)) <= MAX_OTHER_MOTION_STEPS
    along = fits and moves_as_one and _approaches(known, scale_logs, half_size_px, px)
    contacts = [float(1 / rate[k]) if along and rate is not None and rate[k] > 0 else None for k in range(len(times))]
    return Curve(
        time_seconds=list(times),
        scale=np.exp(scale_logs).tolist(),
        scale_sigma=scale_sigma.tolist(),
        rotation_degrees=rotation.tolist(),
        rotation_sigma_degrees=[degrees(sigma) for sigma in turn_sigma],
        scale_change_per_second=[None] * len(times) if rate is None else rate.tolist(),
        scale_change_sigma_per_second=[None] * len(times) if rate_sigma is None else rate_sigma.tolist(),
        time_to_contact_seconds=contacts,
        time_to_contact_sigma_seconds=[
            None if seconds is None or rate_sigma is None else float(rate_sigma[k]) * seconds**2
            for k, seconds in enumerate(contacts)
        ],
        looks_along_motion=bool(along),
        median_residual_px=residual,
        median_inlier_share=share,
        has_other_motion=has_other_motion,
        few_agree=[step.inlier_share < MIN_INLIER_SHARE for step in known],
        missing_pictures=missing,
        repeating=repeating,
    )


def _slopes(
    times: np.ndarray, values: np.ndarray, step_sigmas: np.ndarray, missing: Sequence[int], waves: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the slope at each frame, and its standard error; None for a single frame.

    A slope is a weighted sum of the values around it, and so of the steps between them: the error of each step counts
    with the sum of the weights of all values behind it. To their squares are added those of the scatter of the values
    about the fit, as of errors that are not in the steps, of what missing pictures add to the slope, of what steps that
    repeat add to it on average over their pattern, and of what all steps share, `SYSTEMATIC_SHARE`.
    """
    if len(values) < 2:
        return None
    steps, count = np.diff(values), np.asarray(missing[1:])
    too_much = steps * count / (count + 1)
    slopes, variances = np.empty(len(values)), np.empty(len(values))
    for k, (near, weights, terms) in enumerate(_slope_weights(times)):
        slopes[k] = float(weights @ values[near])
        behind, between = np.cumsum(weights[::-1])[::-1][1:], slice(near.start, near.stop - 1)
        of_steps = float(np.square(behind) @ np.square(step_sigmas[between]))
        of_missing = float(behind @ too_much[between]) ** 2
        of_waves = float(np.mean(np.square(waves[:, between] @ behind)))
        of_scatter = _scatter(values[near], terms) * float(weights @ weights)
        variances[k] = of_steps + of_missing + of_waves + of_scatter
    return slopes, np.sqrt(variances + np.square(SYSTEMATIC_SHARE * slopes))


def _scatter(values: np.ndarray, terms: np.ndarray) -> float:
    """Return the variance of values about the least squares fit of terms, shape (values, terms); 0 if none is left."""
    freedom = len(values) - terms.shape[1]
    if freedom < 1:
        return 0.0
    away = values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    return float(away @ away) / freedom


def _slope_weights(times: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield, for each frame, the frames around it, the weights whose sum over their values is the slope there, and the
    terms of the fit, shape (frames, terms).

    It is the slope of the least squares line through up to `FITTED_FRAMES` frames (a filter of Savitzky and Golay 1964,
    doi:10.1021/ac60214a047, where frames are evenly spaced); at both ends that of a parabola through `END_FRAMES`.
    """
    count, half = len(times), FITTED_FRAMES // 2
    for k in range(count):
        is_end = count >= END_FRAMES and not half <= k < count - half
        first, end = (0, END_FRAMES) if k < half else (count - END_FRAMES, count)
        near = slice(first, end) if is_end else slice(max(0, k - half), min(count, k + half + 1))
        t = times[near] - times[near].mean()
        if is_end:
            terms = np.vander(t, 3)
            fit = np.linalg.pinv(terms)
            yield near, fit[1] + 2 * fit[0] * (times[k] - times[near].mean()), terms
        else:
            yield near, t / np.square(t).sum(), np.vander(t, 2)


def _approaches(
    known: Sequence[Similarity], scale_logs: np.ndarray, half_size_px: tuple[float, float], px: float
) -> bool:
    """Return True if the picture grows enough, steadily, and around a point inside it."""
    return (
        bool(scale_logs[-1] > log(MIN_GROWTH))
        and float((np.diff(scale_logs) > 0).mean()) >= STEADY_SHARE
        and _grows_around_a_point_inside(known, half_size_px, px)
    )


def _grows_around_a_point_inside(steps: Sequence[Similarity], half_size_px: tuple[float, float], px: float) -> bool:
    """Return True if the fixed point of the motion, over all steps, is inside the picture."""
    growth = sum(step.scale - 1 for step in steps)
    x, y = (-sum(shift) * px / growth for shift in zip(*((s.shift_x_px, s.shift_y_px) for s in steps), strict=True))
    return abs(x) <= half_size_px[0] and abs(y) <= half_size_px[1]
