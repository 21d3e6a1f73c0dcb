"""Detection of the video frame shown by a still, among measured thumbnails and hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from processors.imaging.perceptual_hash import perceptual_hash
from processors.video.audit.measurement_table import THUMBNAIL_PX

MAX_BITS = 10
MIN_SCORE = 0.97
"""Minimum score: a halved and recompressed frame reaches 0.998; over 4,000 pairs of unrelated sample photos, 0.54."""
MIN_CONTRAST_LEVELS = 4.0
SAME_SCORE = 0.0005
"""Largest difference of scores between frames that show the same held picture."""
BLUR_PX = 4.0


@dataclass(frozen=True, kw_only=True)
class StillFrame:
    """The frame most similar to a still, with the surrounding frames that show the same held picture."""

    frame_number: int
    """Frame number from 0, in presentation order."""
    time_seconds: float
    first_frame: int
    end_frame: int
    """End (exclusive) of the frames with the same picture."""
    score: float
    """Correlation of the thumbnails without slow changes of brightness, -1 to 1."""
    differing_bits: int
    """Differing bits, of 64, of the perceptual hashes."""


@dataclass(frozen=True, kw_only=True)
class Still:
    """Features of a photo that are compared with frames."""

    hash: int
    detail: np.ndarray
    """Fine detail, float32, thumbnail size, normalised to length 1."""


@dataclass(frozen=True, kw_only=True)
class VideoFeatures:
    """Features of a video that are compared with stills, frame by frame."""

    times_seconds: np.ndarray
    contrast_levels: np.ndarray
    hashes: np.ndarray
    """Perceptual hashes, uint64."""
    thumbnails: np.ndarray
    """Grey thumbnails, uint8, shape (frames, height, width)."""


def still_of(picture: np.ndarray) -> Still | None:
    """Prepare a photo; None if it is too flat to be recognised.

    Parameters
    ----------
    picture : uint8, shape (height, width), grey.
    """
    import cv2

    if float(picture.std()) < MIN_CONTRAST_LEVELS:
        return None
    small = cv2.resize(picture, THUMBNAIL_PX, interpolation=cv2.INTER_AREA)
    return Still(hash=perceptual_hash(picture), detail=_detail(small))


def read_frames(measurements: Path) -> VideoFeatures:
    """Read a video's `measurements.parquet`: about 0.6 kB per frame."""
    table = pq.read_table(measurements, columns=["time_seconds", "contrast_levels", "perceptual_hash", "thumbnail"])
    pixels = b"".join(table["thumbnail"].to_pylist())
    return VideoFeatures(
        times_seconds=table["time_seconds"].to_numpy(),
        contrast_levels=table["contrast_levels"].to_numpy(),
        hashes=table["perceptual_hash"].to_numpy(),
        thumbnails=np.frombuffer(pixels, np.uint8).reshape(-1, THUMBNAIL_PX[1], THUMBNAIL_PX[0]),
    )


def matching_frame(still: Still, frames: VideoFeatures) -> StillFrame | None:
    bits = np.bitwise_count(frames.hashes ^ np.uint64(still.hash))
    kept = np.flatnonzero((bits <= MAX_BITS) & (frames.contrast_levels >= MIN_CONTRAST_LEVELS))
    if not len(kept):
        return None
    scores = np.array([float((_detail(frames.thumbnails[row]) * still.detail).sum()) for row in kept])
    best = float(scores.max())
    if best < MIN_SCORE:
        return None
    alike = kept[scores >= best - SAME_SCORE]
    top = int(np.flatnonzero(alike == kept[scores.argmax()])[0])
    first = end = top
    while first > 0 and alike[first - 1] == alike[first] - 1:
        first -= 1
    while end + 1 < len(alike) and alike[end + 1] == alike[end] + 1:
        end += 1
    number = int(alike[top])
    return StillFrame(
        frame_number=number,
        time_seconds=float(frames.times_seconds[number]),
        first_frame=int(alike[first]),
        end_frame=int(alike[end]) + 1,
        score=round(best, 4),
        differing_bits=int(bits[number]),
    )


def _detail(small: np.ndarray) -> np.ndarray:
    """Return the fine detail, normalised to length 1."""
    import cv2

    level = small.astype(np.float32)
    fine = level - cv2.GaussianBlur(level, (0, 0), BLUR_PX)
    return fine / (float(np.linalg.norm(fine)) + 1e-6)
