"""Landing-state camera: oblique view of the ground past one leg of the lander."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample.camera import Camera, fill
from processors.sample.ground import Ground, tint
from processors.sample.truth import KnownBox

_SUPERSAMPLING = 4
_SKY_RGB = np.array([206, 164, 128], np.float32)


@dataclass(frozen=True, kw_only=True)
class LandingTruth:
    """Truth about the landing-state camera, one entry per frame of its shot."""

    altitude_metres: list[float]
    camera_azimuth_degrees: list[float]
    camera_down_degrees: list[float]


def landing_truth(frame_count: int) -> LandingTruth:
    """Compute a steady descent with slow pitch and rotation."""
    part = np.arange(frame_count) / frame_count
    return LandingTruth(
        altitude_metres=(46.0 - 20.0 * part).tolist(),
        camera_azimuth_degrees=(74 + 7 * part).tolist(),
        camera_down_degrees=(33 + 2.5 * np.sin(2 * np.pi * part)).tolist(),
    )


class LandingCamera:
    """Renderer of the shot's frames."""

    def __init__(self, truth: LandingTruth, ground: Ground, picture: KnownBox) -> None:
        self._truth = truth
        self._ground = ground
        self._height_px, self._width_px = picture.bottom_px - picture.top_px, picture.right_px - picture.left_px
        self._leg, self._cover = _leg(self._height_px, self._width_px)

    def draw(self, index: int) -> NDArray[np.uint8]:
        """Return the picture without its letterbox, uint8 RGB."""
        camera = Camera(
            width_px=self._width_px,
            height_px=self._height_px,
            field_of_view_degrees=82,
            position_m=(-30.0 + 0.4 * index, -12.0, self._truth.altitude_metres[index]),
            azimuth_degrees=self._truth.camera_azimuth_degrees[index],
            down_degrees=self._truth.camera_down_degrees[index],
        )
        east_m, north_m, metres_per_px, distance_m = camera.see_ground()
        ground = tint(self._ground.sample(east_m, north_m, metres_per_px))
        haze = (1 - np.exp(-distance_m / 210))[:, :, None]
        image = ground + haze * (_SKY_RGB - ground)
        return (image + self._cover * (self._leg - image)).astype(np.uint8)


def _leg(height_px: int, width_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the leg's colour, RGB 0 to 255, and its opacity, 0 to 1, shape (rows, columns, 1)."""
    size = (height_px * _SUPERSAMPLING, width_px * _SUPERSAMPLING)
    colour, cover = np.zeros((*size, 3), np.uint8), np.zeros(size, np.uint8)

    def part(outline_px: NDArray[np.float64], rgb: Sequence[float]) -> None:
        fill(colour, outline_px * _SUPERSAMPLING, rgb)
        fill(cover, outline_px * _SUPERSAMPLING, (255,))

    def tube(from_px: tuple[int, int], to_px: tuple[int, int], radius: float, rgb: Sequence[float]) -> None:
        start, end = np.array(from_px, np.float64), np.array(to_px, np.float64)
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]])
        for strip in range(12):
            low, high = (across * radius * (1 - 2 * (strip + edge) / 12) for edge in (0, 1))
            shade = 0.45 + 0.65 * np.sin(np.pi * (strip + 0.5) / 12) ** 0.8 * (1 - strip / 26)
            corners = np.array([start + low, end + low, end + high, start + high])
            part(corners, [min(255.0, value * shade) for value in rgb])

    tube((640, 20), (452, 176), 5, (150, 146, 140))
    tube((470, -10), (440, 168), 5, (138, 134, 128))
    tube((590, -30), (430, 190), 15, (206, 172, 104))
    tube((468, 138), (424, 198), 10, (190, 188, 184))
    angle = np.linspace(0, 2 * np.pi, 60)
    pad = np.stack([62 * np.cos(angle), 19 * np.sin(angle)], axis=1)
    part(pad + np.array([424, 223]), (104, 84, 60))
    part(pad + np.array([424, 214]), (214, 182, 118))
    part(pad * np.array([0.72, 0.66]) + np.array([424, 212]), (176, 144, 88))
    tube((446, 170), (424, 208), 10, (190, 188, 184))
    scale = (width_px, height_px)
    weight = cover[:, :, None].astype(np.float32) / np.float32(255)
    covered = cv2.resize(weight, scale, interpolation=cv2.INTER_AREA)[:, :, None]
    summed = cv2.resize(colour.astype(np.float32) * weight, scale, interpolation=cv2.INTER_AREA)
    return (summed / np.maximum(covered, 1e-3)).astype(np.float32), covered.astype(np.float32)
