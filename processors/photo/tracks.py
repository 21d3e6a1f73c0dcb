"""Wheel tracks in a photo: where they run, and the pitch of the bars that the grousers left, in pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from processors.contract import Item, Need, Reads, as_json, require
from processors.photo.grousers import LONGEST_SIDE_PX, Band, find_grousers, scaled
from processors.photo.reader import Photo, PhotoInfo, fitted
from processors.pictures import encode

RELATIVE = "pixels and degrees in this picture; no length on the ground is known"


@dataclass(frozen=True, kw_only=True)
class TracksFacts:
    """What was found; `found` false is an answer, not a failure."""

    found: bool
    direction_degrees: float | None
    """Along the tracks, from +x (right) towards +y (down), 0 to 180."""
    grouser_pitch_px: float | None
    """Mean over the bands, each weighted by its bars."""
    bands: tuple[Band, ...]
    spectral_contrast: float | None
    is_rectified: bool
    """True: measured in the rectified view, whose pixels these are."""
    meaning: str = RELATIVE


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """Grouser tracks as `tracks.json`, drawn in `tracks.jpg`; `rectified.png` where the ground's corners are given."""

    name: ClassVar[str] = "photo.tracks"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "photo"

    least_contrast: float = 100.0
    """How far a row of bars must stand out of the spectrum; ground without tracks reaches about 80."""
    least_correlation: float = 0.45
    """Autocorrelation at one pitch, 0 to 1, below which a band is not believed."""
    ground_corners_px: tuple[float, ...] | None = None
    """x, y of four corners of a rectangle on the ground, clockwise from the far left one; None: seen from above."""
    ground_aspect: float = 1.0
    """Length along the view over width, of that rectangle."""

    def __post_init__(self) -> None:
        require(self.least_contrast > 1, "least_contrast", self.least_contrast, "must be above 1")
        require(0 < self.least_correlation < 1, "least_correlation", self.least_correlation, "must be between 0 and 1")
        corners = self.ground_corners_px
        require(corners is None or len(corners) == 8, "ground_corners_px", corners, "must be x, y of four corners")
        require(0.05 <= self.ground_aspect <= 20, "ground_aspect", self.ground_aspect, "must be from 0.05 to 20")

    def needs(self, info: PhotoInfo) -> Need:
        return Need()

    def start(self, info: PhotoInfo, scratch: Path) -> _Session:
        return _Session(self)


class _Session:
    def __init__(self, processor: Tracks) -> None:
        self._processor = processor

    def feed(self, photo: Photo) -> Iterator[Item]:
        processor = self._processor
        grey = photo.grey
        if processor.ground_corners_px:
            grey = _rectified(grey, processor.ground_corners_px, processor.ground_aspect)
            yield Item(name="rectified.png", media_type="image/png", data=encode(_eight_bit(grey), "png"))
        size = fitted((grey.shape[1], grey.shape[0]), LONGEST_SIDE_PX)
        scale = grey.shape[1] / size[0]
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale > 1 else grey
        found = find_grousers(
            small, least_contrast=processor.least_contrast, least_correlation=processor.least_correlation
        )
        whole = scaled(found, scale) if found else None
        bands = tuple(_rounded(band) for band in whole.bands) if whole else ()
        facts = TracksFacts(
            found=found is not None,
            direction_degrees=round(found.direction_degrees, 3) if found else None,
            grouser_pitch_px=_mean_pitch(bands),
            bands=bands,
            spectral_contrast=round(found.spectral_contrast, 1) if found else None,
            is_rectified=processor.ground_corners_px is not None,
        )
        text = json.dumps(as_json(facts), indent=1)
        yield Item(name="tracks.json", media_type="application/json", data=text.encode(), facts=facts)
        if found:
            drawn = _drawn(small, found.direction_degrees, found.bands)
            yield Item(name="tracks.jpg", media_type="image/jpeg", data=encode(drawn, "jpeg"))

    def finish(self) -> Iterator[Item]:
        yield from ()


def _rounded(band: Band) -> Band:
    pitch = round(band.pitch_px, 4) if band.pitch_px else None
    return replace(band, offset_px=round(band.offset_px, 2), width_px=round(band.width_px, 2), pitch_px=pitch)


def _mean_pitch(bands: tuple[Band, ...]) -> float | None:
    pairs = [(band.pitch_px, band.bar_count) for band in bands if band.pitch_px]
    return round(sum(p * n for p, n in pairs) / sum(n for _, n in pairs), 4) if pairs else None


def _rectified(grey: np.ndarray, corners: tuple[float, ...], aspect: float) -> np.ndarray:
    """The rectangle on the ground, seen from above."""
    points = np.array(corners, np.float32).reshape(4, 2)
    width = round(float(max(np.linalg.norm(points[1] - points[0]), np.linalg.norm(points[2] - points[3]))))
    width = max(16, min(width, LONGEST_SIDE_PX))
    height = max(16, min(round(width * aspect), LONGEST_SIDE_PX))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.warpPerspective(
        grey, cv2.getPerspectiveTransform(points, target), (width, height), flags=cv2.INTER_CUBIC
    )


def _eight_bit(grey: np.ndarray) -> np.ndarray:
    return np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def _drawn(grey: np.ndarray, direction_degrees: float, bands: tuple[Band, ...]) -> np.ndarray:
    """The picture with both edges of every band."""
    low, high = np.percentile(grey, (0.5, 99.5))
    picture = cv2.cvtColor(_eight_bit((grey - low) / max(high - low, 1e-6)), cv2.COLOR_GRAY2RGB)
    angle = np.radians(direction_degrees)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    centre, reach = np.array([(grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2]), sum(grey.shape)
    for band in bands:
        for edge in (band.offset_px - band.width_px / 2, band.offset_px + band.width_px / 2):
            start, end = (centre + across * edge + along * way for way in (-reach, reach))
            ends = [tuple(int(v) for v in point) for point in (start, end)]
            cv2.line(picture, ends[0], ends[1], (255, 140, 0), 2, cv2.LINE_AA)
    return picture
