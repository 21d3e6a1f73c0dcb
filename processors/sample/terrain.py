"""Height maps of a Mars-like ground, and their illumination.

Heights are in units of their own grid's pixels, so that slopes need no scale.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
"""Grid, float32, shape (rows, columns); row 0 is north, column 0 is west."""

TOWARDS_SUN = np.array([-0.62, 0.50, 0.605])
"""Unit vector east, north, up: a sun in the north-west, 37 degrees high."""


def fractal(rng: np.random.Generator, size_px: int, octaves: int, slope: float) -> Grid:
    """Return smooth noise with waves from a few px to `2**octaves` times as long, all about equally steep.

    `size_px` is a multiple of `2**octaves`.
    """
    height = np.zeros((size_px >> octaves, size_px >> octaves), np.float32)
    for _ in range(octaves):
        height = finer(height + white_noise(rng, height.shape, slope))
    return height


def white_noise(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Grid:
    """Return independent normally distributed values."""
    return (rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)).astype(np.float32)


def finer(height: Grid) -> Grid:
    """Return the same ground with half the spacing; row and column `i` become `2 i`.

    The Gaussian pyramid's kernel is cubic B-spline subdivision, the only cheap one without visible grid in the slopes.
    """
    return cv2.pyrUp(height * np.float32(2)).astype(np.float32)


def add_craters(height: Grid, rng: np.random.Generator, count: int, low_px: float, high_px: float) -> None:
    """Add bowls with raised rims in place; as many per octave as on real ground (count falls with diameter squared)."""
    for x_px, y_px, diameter_px in _places(rng, height.shape, count, low_px, high_px):
        depth = rng.uniform(0.10, 0.34)

        def bowl(r: Grid, depth: float = float(depth)) -> Grid:
            inside = np.minimum(r * r - 1, 0) * np.float32(depth)
            rim = np.float32(0.35 * depth) * np.exp(-(((r - np.float32(1.02)) / np.float32(0.22)) ** 2))
            return inside + rim

        _stamp(height, x_px, y_px, diameter_px / 2, 1.7, bowl, diameter_px / 2)


def add_rocks(height: Grid, shadow: Grid, rng: np.random.Generator, count: int, low_px: float, high_px: float) -> None:
    """Add domes to `height` in place and darken `shadow` (1 where lit) on their far side from the sun."""
    away = -TOWARDS_SUN[:2] * np.array([1, -1]) / TOWARDS_SUN[2]

    def dome(r: Grid) -> Grid:
        return np.float32(0.8) * np.sqrt(np.clip(1 - r * r, 0, 1))

    for x_px, y_px, diameter_px in _places(rng, height.shape, count, low_px, high_px):
        radius_px = diameter_px / 2
        x_shadow_px, y_shadow_px = np.array([x_px, y_px]) + away * radius_px * 0.75
        _stamp(shadow, x_shadow_px, y_shadow_px, radius_px, 1.3, _dark_spot, -0.5)
        _stamp(height, x_px, y_px, radius_px, 1.0, dome, radius_px)


def _dark_spot(r: Grid) -> Grid:
    return np.clip(3 - np.float32(2.6) * r, 0, 1)


def brightness(height: Grid) -> Grid:
    """Return Lambertian brightness under sun and bright sky: 1 on level ground, 0.3 in shadow."""
    east = cv2.filter2D(height, -1, np.array([[-0.5, 0, 0.5]], np.float32))
    south = cv2.filter2D(height, -1, np.array([[-0.5], [0], [0.5]], np.float32))
    sun_east, sun_north, sun_up = (np.float32(v) for v in TOWARDS_SUN)
    steepness = np.sqrt(np.square(east) + np.square(south) + 1)
    facing = (sun_up - east * sun_east + south * sun_north) / (steepness * sun_up)
    return (np.float32(0.3) + np.float32(0.7) * np.clip(facing, 0, 2)).astype(np.float32)


def _places(
    rng: np.random.Generator, shape: tuple[int, ...], count: int, low_px: float, high_px: float
) -> NDArray[np.float64]:
    """Return shape (count, 3): x, y and diameter in px; the count above a diameter falls with its square."""
    share = rng.uniform((low_px / high_px) ** 2, 1, count)
    return np.stack([rng.uniform(0, shape[1], count), rng.uniform(0, shape[0], count), low_px / np.sqrt(share)], axis=1)


def _stamp(
    grid: Grid, x_px: float, y_px: float, radius_px: float, reach: float, profile: Callable[[Grid], Grid], times: float
) -> None:
    """Add `profile(r) * times` in place, r the distance from the centre in radii, up to `reach` radii."""
    reach_px = radius_px * reach
    top, bottom = max(0, int(y_px - reach_px)), min(grid.shape[0], int(y_px + reach_px) + 2)
    left, right = max(0, int(x_px - reach_px)), min(grid.shape[1], int(x_px + reach_px) + 2)
    if top >= bottom or left >= right:
        return
    rows = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y_px)
    columns = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x_px)
    r = (np.sqrt(rows * rows + columns * columns) / np.float32(radius_px)).astype(np.float32)
    grid[top:bottom, left:right] += profile(r) * np.float32(times)
