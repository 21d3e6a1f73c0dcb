"""`descent.mp4`: three cameras from parachute to touchdown, with hard cuts and a letterbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from processors.sample.burnt_in_caption import TEXT, burn_caption, caption_box
from processors.sample.camera import focal_length_px
from processors.sample.canopy import CanopyTruth, ParachuteCamera, canopy_truth
from processors.sample.clips import write_clip
from processors.sample.files import Tags
from processors.sample.ground import Ground, make_ground, tint
from processors.sample.landing_leg import LandingCamera, LandingTruth, landing_truth
from processors.sample.truth import ClipTruth, KnownBox, clip_truth, shots

_FRAMES_PER_SECOND = 25
_PICTURE = KnownBox(left_px=0, top_px=44, right_px=640, bottom_px=316)
_PARACHUTE_FRAMES, _LANDING_FRAMES, _HAZARD_FRAMES = 70, 70, 160
_FIELD_OF_VIEW_DEGREES = 60.0
_HIGHEST_M, _LOWEST_M = 100.0, 4.0
_TURN_DEGREES = 24.0


@dataclass(frozen=True, kw_only=True)
class HazardTruth:
    """Truth about the camera that looks straight down at one point; lists hold one entry per frame of its shot.

    The point is at the principal point in every frame. A feature at an offset (x, y) px from it in the shot's
    first frame is at `scale * R(rotation) @ (x, y)` later; rotation turns the picture from +x (right) to +y (down).
    """

    horizontal_field_of_view_degrees: float
    """Field of view over the whole width of the picture."""

    focal_length_px: float
    principal_point_x_px: float
    principal_point_y_px: float
    """Position from the video's top left corner, where the first pixel's centre is at 0.5."""

    altitude_metres: list[float]
    metres_per_px: list[float]
    rotation_degrees: list[float]
    scale: list[float]
    """Magnification relative to the shot's first frame."""


@dataclass(frozen=True, kw_only=True)
class DescentTruth:
    clip: ClipTruth
    parachute: CanopyTruth
    landing: LandingTruth
    hazard_avoidance: HazardTruth


def write_descent(path: Path, tags: Tags) -> DescentTruth:
    caption = caption_box(_PICTURE)
    clip = clip_truth(
        picture=_PICTURE,
        shots=shots(
            [
                ("parachute-opening monitor camera", _PARACHUTE_FRAMES),
                ("landing-state monitor camera", _LANDING_FRAMES),
                ("hazard-avoidance camera", _HAZARD_FRAMES),
            ],
            _FRAMES_PER_SECOND,
        ),
        frames_per_second=_FRAMES_PER_SECOND,
        caption=caption,
        caption_text=TEXT,
    )
    truth = DescentTruth(
        clip=clip,
        parachute=canopy_truth(_PARACHUTE_FRAMES, _FRAMES_PER_SECOND, _PICTURE),
        landing=landing_truth(_LANDING_FRAMES),
        hazard_avoidance=_hazard_truth(),
    )
    ground = make_ground(seed=26, size_px=1536, level_count=6, texel_metres=0.2, craters=900, rocks=500, roughness=0.14)
    parachute = ParachuteCamera(truth.parachute, _PICTURE)
    landing = LandingCamera(truth.landing, ground, _PICTURE)
    draw = [parachute.draw, landing.draw, lambda index: _look_down(ground, truth.hazard_avoidance, index)]

    def frame(index: int) -> NDArray[np.uint8]:
        number = sum(index >= first for first in clip.cut_frames)
        image = np.zeros((clip.height_px, clip.width_px, 3), np.uint8)
        image[_PICTURE.slices] = draw[number](index - clip.shots[number].first_frame)
        burn_caption(image, caption)
        return image

    write_clip(
        path, frame, frame_count=clip.frame_count, frames_per_second=_FRAMES_PER_SECOND, quality_crf=20, tags=tags
    )
    return truth


def _hazard_truth() -> HazardTruth:
    """Compute a descent whose scale changes fastest in the middle, by less than 4 % per frame."""
    part = np.arange(_HAZARD_FRAMES) / (_HAZARD_FRAMES - 1)
    eased = 0.4 * part + 0.6 * part * part * (3 - 2 * part)
    altitude_m = _HIGHEST_M * (_LOWEST_M / _HIGHEST_M) ** eased
    focal_px = focal_length_px(_PICTURE.right_px - _PICTURE.left_px, _FIELD_OF_VIEW_DEGREES)
    return HazardTruth(
        horizontal_field_of_view_degrees=_FIELD_OF_VIEW_DEGREES,
        focal_length_px=focal_px,
        principal_point_x_px=(_PICTURE.left_px + _PICTURE.right_px) / 2,
        principal_point_y_px=(_PICTURE.top_px + _PICTURE.bottom_px) / 2,
        altitude_metres=altitude_m.tolist(),
        metres_per_px=(altitude_m / focal_px).tolist(),
        rotation_degrees=(_TURN_DEGREES * part).tolist(),
        scale=(altitude_m[0] / altitude_m).tolist(),
    )


def _look_down(ground: Ground, truth: HazardTruth, index: int) -> NDArray[np.uint8]:
    """Return the picture without its letterbox, uint8 RGB."""
    turn = np.radians(truth.rotation_degrees[index])
    metres_per_px = truth.metres_per_px[index]
    x_m = (np.arange(_PICTURE.left_px, _PICTURE.right_px) + 0.5 - truth.principal_point_x_px)[None, :] * metres_per_px
    y_m = (np.arange(_PICTURE.top_px, _PICTURE.bottom_px) + 0.5 - truth.principal_point_y_px)[:, None] * metres_per_px
    east_m = x_m * np.cos(turn) + y_m * np.sin(turn)
    south_m = y_m * np.cos(turn) - x_m * np.sin(turn)
    return tint(ground.sample(east_m.astype(np.float32), -south_m.astype(np.float32), metres_per_px))
