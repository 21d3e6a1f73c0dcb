"""Wheel tracks in a photo: where they are, their direction, and the pitch of the grouser prints, in pixels.

The search is for rows of bars, as printed by grousers: at one pitch, seen from above or rectified by four corners on
the ground, otherwise in perspective, where direction and pitch change along the track. Tracks without bars are not
found, which the facts state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from processors.contract import Item, Need, Reads, ReleaseContext, require
from processors.imaging.image_writer import encode
from processors.photo.reading.photo_reader import MAX_PIXELS, Photo, PhotoInfo, fitted, refuse_larger
from processors.photo.tracks import bar_rows
from processors.photo.tracks.bar_rows import BarRow, BarRowSearch, find_bar_rows, scaled_row
from processors.photo.tracks.grousers import (
    MAX_SIDE_PX,
    Attempt,
    GrouserBand,
    Grousers,
    find_grousers,
    scaled_detection,
)
from processors.photo.tracks.tracks_drawing import draw_bands, draw_reason, draw_rows
from processors.photo.tracks.tracks_in_words import NOT_SEARCHED, why_no_tracks

RELATIVE = "pixels and degrees in this picture; no length on the ground is known"
REAR = re.compile(r"(?<![a-z])rear(?![a-z])|(?<![a-z])rhaz|后避障|后视|后置|后部", re.IGNORECASE)
"""Words for a rear camera in releases and labels: `rear hazard-avoidance camera`, `RHAZ_LEFT_B`, 后避障相机."""


@dataclass(frozen=True, kw_only=True)
class TracksFacts:
    """Facts of a detection; `found` false is an answer, not a failure."""

    searched: bool
    """False if the photo is not known to be from a rear camera, and no search was requested anyway."""
    found: bool
    direction_degrees: float | None
    """Direction of the tracks, from +x (right) towards +y (down), 0 to 180; in perspective, that of the longest row
    where it is lowest in the picture."""
    grouser_pitch_px: float | None
    """Mean over the bands, each weighted by its bars; None in perspective, where the pitch changes along a track."""
    bands: tuple[GrouserBand, ...]
    """Straight tracks at one pitch, seen from above."""
    spectral_contrast: float | None
    is_rectified: bool
    """True if measured in the rectified view; pixels are then those of that view."""
    attempt: Attempt | None = None
    """Progress of the search for bands, with its figures; None if the photo was not searched."""
    rows: tuple[BarRow, ...] = ()
    """Tracks in perspective, the longest first; searched for if there are no bands."""
    longest_row_bar_count: int | None = None
    """Bars of the longest row in perspective, whether or not it is a track; None if none was searched for."""
    not_found_because: str | None = None
    """Reason why no track was found; None if one was."""
    meaning: str = RELATIVE


UNSEARCHED = TracksFacts(
    searched=False,
    found=False,
    direction_degrees=None,
    grouser_pitch_px=None,
    bands=(),
    spectral_contrast=None,
    is_rectified=False,
    not_found_because=NOT_SEARCHED,
)


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """Grouser tracks as `tracks.json`, drawn in `tracks.jpg`; `no-tracks.jpg` gives the reason if there are none.

    `rectified.png` is the searched view, if the ground's corners are given.
    """

    name: ClassVar[str] = "photo.tracks"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "photo"

    cameras: Literal["rear", "any"] = "rear"
    """`rear`: only photos that the release or their own label attributes to a rear camera. `any`: every photo."""
    recorded_by: str | None = None
    """Words of the release for the camera; set by `for_release`."""
    least_contrast: float = 100.0
    """Minimum contrast of a row of bars in the spectrum; ground without tracks reaches about 80."""
    least_correlation: float = 0.7
    """Minimum autocorrelation of a band at one pitch, 0 to 1. The sample's tracks reach 0.84 or more
    at every angle and size tried; in 122 photos without tracks louvres and fences reached 0.66."""
    least_row_bars: int = 40
    """Minimum bars of a track in perspective: fences and louvres reached 26, actual tracks 57 or more."""
    ground_corners_px: tuple[float, ...] | None = None
    """Four corners x, y of a rectangle on the ground, clockwise from the far left one; None: seen from above."""
    ground_aspect: float = 1.0
    """Length along the view over width, of that rectangle."""
    max_pixels: int = MAX_PIXELS
    """Maximum size; larger photos are refused from their header."""

    def __post_init__(self) -> None:
        require(self.max_pixels >= 1, "max_pixels", self.max_pixels, "must be 1 or more")
        require(self.cameras in ("rear", "any"), "cameras", self.cameras, "must be rear or any")
        require(self.least_contrast > 1, "least_contrast", self.least_contrast, "must be above 1")
        require(0 < self.least_correlation < 1, "least_correlation", self.least_correlation, "must be between 0 and 1")
        require(self.least_row_bars >= 8, "least_row_bars", self.least_row_bars, "must be 8 or more")
        corners = self.ground_corners_px
        require(corners is None or len(corners) == 8, "ground_corners_px", corners, "must be x, y of four corners")
        require(0.05 <= self.ground_aspect <= 20, "ground_aspect", self.ground_aspect, "must be from 0.05 to 20")

    def for_release(self, context: ReleaseContext) -> Tracks:
        """Return this processor configured with the release's statements."""
        return replace(self, recorded_by="; ".join(context.recorded_by) or None) if self.cameras == "rear" else self

    def needs(self, info: PhotoInfo) -> Need:
        refuse_larger(info, self.max_pixels)
        return Need() if self._is_wanted(info) else Need(longest_side_px=16)

    def items(self, photo: Photo, scratch: Path) -> Iterator[Item]:
        if not self._is_wanted(photo.info):
            yield _item(UNSEARCHED)
            return
        grey = photo.grey
        if self.ground_corners_px:
            grey = _rectified(grey, self.ground_corners_px, self.ground_aspect)
            shown = np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8)
            yield Item(name="rectified.png", media_type="image/png", data=encode(shown, "png"))
        small, scale = _fitted(grey, MAX_SIDE_PX)
        search = find_grousers(small, least_contrast=self.least_contrast, least_correlation=self.least_correlation)
        if found := search.tracks:
            yield _item(self._of_bands(search.attempt, scaled_detection(found, scale)))
            yield _picture("tracks.jpg", draw_bands(small, found.direction_degrees, found.bands))
            return
        smaller, shrink = _fitted(small, bar_rows.MAX_SIDE_PX)
        others = find_bar_rows(smaller, least_bars=self.least_row_bars)
        facts = self._of_rows(search.attempt, others, scale * shrink)
        yield _item(facts)
        if facts.not_found_because:
            yield _picture("no-tracks.jpg", draw_reason(small, facts.not_found_because))
        else:
            yield _picture("tracks.jpg", draw_rows(small, tuple(scaled_row(row, shrink) for row in others.rows)))

    def why_not(self, attempt: Attempt, longest_row_bar_count: int) -> str:
        """Return the reason why a search with these parameters ended without tracks."""
        return why_no_tracks(
            attempt,
            longest_row_bar_count,
            least_contrast=self.least_contrast,
            least_correlation=self.least_correlation,
            least_row_bars=self.least_row_bars,
        )

    def _is_wanted(self, info: PhotoInfo) -> bool:
        return self.cameras == "any" or any(REAR.search(words or "") for words in (self.recorded_by, info.device))

    def _of_bands(self, attempt: Attempt, found: Grousers) -> TracksFacts:
        bands = tuple(_rounded(band) for band in found.bands)
        return TracksFacts(
            searched=True,
            found=True,
            direction_degrees=round(found.direction_degrees, 3),
            grouser_pitch_px=_mean_pitch(bands),
            bands=bands,
            spectral_contrast=round(found.spectral_contrast, 1),
            is_rectified=self.ground_corners_px is not None,
            attempt=attempt,
        )

    def _of_rows(self, attempt: Attempt, search: BarRowSearch, scale: float) -> TracksFacts:
        rows, longest = search.rows, search.longest_bar_count
        return TracksFacts(
            searched=True,
            found=bool(rows),
            direction_degrees=rows[0].direction_degrees if rows else None,
            grouser_pitch_px=None,
            bands=(),
            spectral_contrast=None,
            is_rectified=self.ground_corners_px is not None,
            attempt=attempt,
            rows=tuple(scaled_row(row, scale) for row in rows),
            longest_row_bar_count=longest,
            not_found_because=None if rows else self.why_not(attempt, longest),
        )


