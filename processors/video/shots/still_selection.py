"""Selection of the best frames of each shot from the measurements alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.audit.repeated_frames import black_frames
from processors.video.shots.shots import Shot, ShotList

MIDDLE_LEVEL = 118.0
"""Middle grey (18 % reflectance) in sRGB."""

EXPOSURE_WIDTH_LEVELS = 80.0
GOOD_CONTRAST_LEVELS = 50.0
AS_GOOD = 0.05
"""Maximum difference of equal totals. In a shot, coding alone changes sharpness from frame to frame by 0.3 to 1.5 %
(median; one step in ten by up to 10 %) in the descent and Apollo clips of the sample media. Of equals the first after
a keyframe is chosen: it is the least compressed, and takes the fewest frames to decode again."""
MIN_OF_BEST = 0.5
"""Minimum share of its shot's best total for a still, however different it looks."""


@dataclass(frozen=True)
class Scores:
    """Scores of a frame, each from 0 to 1."""

    sharpness: float
    """Sharpness relative to the sharpest frames of its shot (95th percentile)."""
    exposure: float
    """Exposure: brightness near middle grey, and little of it black or white."""
    contrast: float
    total: float
    """Total: 0.6 sharpness + 0.3 exposure + 0.1 contrast."""


@dataclass(frozen=True, kw_only=True)
class StillCandidate:
    shot: int
    rank_in_shot: int
    """Rank in its shot, from 1, the best."""
    rank: int
    """Rank in the whole video, from 1."""
    frame: int
    pts: int
    perceptual_hash: int
    scores: Scores
    is_pinned: bool = False
    """True if its time was given, whatever the scores."""


def select_stills(
    measured: MeasuredFrames, listed: ShotList, per_shot: int, least_distance_bits: int, pinned_frame: int | None = None
) -> list[StillCandidate]:
    """Return up to `per_shot` frames of each shot, in order of shots and ranks.

    A shot is seen in `per_shot` parts of one length: no part has a second still while another one that has a frame fit
    for it has none. None is black, damaged, in a fade or far worse than the shot's best; none is within
    `least_distance_bits` of another's perceptual hash, nor nearer to one of the same shot than the shot's length
    divided by twice `per_shot`.

    Parameters
    ----------
    pinned_frame : number of a frame that is the first of its shot and of the video, whatever it shows.
    """
    hashes, usable = measured.column("perceptual_hash"), _usable(measured, listed)
    since_keyframe = _since_keyframe(measured.column("is_keyframe").astype(bool))
    chosen = [] if pinned_frame is None else [_pinned(measured, listed, pinned_frame)]
    for shot in listed.shots:
        inside = _inside(shot)
        frames = inside[usable[inside]]
        if not frames.size:
            continue
        scores = _scored(measured, frames)
        pinned = [one.frame for one in chosen if one.shot == shot.number]
        apart, parts = (shot.end_frame - shot.first_frame) / (2 * per_shot), _parts(shot, frames, per_shot)
        without = ~np.isin(parts, _parts(shot, np.array(pinned, int), per_shot))
        good = scores[3] >= MIN_OF_BEST * scores[3].max()
        free = good & _far(hashes[frames], [one.perceptual_hash for one in chosen], least_distance_bits)
        for frame in pinned:
            free &= np.abs(frames - frame) >= apart
        for rank in range(1 + len(pinned), per_shot + 1):
            if not free.any():
                break
            wanted = free & without
            totals = np.where(wanted if wanted.any() else free, scores[3], -1.0)
            equals = np.flatnonzero(totals >= totals.max() - AS_GOOD)
            place = equals[np.lexsort((-totals[equals], since_keyframe[frames[equals]]))[0]]
            frame = int(frames[place])
            chosen.append(
                StillCandidate(
                    shot=shot.number,
                    rank_in_shot=rank,
                    rank=0,
                    frame=frame,
                    pts=int(measured.pts[frame]),
                    perceptual_hash=int(hashes[frame]),
                    scores=Scores(*(round(float(score[place]), 4) for score in scores)),
                )
            )
            without &= parts != parts[place]
            free &= np.abs(frames - frame) >= apart
            free &= _far(hashes[frames], [int(hashes[frame])], least_distance_bits)
    return _ranked(chosen)


