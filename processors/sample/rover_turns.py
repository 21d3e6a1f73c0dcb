"""`rover-turns.mp4`: the separated WiFi camera shows the rover turning on the spot, between two fades."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample.burnt_in_caption import TEXT, burn_caption, caption_box
from processors.sample.camera import Camera
from processors.sample.clips import write_clip
from processors.sample.files import Tags
from processors.sample.ground import make_ground, tint
from processors.sample.rover import make_rover
from processors.sample.solids import draw, shade
from processors.sample.truth import ClipTruth, KnownBox, clip_truth, shots

_FRAMES_PER_SECOND = 25
_FRAME_COUNT = 150
_PICTURE = KnownBox(left_px=0, top_px=0, right_px=640, bottom_px=360)
_BLACK_FRAMES, _FADE_FRAMES = 5, 20
_FIRST_HEADING_DEGREES = 205.0
_TURN_RATE_DEGREES_PER_SECOND = 15.0
_SKY_RGB = np.array([212, 176, 142], np.float32)
_SUPERSAMPLING = 2


@dataclass(frozen=True, kw_only=True)
class KnownFade:
    """Frames of a fade, neither black nor at full brightness."""

    first_frame: int
    end_frame: int


@dataclass(frozen=True, kw_only=True)
class RoverTurnsTruth:
    """Truth about `rover-turns.mp4`; lists hold one entry per frame."""

    clip: ClipTruth
    black_frames: list[int]
    fade_in: KnownFade
    fade_out: KnownFade
    gain: list[float]
    """Factor for every RGB value, including the caption: 0 black, 1 full brightness."""

    turn_rate_degrees_per_second: float
    """Turn rate, clockwise as seen from above."""

    heading_degrees: list[float]
    """Heading from north over east; the camera faces `camera_azimuth_degrees`."""

    camera_azimuth_degrees: float
    rover_box: KnownBox
    """Box around the whole rover in all frames, without its shadow."""


def write_rover_turns(path: Path, tags: Tags) -> RoverTurnsTruth:
    caption = caption_box(_PICTURE)
    camera = _camera(1)
    gain = _gain()
    heading = [
        _FIRST_HEADING_DEGREES + _TURN_RATE_DEGREES_PER_SECOND * i / _FRAMES_PER_SECOND for i in range(_FRAME_COUNT)
    ]
    truth = RoverTurnsTruth(
        clip=clip_truth(
            picture=_PICTURE,
            shots=shots([("separated WiFi camera", _FRAME_COUNT)], _FRAMES_PER_SECOND),
            frames_per_second=_FRAMES_PER_SECOND,
            caption=caption,
            caption_text=TEXT,
        ),
        black_frames=[index for index, value in enumerate(gain) if value == 0],
        fade_in=KnownFade(first_frame=_BLACK_FRAMES, end_frame=_BLACK_FRAMES + _FADE_FRAMES),
        fade_out=KnownFade(
            first_frame=_FRAME_COUNT - _BLACK_FRAMES - _FADE_FRAMES, end_frame=_FRAME_COUNT - _BLACK_FRAMES
        ),
        gain=gain,
        turn_rate_degrees_per_second=_TURN_RATE_DEGREES_PER_SECOND,
        heading_degrees=heading,
        camera_azimuth_degrees=camera.azimuth_degrees,
        rover_box=_rover_box(camera, heading),
    )
    scene = _Scene()

    def frame(index: int) -> NDArray[np.uint8]:
        image = scene.draw(heading[index])
        burn_caption(image, caption)
        return np.round(image * gain[index]).astype(np.uint8)

    write_clip(path, frame, frame_count=_FRAME_COUNT, frames_per_second=_FRAMES_PER_SECOND, quality_crf=18, tags=tags)
    return truth


class _Scene:
    """Static ground and sky, computed once, and the rover with its shadow."""

    def __init__(self) -> None:
        ground = make_ground(
            seed=31, size_px=1024, level_count=5, texel_metres=0.16, craters=120, rocks=350, roughness=0.13
        )
        self._camera = _camera(1)
        east_m, north_m, metres_per_px, distance_m = self._camera.see_ground()
        self._brightness = ground.sample(east_m, north_m, metres_per_px)
        self._haze = (1 - np.exp(-distance_m / 120))[:, :, None]

    def draw(self, heading_degrees: float) -> NDArray[np.uint8]:
        """Render a frame, uint8 RGB; the rover is drawn larger and reduced for smooth edges."""
        rover = make_rover(heading_degrees)
        ground = tint(shade(self._brightness, self._camera, [face for group in rover for face in group]))
        image = (ground + self._haze * (_SKY_RGB - ground)).astype(np.uint8)
        enlarged = (image.shape[1] * _SUPERSAMPLING, image.shape[0] * _SUPERSAMPLING)
        large = cv2.resize(image, enlarged, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
        for group in rover:
            draw(large, _camera(_SUPERSAMPLING), group)
        return cv2.resize(large, image.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _camera(times: int) -> Camera:
    """Return the WiFi camera with its picture enlarged `times`."""
    azimuth_degrees = 74.0
    along = np.array([np.sin(np.radians(azimuth_degrees)), np.cos(np.radians(azimuth_degrees))])
    return Camera(
        width_px=_PICTURE.right_px * times,
        height_px=_PICTURE.bottom_px * times,
        field_of_view_degrees=52,
        position_m=(-5.3 * along[0], -5.3 * along[1], 2.1),
        azimuth_degrees=azimuth_degrees,
        down_degrees=15.5,
    )


def _gain() -> list[float]:
    frames = np.arange(_FRAME_COUNT)
    from_edge = np.minimum(frames, frames[::-1])
    return np.clip((from_edge - _BLACK_FRAMES + 1) / (_FADE_FRAMES + 1), 0, 1).tolist()


def _rover_box(camera: Camera, heading_degrees: list[float]) -> KnownBox:
    """Return the box around all corners in all frames, rounded outwards."""
    corners = np.concatenate(
        [
            camera.project(face.corners_m)
            for heading in heading_degrees[::10]
            for group in make_rover(heading)
            for face in group
        ]
    )
    left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    return KnownBox(left_px=left - 2, top_px=top - 2, right_px=right + 2, bottom_px=bottom + 2)
