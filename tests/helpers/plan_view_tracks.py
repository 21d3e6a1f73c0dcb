"""Two parallel wheel tracks on level ground, seen from directly above, in grey, with known pitch and places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processors.sample import terrain
from processors.sample.terrain import Grid

_WIDTH_PX, _HEIGHT_PX = 1024, 768
_SEED = 616


@dataclass(frozen=True, kw_only=True)
class TracksTruth:
    """Truth about the picture; px from its top left corner, the first pixel's centre at 0.5."""

    width_px: int
    height_px: int
    direction_degrees: float
    """Direction of the tracks, from +x (right) towards +y (down)."""

    direction_x: float
    direction_y: float
    """Direction as a unit vector (x, y)."""

    grouser_pitch_px: float
    """Distance between marks along the tracks; constant because the picture is rectified."""

    grouser_phase_px: float
    """A mark's crest is where `direction . (x, y) - phase` is a multiple of the pitch."""

    track_offsets_px: list[float]
    """Offset of each track's centre line from the picture's centre, along (-direction_y, direction_x)."""

    track_width_px: float
    noise_deviation_levels: float
    illumination_per_px_x: float
    illumination_per_px_y: float
    """Relative change of illumination with x and y; 1 at the picture's centre."""


def write_plan_view(path: Path) -> TracksTruth:
    """Render and write the picture."""
    angle = np.radians(97.5)
    truth = TracksTruth(
        width_px=_WIDTH_PX,
        height_px=_HEIGHT_PX,
        direction_degrees=float(np.degrees(angle)),
        direction_x=float(np.cos(angle)),
        direction_y=float(np.sin(angle)),
        grouser_pitch_px=17.6,
        grouser_phase_px=5.0,
        track_offsets_px=[-246.0, 222.0],
        track_width_px=104.0,
        noise_deviation_levels=2.5,
        illumination_per_px_x=-1.6e-4,
        illumination_per_px_y=2.4e-4,
    )
    Image.fromarray(_render(truth)).save(path)
    return truth


def _render(truth: TracksTruth) -> NDArray[np.uint8]:
    """Render the picture, uint8, shape (768, 1024)."""
    rng = np.random.default_rng(_SEED)
    height = terrain.fractal(rng, 1024, 7, 0.15)[:_HEIGHT_PX].copy()
    shadow = np.ones_like(height)
    terrain.add_craters(height, rng, 14, 24, 120)
    terrain.add_rocks(height, shadow, rng, 300, 4, 26)
    x = np.arange(_WIDTH_PX, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(_HEIGHT_PX, dtype=np.float32)[:, None] + np.float32(0.5)
    along = x * truth.direction_x + y * truth.direction_y - truth.grouser_phase_px
    across = (y - _HEIGHT_PX / 2) * truth.direction_x - (x - _WIDTH_PX / 2) * truth.direction_y
    crest = np.exp(2.0 * (np.cos(2 * np.pi * along / truth.grouser_pitch_px) - 1)).astype(np.float32)
    for offset_px in truth.track_offsets_px:
        _press(height, shadow, (across - offset_px).astype(np.float32), crest, truth.track_width_px / 2)
    light = 1 + (x - _WIDTH_PX / 2) * truth.illumination_per_px_x + (y - _HEIGHT_PX / 2) * truth.illumination_per_px_y
    noise = terrain.white_noise(rng, height.shape, truth.noise_deviation_levels)
    grey = terrain.brightness(height) * np.clip(shadow, 0.35, 1) * light * 122 + noise
    return np.clip(np.round(grey), 0, 255).astype(np.uint8)


def _press(height: Grid, shadow: Grid, from_middle_px: Grid, crest: Grid, half_width_px: float) -> None:
    """Press one track into the ground in place: flattened, slightly sunk, with berms and a crest per grouser."""
    outside_px = np.abs(from_middle_px) - half_width_px
    inside = np.clip(0.5 - outside_px / 12, 0, 1).astype(np.float32)
    flat = cv2.GaussianBlur(height, (0, 0), 14) * np.float32(0.3) + height * np.float32(0.32)
    height += inside * (flat - 4.5 + np.float32(3.6) * crest - height)
    height += np.float32(3.2) * np.exp(-(((outside_px - 7) / 6) ** 2)).astype(np.float32)
    shadow += inside * (1 - shadow)
