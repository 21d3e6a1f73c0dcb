"""Ground texture that is sharp and free of flicker from any height: a pyramid of textures around one point."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample import terrain
from processors.sample.terrain import Grid


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Brightness of a plane, 1 on level sunlit ground.

    Every level is a square around the origin, half as wide as the previous one with the same number of texels.
    """

    levels: tuple[Grid, ...]
    texel_metres: float
    """Texel size of level 0, the coarsest."""

    def sample(self, east_m: Grid, north_m: Grid, metres_per_px: Grid | float) -> Grid:
        """Return the brightness at each point: levels are resampled bilinearly and the two nearest in scale blended.

        `metres_per_px` is the ground covered by one pixel, which determines the levels used.
        """
        depth = np.log2(self.texel_metres / np.asarray(metres_per_px, np.float32))
        depth = np.clip(depth, 0, len(self.levels) - 1).astype(np.float32)
        total = np.zeros(east_m.shape, np.float32)
        for level in range(int(depth.min()), int(np.ceil(depth.max())) + 1):
            weight = np.clip(1 - np.abs(depth - level), 0, 1)
            texels_per_metre = np.float32(2**level / self.texel_metres)
            size_px = self.levels[level].shape[0]
            # Within one reflection: cv2 approaches a far coordinate one reflection at a time.
            column = np.clip(size_px / 2 + east_m * texels_per_metre, -size_px, 2 * size_px).astype(np.float32)
            row = np.clip(size_px / 2 - north_m * texels_per_metre, -size_px, 2 * size_px).astype(np.float32)
            total += weight * cv2.remap(
                self.levels[level], column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
            )
        return total


def make_ground(
    *, seed: int, size_px: int, level_count: int, texel_metres: float, craters: int, rocks: int, roughness: float
) -> Ground:
    """Build the pyramid; `craters` and `rocks` are counts for every level, `roughness` the slope of each octave."""
    rng = np.random.default_rng(seed)
    height = terrain.fractal(rng, size_px, 7, roughness)
    dust = _dust(rng, size_px)
    textures: list[Grid] = []
    for level in range(level_count):
        if level:
            height = terrain.finer(_middle(height)) + terrain.fractal(rng, size_px, 1, roughness)
            dust = terrain.finer(_middle(dust)) / np.float32(2)
        shadow = np.ones_like(height)
        terrain.add_craters(height, rng, craters, 8, 16 if level else size_px / 5)
        terrain.add_rocks(height, shadow, rng, rocks, 3, 12 if level < level_count - 1 else 20)
        textures.append(terrain.brightness(height) * np.exp(dust) * np.clip(shadow, 0.35, 1))
    for level in range(level_count - 1, 0, -1):
        _show_finer(textures[level - 1], textures[level])
    return Ground(levels=tuple(textures), texel_metres=texel_metres)


def _dust(rng: np.random.Generator, size_px: int) -> Grid:
    """Return darker and lighter patches, as the logarithm of reflectance."""
    dust = np.zeros((size_px >> 8, size_px >> 8), np.float32)
    for _ in range(8):
        dust = terrain.finer(dust + terrain.white_noise(rng, dust.shape, 0.07)) / np.float32(2)
    return dust


def _middle(grid: Grid) -> Grid:
    """Return the middle half of a level, as wide and high as the next finer level."""
    quarter = grid.shape[0] // 4
    return grid[quarter:-quarter, quarter:-quarter]


def _show_finer(coarse: Grid, fine: Grid) -> None:
    """Blend the finer level into the middle of the coarser one, in place, with a soft edge."""
    size_px = coarse.shape[0]
    half_px = size_px // 2
    to_edge_px = np.minimum(np.arange(half_px), np.arange(half_px)[::-1])
    ramp = np.clip(to_edge_px * 24 / size_px, 0, 1).astype(np.float32)
    middle = _middle(coarse)
    middle += np.minimum(ramp[:, None], ramp[None, :]) * (cv2.pyrDown(fine) - middle)


def tint(brightness: Grid) -> NDArray[np.uint8]:
    """Return typical Mars colours, uint8 RGB, shape (rows, columns, 3): brown in shade, tan in full light."""
    return _TINTS[np.clip(brightness * 128, 0, 255).astype(np.uint8)]


_TINTS = (
    np.stack(
        [
            np.interp(np.arange(256), [0, 40, 128, 190, 255], channel)
            for channel in ([18, 66, 176, 222, 250], [10, 40, 124, 172, 224], [8, 28, 92, 136, 196])
        ],
        axis=1,
    )
    .round()
    .astype(np.uint8)
)
