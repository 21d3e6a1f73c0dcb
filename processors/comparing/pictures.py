"""Pixel-by-pixel comparison of two pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def compare_pictures(first: Path, second: Path, out: Path | None) -> dict[str, float | str | None]:
    """Compare pixel by pixel; the larger picture is scaled down to the smaller one.

    Parameters
    ----------
    out : file for the absolute difference, scaled so that its maximum is white; None writes none.

    Returns
    -------
    dict : mean and maximum absolute difference over all channels, in levels of the file; the share of differing
        pixels; peak signal-to-noise ratio in dB (20 log10(white / root mean square)), None for identical pixels.
    """
    from PIL import Image

    with Image.open(first) as one, Image.open(second) as other:
        mode = one.mode if one.mode == other.mode and one.mode in ("L", "RGB", "RGBA", "I;16") else "RGB"
        pictures = [picture if picture.mode == mode else picture.convert(mode) for picture in (one, other)]
        size = min((picture.size for picture in pictures), key=lambda size: size[0] * size[1])
        scaled = [p if p.size == size else p.resize(size, Image.Resampling.BOX) for p in pictures]
        sizes = " and ".join(f"{p.width} x {p.height}" for p in pictures)
        a, b = (np.asarray(picture).astype(np.int32) for picture in scaled)
    difference = np.abs(a - b).reshape(a.shape[0], a.shape[1], -1)
    white = 65535 if mode == "I;16" else 255
    largest = int(difference.max())
    if out:
        shown = difference[..., :3].squeeze() * 255 // max(1, largest)
        Image.fromarray(shown.astype(np.uint8)).save(out)
    mean_square = float(np.mean(np.square(difference, dtype=np.float64)))
    return {
        "size_px": sizes,
        "mean_levels": round(float(difference.mean()), 4),
        "largest_levels": largest,
        "white_level": white,
        "changed_share": round(float(difference.any(axis=2).mean()), 6),
        "psnr_db": round(10 * float(np.log10(white**2 / mean_square)), 2) if mean_square else None,
    }
