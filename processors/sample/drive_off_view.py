"""Grey views of the rover's two hazard-avoidance cameras while it leaves the lander.

Positions are metres across (to the rover's right), along (in driving direction) and up, from its front camera's start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from processors.sample.camera import Camera, Points
from processors.sample.ground import Ground
from processors.sample.solids import FRONT, Face, box, draw, shade, turned_to_azimuth, wheel
from processors.sample.terrain import Grid

_DRIVE_AZIMUTH_DEGREES = 20.0
_RAMP_END_M = 1.75
_RAMP_TOP_M = 0.05
_TRACK_M = 0.50
"""Distance from the middle of the rover to the middle of a wheel."""

_WHEEL_RADIUS_M, _WHEEL_WIDTH_M = 0.15, 0.20
_GROUSER_PITCH_M = 0.10
_SKY_GREY = 196.0


def draw_front(ground: Ground, travel_m: float) -> NDArray[np.uint8]:
    """Render the view ahead, between the wheels; uint8, shape (360, 640)."""
    camera = _camera(travel_m, up_m=0.62, turn_degrees=0, down_degrees=30)
    boards = _ramp(travel_m + 0.12, _RAMP_END_M, along_to=_RAMP_END_M)
    image = _landscape(ground, camera, boards, None)
    draw(image, camera, boards)
    for side in (-1, 1):
        hub = _place(np.array([[side * _TRACK_M, travel_m + 0.40, _RAMP_TOP_M + _WHEEL_RADIUS_M]]))[0]
        roll = travel_m / _WHEEL_RADIUS_M
        draw(image, camera, wheel(hub, _WHEEL_RADIUS_M, _WHEEL_WIDTH_M, _DRIVE_AZIMUTH_DEGREES, roll, [150]))
    return image


def draw_rear(ground: Ground, travel_m: float) -> NDArray[np.uint8]:
    """Render the lander, its ramp and the rover's own tracks; uint8, shape (360, 640)."""
    camera = _camera(travel_m, up_m=0.62, turn_degrees=180, down_degrees=17)
    groups = _lander()
    image = _landscape(ground, camera, [face for group in groups for face in group], (_RAMP_END_M, travel_m + 2))
    for group in groups:
        draw(image, camera, group)
    return image


def _camera(travel_m: float, *, up_m: float, turn_degrees: float, down_degrees: float) -> Camera:
    east, north, up = _place(np.array([[0, travel_m, up_m]]))[0]
    return Camera(
        width_px=640,
        height_px=360,
        field_of_view_degrees=96,
        position_m=(east, north, up),
        azimuth_degrees=_DRIVE_AZIMUTH_DEGREES + turn_degrees,
        down_degrees=down_degrees,
    )


def _place(points: Points) -> Points:
    """Convert points from across, along, up to east, north, up."""
    return turned_to_azimuth(points - np.array([0, 1.5, 0]), _DRIVE_AZIMUTH_DEGREES)


def _landscape(
    ground: Ground, camera: Camera, solids: list[Face], tracks_along_m: tuple[float, float] | None
) -> NDArray[np.uint8]:
    """Render the ground with shadows, tracks and haze, and the sky above."""
    east_m, north_m, metres_per_px, distance_m = camera.see_ground()
    brightness = shade(ground.sample(east_m, north_m, metres_per_px), camera, solids)
    if tracks_along_m:
        brightness *= _tracks(east_m, north_m, metres_per_px, tracks_along_m)
    haze = 1 - np.exp(-distance_m / 60)
    grey = np.clip(brightness * 118, 0, 255)
    return (grey + haze * (_SKY_GREY - grey)).astype(np.uint8)


def _tracks(east_m: Grid, north_m: Grid, metres_per_px: Grid, along_m: tuple[float, float]) -> Grid:
    """Return the factor for the ground's brightness in wheel tracks."""
    azimuth = np.radians(_DRIVE_AZIMUTH_DEGREES)
    across = east_m * np.cos(azimuth) - north_m * np.sin(azimuth)
    along = east_m * np.sin(azimuth) + north_m * np.cos(azimuth) + 1.5
    inside = np.clip((_WHEEL_WIDTH_M / 2 - np.abs(np.abs(across) - _TRACK_M)) / np.maximum(metres_per_px, 0.006), 0, 1)
    inside *= (along > along_m[0]) & (along < along_m[1])
    seen = np.clip(_GROUSER_PITCH_M / (4 * metres_per_px) - 0.5, 0, 1)
    ridges = 0.16 * seen * np.sin(2 * np.pi * along / _GROUSER_PITCH_M)
    return (1 - inside * (0.26 - ridges)).astype(np.float32)


def _ramp(start_m: float, end_m: float, *, along_to: float) -> list[Face]:
    """Build two boards with slats, `start_m` to `end_m`; slats keep their places on a board that ends at `along_to`."""
    faces: list[Face] = []
    for middle in (-_TRACK_M, _TRACK_M):
        left, right = middle - 0.15, middle + 0.15
        slats = np.arange(along_to, start_m, -0.12)[::-1]
        for number, slat in enumerate(slats):
            near = max(start_m, slat - 0.12)
            grey = 168 if (len(slats) - number) % 2 else 184
            corners = np.array([[left, near, 0], [right, near, 0], [right, slat, 0], [left, slat, 0]])
            faces.append(Face(corners_m=_place(corners + np.array([0, 0, _RAMP_TOP_M])), colour=[grey]))
        edge = np.array([[right, end_m, 0], [left, end_m, 0], [left, end_m, _RAMP_TOP_M], [right, end_m, _RAMP_TOP_M]])
        faces.append(Face(corners_m=_place(edge), colour=[140]))
    return faces


def _lander() -> list[list[Face]]:
    """Build a platform on legs with a ramp leading down from it, in groups to draw in order."""
    back_m = _RAMP_END_M - 1.9

    def block(across: float, along: float, up: float, size: tuple[float, float, float], grey: float) -> list[Face]:
        centre = _place(np.array([[across, back_m + along, up]]))[0]
        return box(centre, size, [grey], _DRIVE_AZIMUTH_DEGREES)

    platform = block(0, -1.1, 0.95, (2.5, 1.9, 0.7), 200) + block(0, -1.1, 1.42, (1.5, 1.2, 0.24), 225)
    foil: list[Face] = []
    for number in range(12):
        across, up, grey = (number % 6 - 2.5) * 0.40, 0.80 + 0.30 * (number // 6), (214, 182, 198, 226, 190)[number % 5]
        foil += block(across, -0.15, up, (0.37, 0.0, 0.27), grey)[FRONT]
    legs: list[Face] = []
    for side in (-1, 1):
        legs += block(side * 1.35, -0.2, 0.45, (0.10, 0.10, 0.9), 170)
        legs += block(side * 1.35, -0.2, 0.03, (0.5, 0.5, 0.06), 180)
    return [platform, foil, legs, _sloping_ramp(back_m)]


def _sloping_ramp(back_m: float) -> list[Face]:
    """Build two boards from the platform down to the ground."""
    faces: list[Face] = []
    for middle in (-_TRACK_M, _TRACK_M):
        for number in range(12):
            across = middle + np.array([-0.15, 0.15, 0.15, -0.15])
            part = (number + np.array([0, 0, 1, 1])) / 12
            corners = np.stack([across, back_m + (_RAMP_END_M - back_m) * part, 0.62 * (1 - part) + 0.02], axis=1)
            faces.append(Face(corners_m=_place(corners), colour=[166 if number % 2 else 186]))
    return faces
