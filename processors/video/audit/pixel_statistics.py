"""Per-pixel statistics from frames spread over the video, which reveal static parts of a changing picture."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

import numpy as np

from processors.containers.zip_members import zip_member

MAX_SIDE_PX = 1920
"""Maximum side; larger pictures are shrunk, so that memory stays below 60 MB."""

MIN_CHANGE_LEVELS = 1.5
"""Minimum average difference of a frame's thumbnail from that of the last frame used; smaller ones add nothing new."""

BLACK_LEVEL = 24
"""Minimum level of the brightest thumbnail pixel of a frame with visible content."""

CLEAR_STEP_LEVELS = 5
"""Minimum step between neighbours that is not noise."""

SPECTRUM_EVERY = 4
SPECTRUM_BANDS = 64


@dataclass(frozen=True, kw_only=True)
class PixelStatistics:
    """Statistics of the frames used; upright pixels, luma levels 0 to 255."""

    taken: int
    """Number of frames used."""
    width_px: int
    """Width of the arrays, which is the video's own, or reduced for `MAX_SIDE_PX`."""
    height_px: int
    highest: np.ndarray
    """Highest level of each pixel: uint8, shape (height, width)."""
    lowest: np.ndarray
    stillness: np.ndarray
    """Share of frames in which a clear step to the right or lower neighbour has the same sign: uint8, 255 for all."""
    spectrum_x: np.ndarray
    """Mean power along rows in the centre of the picture: float32, shape (64,), from 0 to half a cycle per pixel."""
    spectrum_y: np.ndarray

    def save(self) -> bytes:
        """Return a NumPy archive of the arrays, reproducible; uncompressed, 6 MB at 1080p instead of 3."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for field in fields(self):
                with archive.open(zip_member(f"{field.name}.npy"), "w") as opened:
                    np.save(opened, np.asarray(getattr(self, field.name)), allow_pickle=False)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: Path) -> PixelStatistics:
        """Read an archive that `save` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        whole = {name: int(arrays.pop(name)) for name in ("taken", "width_px", "height_px")}
        return cls(**whole, **arrays)


class Gatherer:
    """Sampler of frames at growing intervals, so that an hour costs little more than a minute; skips repeats."""

    def __init__(self) -> None:
        self._first_time: Fraction | None = None
        self._next_time = Fraction(0)
        self._last: np.ndarray | None = None
        self._taken = 0
        self._spectra = 0
        self._counts: list[np.ndarray] = []

    def wants(self, time: Fraction, thumbnail: np.ndarray) -> bool:
        """Return True if a frame at `time` (s) with this `thumbnail` (uint8) should be used."""
        import cv2

        if self._first_time is None:
            self._first_time = time
        elapsed = time - self._first_time
        if elapsed < self._next_time or int(thumbnail.max()) < BLACK_LEVEL:
            return False
        if self._last is not None and cv2.absdiff(thumbnail, self._last).mean() < MIN_CHANGE_LEVELS:
            return False
        self._last = thumbnail
        self._next_time = elapsed + Fraction(1, 5) + elapsed / 16
        return True

    def take(self, luma: np.ndarray) -> None:
        """Add one frame's luma, uint8, shape (height, width); frames of another size than the first are skipped."""
        import cv2

        if not self._counts:
            self._highest, self._lowest = luma.copy(), luma.copy()
            self._counts = [np.zeros(luma.shape, np.uint16) for _ in range(4)]
            self._spectrum = np.zeros((2, SPECTRUM_BANDS), np.float64)
        if luma.shape != self._highest.shape:
            return
        cv2.max(self._highest, luma, self._highest)
        cv2.min(self._lowest, luma, self._lowest)
        for first, (near, far) in enumerate(
            ((luma[:, :-1], luma[:, 1:]), (luma[:, 1:], luma[:, :-1]), (luma[:-1], luma[1:]), (luma[1:], luma[:-1]))
        ):
            if not near.size:
                continue  # a picture one pixel wide or high has no neighbours along that axis
            self._counts[first][: near.shape[0], : near.shape[1]] += cv2.subtract(far, near) >= CLEAR_STEP_LEVELS
        if self._taken % SPECTRUM_EVERY == 0:
            self._spectrum += np.stack([_power(luma), _power(luma.T)])
            self._spectra += 1
        self._taken += 1

    def result(self) -> PixelStatistics | None:
        """Return the statistics; None if no frame was used."""
        if not self._taken:
            return None
        spectrum = (self._spectrum / self._spectra).astype(np.float32)
        stillness = np.maximum.reduce(self._counts) * np.uint32(255) // self._taken
        return PixelStatistics(
            taken=self._taken,
            width_px=self._highest.shape[1],
            height_px=self._highest.shape[0],
            highest=self._highest,
            lowest=self._lowest,
            stillness=stillness.astype(np.uint8),
            spectrum_x=spectrum[0],
            spectrum_y=spectrum[1],
        )


def _power(luma: np.ndarray) -> np.ndarray:
    """Return the mean power spectrum along rows in a picture's centre, shape (64,); zeros if it is under 256 px."""
    height, width = luma.shape
    if width < 256 or height < 64:
        return np.zeros(SPECTRUM_BANDS)
    length = width // 2 // 128 * 128
    left, top = (width - length) // 2, height // 4
    rows = luma[top : top + height // 2 : max(1, height // 256), left : left + length].astype(np.float32)
    rows = (rows - rows.mean(axis=1, keepdims=True)) * np.hanning(length).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(rows, axis=1))).mean(axis=0)[1:]
    return power.reshape(SPECTRUM_BANDS, -1).mean(axis=1) / length
