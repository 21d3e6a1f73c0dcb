"""Pinhole camera over a plane: projection of pixels to the ground and of points to pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample.terrain import Grid

Points = NDArray[np.float64]
"""Points, shape (count, 3): metres east, north, up."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Size, place and direction of a camera: facing `azimuth_degrees` (from north over east), without roll."""

    width_px: int
    height_px: int
    field_of_view_degrees: float
    """Field of view from the left to the right edge."""

    position_m: tuple[float, float, float]
    """East, north, up."""
    azimuth_degrees: float
    down_degrees: float
    """Angle of the axis below the horizon."""


@dataclass(frozen=True, kw_only=True)
class Camera(Pose):
    """Pinhole camera: the tangent of an angle from the axis is a distance in the picture."""

    @property
    def focal_px(self) -> float:
        return focal_length_px(self.width_px, self.field_of_view_degrees)

    def axes(self) -> tuple[Points, Points, Points]:
        """Return unit vectors to the right, down and forward in the picture."""
        return pointing(self.azimuth_degrees, self.down_degrees)

    def see_ground(self) -> tuple[Grid, Grid, Grid, Grid]:
        """Return east, north, metres per pixel and distance for every pixel; distance is infinite above the horizon."""
        right, down, forward = self.axes()
        columns = (np.arange(self.width_px) + 0.5 - self.width_px / 2) / self.focal_px
        rows = (np.arange(self.height_px) + 0.5 - self.height_px / 2) / self.focal_px
        ray = forward + columns[None, :, None] * right + rows[:, None, None] * down
        falls = np.maximum(-ray[..., 2], 1e-4)
        depth = self.position_m[2] / falls
        length = np.linalg.norm(ray, axis=-1)
        # A pixel's footprint is depth/focal wide and that over sin(elevation) long: sharp along, smooth across.
        metres_per_px = depth / self.focal_px * np.sqrt(length / falls)
        east = self.position_m[0] + depth * ray[..., 0]
        north = self.position_m[1] + depth * ray[..., 1]
        distance = np.where(ray[..., 2] < -1e-4, depth * length, np.inf)
        east, north, metres_per_px, distance = (
            grid.astype(np.float32) for grid in (east, north, metres_per_px, distance)
        )
        return east, north, metres_per_px, distance

    def project(self, points: Points) -> NDArray[np.float64]:
        """Return pixels from the picture's top left corner, shape (count, 2); points must be in front of the camera."""
        right, down, forward = self.axes()
        offset = points - np.array(self.position_m)
        depth = offset @ forward
        x = offset @ right / depth * self.focal_px + self.width_px / 2
        y = offset @ down / depth * self.focal_px + self.height_px / 2
        return np.stack([x, y], axis=1)

    def outline(self, corners: Points) -> NDArray[np.float64]:
        """Return the pixels of a polygon, whose edges stay straight in the picture."""
        return self.project(corners)


def pointing(azimuth_degrees: float, down_degrees: float) -> tuple[Points, Points, Points]:
    """Return unit vectors to the right, down and forward in the picture of a camera without roll."""
    azimuth, down = radians(azimuth_degrees), radians(down_degrees)
    forward = np.array([sin(azimuth) * cos(down), cos(azimuth) * cos(down), -sin(down)])
    right = np.array([cos(azimuth), -sin(azimuth), 0.0])
    return right, np.cross(forward, right), forward


def focal_length_px(width_px: int, field_of_view_degrees: float) -> float:
    """Return the distance of the picture plane for a field of view from edge to edge."""
    return width_px / 2 / tan(radians(field_of_view_degrees) / 2)


def fill(image: NDArray[np.uint8], outline_px: NDArray[np.float64], colour: Sequence[float]) -> None:
    """Fill a polygon, given in pixels from the image's top left corner, in place and with smooth edges."""
    sixteenths = np.rint(outline_px * 16 - 8).astype(np.int32)
    cv2.fillPoly(image, [sixteenths], tuple(map(float, colour)), cv2.LINE_AA, 4)


def stroke(image: NDArray[np.uint8], line_px: NDArray[np.float64], colour: Sequence[float]) -> None:
    """Draw a line of one pixel through points, given in pixels from the image's top left corner, in place."""
    sixteenths = np.rint(line_px * 16 - 8).astype(np.int32)
    cv2.polylines(image, [sixteenths], False, tuple(map(float, colour)), 1, cv2.LINE_AA, 4)
