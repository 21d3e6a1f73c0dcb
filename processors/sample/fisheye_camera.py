"""Wide-angle camera over a plane, as hazard cameras have it: an angle from the axis is a distance in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import NDArray

from processors.sample.camera import Points, Pose, pointing
from processors.sample.terrain import Grid

MIN_FALL = 1e-4
EDGE_STEPS = 24
"""Parts into which an edge is cut, so that it bends in the picture."""


@dataclass(frozen=True, kw_only=True)
class FisheyeCamera(Pose):
    """Equidistant projection: r = f θ."""

    @property
    def focal_px(self) -> float:
        """Return the pixels of one radian from the axis."""
        return self.width_px / radians(self.field_of_view_degrees)

    def rays(self) -> tuple[Grid, Grid, Grid]:
        """Return the unit vector that each pixel sees: east, north, up."""
        x = ((np.arange(self.width_px, dtype=np.float32) + 0.5 - self.width_px / 2) / self.focal_px)[None, :]
        y = ((np.arange(self.height_px, dtype=np.float32) + 0.5 - self.height_px / 2) / self.focal_px)[:, None]
        angle = np.hypot(x, y)
        ahead, aside = np.cos(angle), np.sinc(angle / np.float32(np.pi))
        axes = np.stack(pointing(self.azimuth_degrees, self.down_degrees), axis=1).astype(np.float32)
        east, north, up = (ahead * forward + aside * (x * right + y * down) for right, down, forward in axes)
        return east, north, up

    def see_ground(self) -> tuple[Grid, Grid, Grid, Grid]:
        """Return east, north, metres per pixel and distance for every pixel; distance is infinite above the horizon."""
        east, north, up = self.rays()
        falls = np.maximum(-up, np.float32(MIN_FALL))
        distance = np.float32(self.position_m[2]) / falls
        # a pixel's footprint is distance / focal wide and that over sin(elevation) long: sharp along, smooth across
        metres_per_px = distance / np.float32(self.focal_px) / np.sqrt(falls)
        east = np.float32(self.position_m[0]) + distance * east
        north = np.float32(self.position_m[1]) + distance * north
        seen = np.where(up < -MIN_FALL, distance, np.float32(np.inf))
        east, north, metres_per_px, seen = (grid.astype(np.float32) for grid in (east, north, metres_per_px, seen))
        return east, north, metres_per_px, seen

    def project(self, points: Points) -> NDArray[np.float64]:
        """Return pixels from the picture's top left corner, shape (count, 2); points may be behind the camera."""
        right, down, forward = pointing(self.azimuth_degrees, self.down_degrees)
        offset = points - np.array(self.position_m)
        x, y = offset @ right, offset @ down
        aside = np.hypot(x, y)
        radius = self.focal_px * np.arctan2(aside, offset @ forward) / np.maximum(aside, 1e-12)
        return np.stack([x * radius + self.width_px / 2, y * radius + self.height_px / 2], axis=1)

    def outline(self, corners: Points) -> NDArray[np.float64]:
        """Return the pixels of a polygon whose edges are straight in space, with points along its bent edges."""
        share = np.linspace(0, 1, EDGE_STEPS, endpoint=False)[None, :, None]
        edges = corners[:, None] * (1 - share) + np.roll(corners, -1, axis=0)[:, None] * share
        return self.project(edges.reshape(-1, 3))
