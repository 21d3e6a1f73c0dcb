"""Levels and local contrast of a picture's brightness: hue is kept, and nothing clips that was not clipped before."""

from __future__ import annotations

import numpy as np

from processors.imaging.srgb_curve import light_of, srgb_of

LOW, HIGH = 0.03, 0.97
"""Brightness to which the two percentiles of a stretch are moved; values beyond them share the rest, unclipped."""
MIN_RANGE = 1 / 8
"""Minimum distance of the two percentiles in a colour picture, as a share of full scale: at most eightfold contrast."""
FIRST, LAST = 4 / 255, 250 / 255
"""Darkest and brightest value of a pixel that was not at an end of the scale before; JPEG moves values a little."""
EDGE = 0.04
"""Step of brightness, as a share of full scale, from which the guided filter keeps an edge: no halo along it."""
NOISE = 0.015
"""Detail below this, as a share of full scale, is noise or blocks of the compression, and is hardly raised."""
RADIUS_PART = 32
"""Radius of local contrast: this part of the longer side."""


def levels(brightness: np.ndarray, dark_percent: float, bright_percent: float) -> tuple[float, float]:
    """Return the brightness below which `dark_percent` of the pixels are, and above which `bright_percent` are."""
    dark, bright = np.percentile(brightness, (dark_percent, 100 - bright_percent))
    return float(dark), float(bright)


def stretched(brightness: np.ndarray, black: float, white: float) -> np.ndarray:
    """Return brightness with `black` moved down to `LOW` and `white` up to `HIGH`; neither is moved the other way.

    Levels closer than `MIN_RANGE` are first moved apart equally, within the scale.
    """
    missing = max(0.0, MIN_RANGE - (white - black))
    black = float(np.clip(black - missing / 2, 0, 1 - MIN_RANGE)) if missing else black
    white = max(white, black + MIN_RANGE)
    top = max(1.0, float(brightness.max()))
    places, values = [0.0], [0.0]
    for place, value in ((black, min(black, LOW)), (white, max(min(white, 1.0), HIGH)), (top, 1.0)):
        if place > places[-1]:
            places, values = [*places, place], [*values, value]
    return np.interp(brightness, places, values).astype(np.float32)


def with_local_contrast(brightness: np.ndarray, gain: float) -> np.ndarray:
    """Return brightness with its detail raised by up to `gain`, most in the middle tones and not at the ends.

    Detail is what a guided filter smooths away (He, Sun, Tang 2013, doi:10.1109/TPAMI.2012.213); it keeps edges, so
    that no halo appears along a horizon.
    """
    detail = brightness - _guided(brightness)
    weight = detail**2 / (detail**2 + NOISE**2) * 4 * brightness * (1 - brightness)
    return np.clip(brightness + (gain - 1) * weight * detail, 0, 1)


def brightness_of(picture: np.ndarray) -> np.ndarray:
    """Return the largest channel of each pixel, shape (height, width); NumPy takes ten times as long along an axis."""
    return np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2])


def with_brightness(picture: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return an sRGB picture whose largest channel is `wanted`, with the chromaticity of every pixel kept.

    Parameters
    ----------
    picture : float32, shape (height, width, 3), 0 to 1.
    wanted : float32, shape (height, width), 0 to 1.
    """
    light = light_of(picture)
    factor = light_of(wanted) / np.maximum(brightness_of(light), 1e-6)
    return np.clip(srgb_of(light * factor[..., None]), 0, 1)


def unclipped(brightness: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return brightness kept off both ends of the scale, except where it was at an end `before`."""
    was_clipped = (np.rint(before * 255) <= 0) | (np.rint(before * 255) >= 255)
    return np.where(was_clipped, brightness, np.clip(brightness, FIRST, LAST)).astype(np.float32)


def clipped_share(picture: np.ndarray) -> float:
    """Return the share of the pixels of which a channel is white, or all are black.

    Parameters
    ----------
    picture : uint8, shape (height, width) or (height, width, 3).
    """
    if picture.ndim == 2:
        return float(((picture == 0) | (picture == 255)).mean())
    brightest = brightness_of(picture)
    return float(((brightest == 255) | (brightest == 0)).mean())


def hue_shift_degrees(before: np.ndarray, after: np.ndarray) -> float:
    """Return how far hues turned (CIELAB), weighted by chroma; 0 for a picture without colour.

    Parameters
    ----------
    before, after : uint8, shape (height, width, 3), sRGB.
    """
    import cv2

    first, second = (cv2.cvtColor(one.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:] for one in (before, after))
    turn = np.abs(np.angle((second[..., 0] + 1j * second[..., 1]) * (first[..., 0] - 1j * first[..., 1]), deg=True))
    weight = np.minimum(np.hypot(first[..., 0], first[..., 1]), np.hypot(second[..., 0], second[..., 1]))
    weight[weight < 5] = 0  # a nearly grey pixel has no hue
    return float((turn * weight).sum() / max(float(weight.sum()), 1e-9))


def _guided(picture: np.ndarray) -> np.ndarray:
    """Smooth a picture except at its edges."""
    import cv2

    side = 2 * max(2, round(max(picture.shape) / RADIUS_PART)) + 1

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values, -1, (side, side), borderType=cv2.BORDER_REFLECT)

    middle = mean(picture)
    spread = mean(picture * picture) - middle * middle
    slope = spread / (spread + EDGE**2)
    return mean(slope) * picture + mean(middle - slope * middle)
