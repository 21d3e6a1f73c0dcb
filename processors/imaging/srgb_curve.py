"""The transfer curve of sRGB (IEC 61966-2-1), both ways."""

from __future__ import annotations

import numpy as np


def light_of(values: np.ndarray) -> np.ndarray:
    """Return the linear light of sRGB values, 0 to 1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def srgb_of(light: np.ndarray) -> np.ndarray:
    """Return the sRGB values of linear light, 0 to 1 and above."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