def _item(facts: TracksFacts) -> Item:
    return Item.of_json("tracks.json", facts, facts=facts)


def _picture(name: str, drawn: np.ndarray) -> Item:
    return Item(name=name, media_type="image/jpeg", data=encode(drawn, "jpeg"))


def _fitted(grey: np.ndarray, max_side_px: int) -> tuple[np.ndarray, float]:
    """Return the picture, shrunk if it is larger, and how many times larger it was."""
    import cv2

    size = fitted((grey.shape[1], grey.shape[0]), max_side_px)
    scale = grey.shape[1] / size[0]
    return (cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale > 1 else grey), scale


def _rounded(band: GrouserBand) -> GrouserBand:
    pitch = round(band.pitch_px, 4) if band.pitch_px else None
    return replace(band, offset_px=round(band.offset_px, 2), width_px=round(band.width_px, 2), pitch_px=pitch)


def _mean_pitch(bands: tuple[GrouserBand, ...]) -> float | None:
    pairs = [(band.pitch_px, band.bar_count) for band in bands if band.pitch_px]
    return round(sum(p * n for p, n in pairs) / sum(n for _, n in pairs), 4) if pairs else None


def _rectified(grey: np.ndarray, corners: tuple[float, ...], aspect: float) -> np.ndarray:
    """Return the rectangle on the ground, seen from above."""
    import cv2

    points = np.array(corners, np.float32).reshape(4, 2)
    width = round(float(max(np.linalg.norm(points[1] - points[0]), np.linalg.norm(points[2] - points[3]))))
    width = max(16, min(width, MAX_SIDE_PX))
    height = max(16, min(round(width * aspect), MAX_SIDE_PX))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.warpPerspective(
        grey, cv2.getPerspectiveTransform(points, target), (width, height), flags=cv2.INTER_CUBIC
    )
