"""Chooses the best frames of each shot from the measurements alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from processors.video.held import black_frames
from processors.video.shots import Shot, ShotList
from processors.video.using import Measured

MIDDLE_LEVEL = 118.0
"""Middle grey (18 % reflectance) in sRGB."""

EXPOSURE_WIDTH_LEVELS = 80.0
GOOD_CONTRAST_LEVELS = 50.0
KEYFRAME_FACTOR = 1.02
"""Of frames that are as good as each other, a keyframe: the least compressed and the cheapest to decode again."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How good a frame is, each from 0 to 1."""

    sharpness: float
    """Against the sharpest frames of its shot (95th percentile)."""
    exposure: float
    """Brightness near middle grey, and little of it black or white."""
    contrast: float
    total: float
    """0.6 sharpness + 0.3 exposure + 0.1 contrast, and 2 % more for a keyframe."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A chosen frame."""

    shot: int
    rank_in_shot: int
    """From 1, the best."""
    rank: int
    """Over the whole video, from 1."""
    frame: int
    pts: int
    perceptual_hash: int
    scores: Scores


def choose(measured: Measured, listed: ShotList, per_shot: int, least_distance_bits: int) -> list[Choice]:
    """Up to `per_shot` frames of each shot, in order of shots and ranks.

    None is black, damaged or in a fade; none is within `least_distance_bits` of another's perceptual hash, nor nearer
    to one of the same shot than the shot's length divided by twice `per_shot`.
    """
    sharpness, brightness = measured.column("sharpness"), measured.column("brightness_levels")
    contrast = measured.column("contrast_levels")
    clipped = measured.column("dark_share") + measured.column("bright_share")
    hashes, keyframes = measured.column("perceptual_hash"), measured.column("is_keyframe")
    usable = ~black_frames(measured) & ~measured.column("is_corrupt").astype(bool)
    for transition in listed.transitions:
        usable[transition.first_frame : transition.end_frame] = False
    exposure = np.exp(-(((brightness - MIDDLE_LEVEL) / EXPOSURE_WIDTH_LEVELS) ** 2)) * (1 - clipped)
    chosen: list[Choice] = []
    for shot in listed.shots:
        frames = _inside(shot)[usable[_inside(shot)]]
        if not frames.size:
            continue
        sharp = np.clip(sharpness[frames] / max(float(np.percentile(sharpness[frames], 95)), 1e-6), 0, 1)
        even = np.clip(contrast[frames] / GOOD_CONTRAST_LEVELS, 0, 1)
        total = 0.6 * sharp + 0.3 * exposure[frames] + 0.1 * even
        total = np.minimum(np.where(keyframes[frames], KEYFRAME_FACTOR, 1.0) * total, 1)
        apart = (shot.end_frame - shot.first_frame) / (2 * per_shot)
        taken = 0
        for place in np.argsort(-total, kind="stable").tolist():
            frame = int(frames[place])
            if taken == per_shot:
                break
            if any(
                distance_bits(int(hashes[frame]), one.perceptual_hash) < least_distance_bits
                or (one.shot == shot.number and abs(one.frame - frame) < apart)
                for one in chosen
            ):
                continue
            taken += 1
            scores = Scores(
                sharpness=round(float(sharp[place]), 4), exposure=round(float(exposure[frame]), 4),
                contrast=round(float(even[place]), 4), total=round(float(total[place]), 4),
            )  # fmt: skip
            chosen.append(
                Choice(
                    shot=shot.number,
                    rank_in_shot=taken,
                    rank=0,
                    frame=frame,
                    pts=int(measured.pts[frame]),
                    perceptual_hash=int(hashes[frame]),
                    scores=scores,
                )
            )
    return _ranked(chosen)


def distance_bits(one: int, other: int) -> int:
    """In how many of their bits two perceptual hashes differ."""
    return (one ^ other).bit_count()


def _inside(shot: Shot) -> np.ndarray:
    """The shot's frames without its first and last, which encoders spend least on; all of them in a short shot."""
    margin = 1 if shot.end_frame - shot.first_frame > 4 else 0
    return np.arange(shot.first_frame + margin, shot.end_frame - margin)


def _ranked(chosen: list[Choice]) -> list[Choice]:
    order = sorted(range(len(chosen)), key=lambda place: (-chosen[place].scores.total, place))
    rank = {place: number for number, place in enumerate(order, start=1)}
    return [Choice(**{**vars(one), "rank": rank[place]}) for place, one in enumerate(chosen)]
