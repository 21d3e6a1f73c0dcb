"""Pixel-by-pixel comparison of two pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from processors.containers.photo.sample_bits import sample_bits


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

    pictures = [_levels(path) for path in (first, second)]
    sizes = " and ".join(f"{picture.shape[1]} x {picture.shape[0]}" for picture in pictures)
    white = 65535 if any(picture.dtype == np.uint16 for picture in pictures) else 255
    a, b = _of_one_size([_in_depth(picture, white) for picture in _of_one_kind(pictures)])
    difference = np.abs(a.astype(np.int32) - b.astype(np.int32))
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


def _levels(path: Path) -> np.ndarray:
    """Return grey, RGB or RGBA, uint8 or uint16, shape (height, width, channels)."""
    import cv2
    from PIL import Image

    with path.open("rb") as file, Image.open(file) as opened:
        if sample_bits(file) == 16 and opened.mode != "I;16":  # Pillow gives the upper 8 of the bits of colours
            stored = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
            if stored is not None:
                order = cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
                return cv2.cvtColor(stored, order)
        picture = opened if opened.mode in ("L", "RGB", "RGBA", "I;16") else opened.convert("RGB")
        return np.asarray(picture).reshape(picture.height, picture.width, -1)


def _of_one_kind(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Return the pictures as they are if they have the same channels, else as RGB."""
    if pictures[0].shape[2] == pictures[1].shape[2]:
        return pictures
    return [picture.repeat(3, axis=2) if picture.shape[2] == 1 else picture[..., :3] for picture in pictures]


def _in_depth(picture: np.ndarray, white: int) -> np.ndarray:
    """Return the levels for this white."""
    return picture.astype(np.uint16) * 257 if white > 255 and picture.dtype == np.uint8 else picture


def _of_one_size(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Return the pictures, the larger one averaged down to the smaller."""
    import cv2

    height, width = min((picture.shape[:2] for picture in pictures), key=lambda shape: shape[0] * shape[1])
    return [
        picture
        if picture.shape[:2] == (height, width)
        else cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, -1)
        for picture in pictures
    ]
