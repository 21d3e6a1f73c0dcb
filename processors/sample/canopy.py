"""Parachute seen by a camera on the backshell: a disk-gap-band canopy that inflates and sways."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from processors.sample.camera import stroke
from processors.sample.truth import KnownBox

_GORES = 32
_TEXTURE_PX = 512
_FULL_RADIUS_PX = 96.0
_SPIN_DEGREES = 0.35
"""Spin per frame."""


@dataclass(frozen=True, kw_only=True)
class CanopyTruth:
    """Truth about the canopy, one entry per frame of its camera's shot; px from the video's top left corner."""

    canopy_centre_x_px: list[float]
    canopy_centre_y_px: list[float]
    canopy_radius_px: list[float]
    inflated_frame: int
    """First frame of the video from which the canopy is inflated to within 2 %."""


def canopy_truth(frame_count: int, frames_per_second: int, picture: KnownBox) -> CanopyTruth:
    """Compute inflation within about 1 s with one overshoot, and a slow pendulum sway."""
    seconds = np.arange(frame_count) / frames_per_second
    filled = 1 - np.exp(-3.4 * seconds) * np.cos(4.2 * seconds)
    radius_px = _FULL_RADIUS_PX * (0.16 + 0.84 * filled)
    x_px = (picture.left_px + picture.right_px) / 2 + 34 * np.sin(2 * np.pi * seconds / 2.9 + 0.4)
    y_px = (picture.top_px + picture.bottom_px) / 2 - 12 + 13 * np.sin(2 * np.pi * seconds / 1.7 + 1.1)
    unsteady = np.flatnonzero(np.abs(radius_px / _FULL_RADIUS_PX - 1) > 0.02)
    return CanopyTruth(
        canopy_centre_x_px=x_px.tolist(),
        canopy_centre_y_px=y_px.tolist(),
        canopy_radius_px=radius_px.tolist(),
        inflated_frame=int(unsteady[-1]) + 1,
    )


class ParachuteCamera:
    """Renderer of the shot's frames."""

    def __init__(self, truth: CanopyTruth, picture: KnownBox) -> None:
        self._truth = truth
        self._picture = picture
        self._sky = _sky(picture.bottom_px - picture.top_px, picture.right_px - picture.left_px)
        self._colour, self._cover = _canopy()

    def draw(self, index: int) -> NDArray[np.uint8]:
        """Return the picture without its letterbox, uint8 RGB."""
        truth, sky = self._truth, self._sky
        x_px = truth.canopy_centre_x_px[index] - self._picture.left_px
        y_px = truth.canopy_centre_y_px[index] - self._picture.top_px
        radius_px = truth.canopy_radius_px[index]
        turn = np.radians(_SPIN_DEGREES * index)
        # Reduced to about the final size first so that the fine gores do not alias.
        size_px = 2 * round(radius_px)
        colour, cover = (
            cv2.resize(one, (size_px, size_px), interpolation=cv2.INTER_AREA) for one in (self._colour, self._cover)
        )
        matrix = np.zeros((2, 3))
        matrix[:, :2] = (
            np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * 2 * radius_px / size_px
        )
        matrix[:, 2] = np.array([x_px, y_px]) - 0.5 - matrix[:, :2] @ np.full(2, size_px / 2 - 0.5)
        size = (sky.shape[1], sky.shape[0])
        canopy = cv2.warpAffine(colour, matrix, size, flags=cv2.INTER_LINEAR)
        weight = cv2.warpAffine(cover, matrix, size, flags=cv2.INTER_LINEAR)[:, :, None]
        image = np.clip(sky + weight * (canopy - sky), 0, 255).astype(np.uint8)
        riser = np.array([size[0] / 2, size[1] + 60.0])
        for angle in np.arange(_GORES) * 2 * np.pi / _GORES + turn:
            skirt = np.array([x_px, y_px]) + radius_px * np.array([np.cos(angle), np.sin(angle)])
            stroke(image, np.stack([skirt, riser]), (120, 96, 80))
        return image


def _sky(height_px: int, width_px: int) -> NDArray[np.float32]:
    """Render the tan sky of Mars, brighter towards the sun at the upper left."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    distance = np.hypot(columns - width_px * 0.22, rows - height_px * 0.1) / width_px
    glow = np.exp(-((distance / 0.62) ** 2))[:, :, None]
    return (np.array([148, 108, 82]) + glow * np.array([66, 58, 48])).astype(np.float32)


def _canopy() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the inflated canopy seen from below, RGB 0 to 255, and its opacity, 0 to 1."""
    middle = _TEXTURE_PX / 2 - 0.5
    rows, columns = np.mgrid[0:_TEXTURE_PX, 0:_TEXTURE_PX]
    r = np.hypot(columns - middle, rows - middle) / (_TEXTURE_PX / 2)
    gore = np.arctan2(rows - middle, columns - middle) * _GORES / (2 * np.pi)
    bulge = 0.80 + 0.20 * np.abs(np.sin(np.pi * gore)) ** 0.6
    side = 1 + 0.20 * (columns - rows) / _TEXTURE_PX
    red = ((np.floor(gore) % 4 == 0) & (r < 0.76)) | (r > 0.84)
    cloth = np.where(red[:, :, None], np.array([196, 84, 52]), np.array([236, 222, 206]))
    colour = cloth * (bulge * side * (0.78 + 0.22 * r))[:, :, None]
    soft = 1.5 / (_TEXTURE_PX / 2)
    open_to_sky = np.minimum.reduce([np.abs(r - 0.80) - 0.035, r - 0.09, 0.992 - r])
    return colour.astype(np.float32), np.clip(open_to_sky / soft, 0, 1).astype(np.float32)
