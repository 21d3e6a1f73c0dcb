"""Summary of one shot's curves, and whether its picture moves as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processors.video.motion.motion_curve import MAX_OTHER_MOTION_STEPS, Curve
from processors.video.motion.region import RegionFacts

MIN_FRAME_SHARE = 0.8
"""Minimum share of a shot's frames in its longest segment, so that its totals are the shot's."""
MAX_FEW_AGREE_STEPS = 0.25
"""Maximum share of steps in which fewer than half of the features agree, so that nothing has to be said."""


@dataclass(frozen=True, kw_only=True)
class ShotMotion:
    shot: int
    frame_count: int
    segments: int
    refused_because: str | None
    """Reason why no totals are given: the picture does not move as one, or too few frames could be registered."""
    total_scale: float | None
    """Scale over the longest segment; None if no two frames could be registered, or it is refused."""
    total_scale_sigma: float | None
    """Standard error of the total scale; of every sigma, see `scale_sigma` in motion.parquet."""
    total_rotation_degrees: float | None
    total_rotation_sigma_degrees: float | None
    median_residual_px: float | None
    median_inlier_share: float | None
    other_motion_step_share: float | None
    """Share of steps in which a part of the picture moves differently from the rest; 0 to 1."""
    looks_along_motion: bool
    """True if the picture grows steadily around a point inside it, as for a camera facing its direction of motion."""
    time_to_contact_seconds: float | None
    """Time from the last frame on at its speed: over the frames later than 1 s before it, the median of
    `time_seconds + time_to_contact_seconds` in motion.parquet, less the last frame's time; if these sums drift, the
    value of their line at the last frame. None if the camera does not look along its motion."""
    time_to_contact_sigma_seconds: float | None
    """Standard error of it: in square sum the median of theirs, and the scatter of these sums."""
    region: RegionFacts | None = None
    """Part of the picture, and of the shot, to which all this refers; None: the whole."""
    other_regions: tuple[RegionFacts, ...] = ()
    """The other parts that move as one, the largest first."""
    whole_refused_because: str | None = None
    """Reason why a region was measured instead of the whole picture."""
    contact_drift: float | None = None
    """Slope over time of these sums, in s per s. At a steady speed it is 0; above 0 the camera slows down, so that
    contact is later than said, below 0 sooner."""
    contact_drift_sigma: float | None = None
    """Standard error of it. They drift if the slope is more than 2 of them."""
    steps_repeat_after_frames: int | None = None
    """Number of frames after which the steps of the scale repeat, as where pictures taken at uneven times are shown at
    even ones after a conversion of the rate, or where a codec has B-frames; which of them is not known here. Standard
    errors hold it; nothing is corrected. None: they do not."""
    steps_swing_share: float | None = None
    """Rms of the deviations of these steps from their trend, as a share of it."""
    missing_before_seconds: tuple[float, ...] = ()
    """Presentation times of frames before which pictures seem to be missing: `missing_pictures` in motion.parquet."""
    weak_because: str | None = None
    """Reason why scale and rotation may be off by more than their standard errors; None: there is none."""
    altitude_refused_because: str | None = None
    """Reason why a stated altitude was not used for this shot, and what to do; None: it was, or none is stated."""


def summary_of(shot: int, curves: list[Curve]) -> ShotMotion:
    """Sum up a shot from the curves of its segments."""
    longest = max(curves, key=lambda curve: len(curve.scale), default=None)
    if longest is None or len(longest.scale) < 2:
        longest = None
    steps = np.concatenate([curve.has_other_motion for curve in curves]) if curves else np.zeros(0, bool)
    share = float(steps.mean()) if len(steps) else None
    count = sum(len(curve.scale) for curve in curves)
    refused = None
    if longest is None:
        refused = "no two frames could be registered"
    elif share is not None and share > MAX_OTHER_MOTION_STEPS:
        refused = (
            f"in {share:.0%} of the steps a part of the picture moves in another way than the rest:"
            " cameras side by side, or things that move"
        )
    elif len(longest.scale) < MIN_FRAME_SHARE * count:
        first, last = longest.time_seconds[0], longest.time_seconds[-1]
        refused = (
            f"the longest stretch of frames that could be registered is {len(longest.scale)} of {count},"
            f" from {first:.3f} to {last:.3f} s"
        )
    totals = longest if longest and not refused else None
    weak = _weak_because(curves) if totals else None
    contact, repeating = totals and totals.contact(), longest and longest.repeating
    return ShotMotion(
        shot=shot,
        frame_count=count,
        segments=len(curves),
        refused_because=refused,
        total_scale=totals and totals.scale[-1],
        total_scale_sigma=totals and totals.scale_sigma[-1],
        total_rotation_degrees=totals and totals.rotation_degrees[-1],
        total_rotation_sigma_degrees=totals and totals.rotation_sigma_degrees[-1],
        median_residual_px=longest and longest.median_residual_px,
        median_inlier_share=longest and longest.median_inlier_share,
        other_motion_step_share=share,
        looks_along_motion=bool(totals and totals.looks_along_motion),
        time_to_contact_seconds=contact and contact.seconds,
        time_to_contact_sigma_seconds=contact and contact.sigma_seconds,
        contact_drift=contact and contact.drift,
        contact_drift_sigma=contact and contact.drift_sigma,
        steps_repeat_after_frames=repeating and repeating.frames,
        steps_swing_share=repeating and repeating.rms_share,
        missing_before_seconds=tuple(
            time
            for curve in curves
            for time, count in zip(curve.time_seconds, curve.missing_pictures, strict=True)
            if count
        ),
        weak_because=weak,
    )


def _weak_because(curves: list[Curve]) -> str | None:
    share = float(np.mean(np.concatenate([curve.few_agree for curve in curves])))
    if share <= MAX_FEW_AGREE_STEPS:
        return None
    return (
        f"in {share:.0%} of the steps fewer than half of the features agree on the motion, as where dust hides the"
        " ground or coding holds pixels: scale and rotation may be off by more than their standard errors"
    )


def refusal_of(shots: Sequence[ShotMotion]) -> str:
    """Return which shot is refused and why, of several the first, and how many more there are; empty if none is.

    Shots without a frame, as outside `span_seconds`, count only if no shot has one.
    """
    with_frames = [one for one in shots if one.frame_count] or shots
    refused = [one for one in with_frames if one.refused_because]
    if not refused:
        return ""
    more = len(refused) - 1
    others = f"; {more} more {'shot is' if more == 1 else 'shots are'} refused" if more else ""
    return f"shot {refused[0].shot} refused: {refused[0].refused_because}{others}"


def advice_on(shots: Sequence[ShotMotion]) -> str | None:
    """Return what a run tells of a video's shots in one line, of each kind the first; None if there is nothing."""
    altitude = next((one.altitude_refused_because for one in shots if one.altitude_refused_because), None)
    weak = next((f"shot {one.shot}: {one.weak_because}" for one in shots if one.weak_because), None)
    return "; ".join(filter(None, (refusal_of(shots), altitude, weak))) or None


def parts_move_apart(summary: ShotMotion) -> bool:
    """Return whether a shot was refused because parts of its picture move in different ways."""
    share = summary.other_motion_step_share
    return summary.refused_because is not None and share is not None and share > MAX_OTHER_MOTION_STEPS
