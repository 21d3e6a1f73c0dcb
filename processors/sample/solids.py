"""Boxes and panels in sunlight: faces, shading and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample.camera import Points, fill
from processors.sample.terrain import TOWARDS_SUN, Grid


class View(Protocol):
    """Camera, as a picture of solids needs it."""

    @property
    def position_m(self) -> tuple[float, float, float]: ...

    def outline(self, corners: Points) -> NDArray[np.float64]:
        """Return the pixels of a polygon, shape (count, 2)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Face:
    """A flat outline with corners counter-clockwise as seen from its visible side."""

    corners_m: Points
    colour: Sequence[float]
    """Colour in full sunlight, RGB or grey, 0 to 255."""


TOP, FRONT = slice(1, 2), slice(4, 5)
"""Indices of a box's faces that point up and along."""


def box(
    centre_m: Sequence[float], size_m: Sequence[float], colour: Sequence[float], azimuth_degrees: float = 0.0
) -> list[Face]:
    """Build an upright box; `size_m` is across, along and up, where along points to the azimuth."""
    corners = (
        np.array(size_m) / 2 * np.array([[x, y, z] for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
    )
    corners = turned_to_azimuth(corners, azimuth_degrees) + np.array(centre_m)
    orders = ((3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
    return [Face(corners_m=corners[list(order)], colour=colour) for order in orders]


def wheel(
    hub_m: Points, radius_m: float, width_m: float, azimuth_degrees: float, roll_radians: float, colour: Sequence[float]
) -> list[Face]:
    """Build a wheel that rolls towards the azimuth, with twenty grousers as light and dark treads."""
    angle = np.linspace(0, 2 * np.pi, 41) - roll_radians
    rim = np.stack([np.zeros(41), np.cos(angle), np.sin(angle)], axis=1) * radius_m
    left, right = (
        turned_to_azimuth(rim + np.array([side, 0, 0]) * width_m / 2, azimuth_degrees) + hub_m for side in (-1, 1)
    )
    treads = [
        Face(
            corners_m=np.stack([left[i], left[i + 1], right[i + 1], right[i]]),
            colour=_dimmed(colour, 0.6 + 0.4 * (i % 2)),
        )
        for i in range(40)
    ]
    sides: list[Face] = []
    for rim_m, outwards, order in ((left, -1, -1), (right, 1, 1)):
        axle = turned_to_azimuth(np.array([[outwards * 0.01, 0, 0]]), azimuth_degrees)
        for share, share_of_light, step in ((1.0, 0.75, 1), (0.82, 0.5, 1), (0.42, 1.0, 4)):
            corners = (rim_m[:-1:step] - rim_m[:-1].mean(axis=0)) * share + rim_m[:-1].mean(axis=0) + axle * (1 - share)
            sides.append(Face(corners_m=corners[::order], colour=_dimmed(colour, share_of_light)))
    return treads + sides


def _dimmed(colour: Sequence[float], share: float) -> list[float]:
    return [value * share for value in colour]


def turned_to_azimuth(points: Points, azimuth_degrees: float) -> Points:
    """Rotate points so that their second axis, north, points to the azimuth (from north over east)."""
    angle = np.radians(azimuth_degrees)
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return points @ turn.T


def draw(image: NDArray[np.uint8], camera: View, faces: Sequence[Face]) -> None:
    """Draw the visible faces in place, farthest first, under the same sun as the ground."""
    first, second, third = np.stack([face.corners_m[:3] for face in faces], axis=1)
    normal = np.cross(second - first, third - second)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    eye = np.array(camera.position_m)
    shows = ((eye - first) * normal).sum(axis=1) > 0
    light = 0.40 + 0.60 * np.maximum(normal @ TOWARDS_SUN, 0)
    corners = np.concatenate([face.corners_m for face in faces])
    starts = np.cumsum([0, *(len(face.corners_m) for face in faces)])
    middle = np.add.reduceat(corners, starts[:-1]) / np.diff(starts)[:, None]
    distance = np.linalg.norm(middle - eye, axis=1)
    for number in np.argsort(-distance, kind="stable"):
        if shows[number]:
            fill(
                image,
                camera.outline(faces[number].corners_m),
                [value * light[number] for value in faces[number].colour],
            )


def shade(brightness: Grid, camera: View, faces: Sequence[Face]) -> Grid:
    """Return the ground's brightness with the faces' shadows; all faces must be in front of the camera."""
    mask = np.zeros(brightness.shape, np.uint8)
    for face in faces:
        flat = face.corners_m - face.corners_m[:, 2:] / TOWARDS_SUN[2] * TOWARDS_SUN
        fill(mask, camera.outline(flat), (255,))
    soft = cv2.GaussianBlur(mask, (3, 3), 0).astype(np.float32)
    return (brightness * (1 - soft * np.float32(0.58 / 255))).astype(np.float32)
