"""Tone mapping of HDR (PQ or HLG) to sRGB for ordinary screens (EETF of ITU-R BT.2390-10, section 5.4.1)."""

from __future__ import annotations

import numpy as np

from processors.imaging.srgb_curve import srgb_of

PQ, HLG = 16, 18
"""Codes of transfer characteristics (ITU-T H.273, table 3)."""

SOURCE_PEAK_NITS = 1000.0
"""Brightest level of the mastering display; also HLG's nominal peak (BT.2100)."""

SCREEN_PEAK_NITS = 203.0
"""Diffuse white in HDR (ITU-R BT.2408), mapped to white on an ordinary screen."""

BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
"""Matrix for linear light (ITU-R BT.2087, section 4)."""

BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128


def tone_mapped(picture: np.ndarray, transfer: int, to_bt2020: np.ndarray | None = None) -> np.ndarray:
    """Return a PQ or HLG picture in sRGB.

    Parameters
    ----------
    picture : uint16, shape (height, width, 3), full-range code values.
    transfer : `PQ` or `HLG`.
    to_bt2020 : float32, shape (3, 3), from linear light in the picture's primaries; None if they are BT.2020's.

    Returns
    -------
    uint8, the same shape.
    """
    codes = picture.astype(np.float32) / 65535
    nits = pq_to_nits(codes) if transfer == PQ else _hlg_to_nits(codes)
    if to_bt2020 is not None:
        nits = np.maximum(nits @ to_bt2020.T, 0)
    luminance = nits @ BT2020_LUMINANCE
    wanted = pq_to_nits(compress(nits_to_pq(luminance)))
    linear = nits * (wanted / np.maximum(luminance, 1e-4))[..., None] / SCREEN_PEAK_NITS
    linear = np.clip(linear @ BT2020_TO_BT709.T, 0, 1)
    return np.round(srgb_of(linear) * 255).astype(np.uint8)


def compress(level: np.ndarray) -> np.ndarray:
    """Apply the EETF to PQ levels (0 to 1): a Hermite spline from a knee to the screen's peak; black stays black."""
    source_peak, screen_peak = nits_to_pq(np.array([SOURCE_PEAK_NITS, SCREEN_PEAK_NITS]))
    relative = np.clip(level / source_peak, 0, 1)
    highest = screen_peak / source_peak
    knee = 1.5 * highest - 0.5
    t = np.clip((relative - knee) / (1 - knee), 0, 1)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * highest
    return np.where(relative < knee, relative, spline) * source_peak


def pq_to_nits(level: np.ndarray) -> np.ndarray:
    """Convert PQ levels (0 to 1) to cd/m² (SMPTE ST 2084 EOTF)."""
    root = np.maximum(level, 0) ** (1 / _M2)
    return 10000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def nits_to_pq(nits: np.ndarray) -> np.ndarray:
    """Convert cd/m² to PQ levels (SMPTE ST 2084 inverse EOTF)."""
    power = (np.maximum(nits, 0) / 10000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _hlg_to_nits(codes: np.ndarray) -> np.ndarray:
    """Convert HLG to cd/m² (ITU-R BT.2100): inverse OETF, then OOTF with system gamma 1.2 for a 1000 cd/m² screen."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    luminance = np.maximum(scene @ BT2020_LUMINANCE, 1e-6)
    return SOURCE_PEAK_NITS * luminance[..., None] ** 0.2 * scene