def _pinned(measured: MeasuredFrames, listed: ShotList, frame: int) -> StillCandidate:
    """Return a frame that was pinned, with the scores that it has among the frames of its shot."""
    shot = next(one for one in listed.shots if one.first_frame <= frame < one.end_frame)
    scores = _scored(measured, np.append(_inside(shot), frame))
    return StillCandidate(
        shot=shot.number,
        rank_in_shot=1,
        rank=0,
        frame=frame,
        pts=int(measured.pts[frame]),
        perceptual_hash=int(measured.column("perceptual_hash")[frame]),
        scores=Scores(*(round(float(score[-1]), 4) for score in scores)),
        is_pinned=True,
    )


def _parts(shot: Shot, frames: np.ndarray, count: int) -> np.ndarray:
    """Return the number of the part of a shot, from 0, in which each frame is: int, shape (frames,)."""
    return (frames - shot.first_frame) * count // (shot.end_frame - shot.first_frame)


def _usable(measured: MeasuredFrames, listed: ShotList) -> np.ndarray:
    """Return where a frame is neither black nor damaged nor in a fade: bool, shape (frames,)."""
    usable = ~black_frames(measured) & ~measured.is_damaged
    for transition in listed.transitions:
        usable[transition.first_frame : transition.end_frame] = False
    return usable


def _since_keyframe(is_keyframe: np.ndarray) -> np.ndarray:
    """Return the number of frames since the last keyframe for each frame; int, shape (frames,)."""
    numbers = np.arange(len(is_keyframe))
    return numbers - np.maximum.accumulate(np.where(is_keyframe, numbers, 0))


def _scored(measured: MeasuredFrames, frames: np.ndarray) -> np.ndarray:
    """Return sharpness, exposure, contrast and total of one shot's frames, shape (4, frames); order as in `Scores`."""
    sharpness = measured.column("sharpness")[frames]
    sharp = np.clip(sharpness / max(float(np.percentile(sharpness, 95)), 1e-6), 0, 1)
    clipped = (measured.column("dark_share") + measured.column("bright_share"))[frames]
    off_middle = (measured.column("brightness_levels")[frames] - MIDDLE_LEVEL) / EXPOSURE_WIDTH_LEVELS
    exposure = np.exp(-(off_middle**2)) * (1 - clipped)
    contrast = np.clip(measured.column("contrast_levels")[frames] / GOOD_CONTRAST_LEVELS, 0, 1)
    return np.stack([sharp, exposure, contrast, 0.6 * sharp + 0.3 * exposure + 0.1 * contrast])


def _far(hashes: np.ndarray, others: Sequence[int], least_distance_bits: int) -> np.ndarray:
    """Return where a hash is at least this many bits from all others: bool, the shape of `hashes` (uint64)."""
    far = np.ones(len(hashes), bool)
    for other in others:
        far &= np.bitwise_count(hashes ^ np.uint64(other)) >= least_distance_bits
    return far


def _inside(shot: Shot) -> np.ndarray:
    """Return the shot's frames without its first and last, which encoders compress most; all in a short shot."""
    margin = 1 if shot.end_frame - shot.first_frame > 4 else 0
    return np.arange(shot.first_frame + margin, shot.end_frame - margin)


def _ranked(chosen: list[StillCandidate]) -> list[StillCandidate]:
    order = sorted(
        range(len(chosen)), key=lambda place: (not chosen[place].is_pinned, -chosen[place].scores.total, place)
    )
    rank = {place: number for number, place in enumerate(order, start=1)}
    ranked = [StillCandidate(**{**vars(one), "rank": rank[place]}) for place, one in enumerate(chosen)]
    return sorted(ranked, key=lambda one: (one.shot, one.rank_in_shot))
