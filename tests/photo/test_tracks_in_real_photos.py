"""Tracks in the labelled sample photos: what is found lies on a track, and no track is invented."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest
from PIL import Image

from processors.contract import Item
from processors.imaging.perceptual_hash import perceptual_hash
from processors.photo.reading.photo_reader import Photo, PhotoInfo, fitted
from processors.photo.tracks.bar_rows import MAX_SIDE_PX, filled_outline, find_bar_rows
from processors.photo.tracks.grousers import find_grousers
from processors.photo.tracks.tracks import Tracks, TracksFacts
from tests.photo.labelled_tracks import WITH_TRACKS, LabelledTracks
from tests.photo.test_tracks import items_of_photo

MAX_BITS_APART = 6
"""Maximum distance of the hashes of two photos of one scene."""
LABELLED = {label.photo: label for label in WITH_TRACKS}


def facts_of(items: list[Item]) -> TracksFacts:
    return items[0].facts


@pytest.mark.slow
def test_what_is_found_in_the_samples_and_nothing_is_invented(sample_photos: dict[str, Photo]) -> None:
    defaults = Tracks()
    found = list[str]()
    for name, photo in distinct(sample_photos).items():
        grey = photo.grey
        above = find_grousers(
            grey, least_contrast=defaults.least_contrast, least_correlation=defaults.least_correlation
        ).tracks
        size = fitted((grey.shape[1], grey.shape[0]), MAX_SIDE_PX)
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if size[0] < grey.shape[1] else grey
        along = find_bar_rows(small, least_bars=defaults.least_row_bars).rows
        found += [name] if above or along else []
    assert found == ["release/perseverance-three-forks.jpg"]


def distinct(photos: dict[str, Photo]) -> dict[str, Photo]:
    """Return one photo of each scene; the samples have many in several formats, sizes and orientations."""
    kept = dict[int, str]()
    for name, photo in photos.items():
        mark = perceptual_hash(np.clip(np.round(photo.grey * 255), 0, 255).astype(np.uint8))
        if all((mark ^ other).bit_count() > MAX_BITS_APART for other in kept):
            kept[mark] = name
    return {name: photos[name] for name in kept.values()}


def test_the_list_names_sample_photos(sample_photos: dict[str, Photo]) -> None:
    assert LABELLED.keys() <= sample_photos.keys()
    assert Counter(label.kind for label in WITH_TRACKS) == {"grousers": 2, "prints": 1, "bands": 4, "faint": 2}
    assert len(sample_photos) - len(LABELLED) > 110


def test_the_outline_is_on_the_labelled_track(sample_photos: dict[str, Photo]) -> None:
    name = "release/perseverance-three-forks.jpg"
    items = items_of_photo(sample_photos[name])
    facts = facts_of(items)
    assert (facts.found, facts.not_found_because, facts.grouser_pitch_px, facts.bands) == (True, None, None, ())
    assert [item.name for item in items] == ["tracks.json", "tracks.jpg"]
    (row,) = facts.rows
    assert 45 < row.bar_count < 120
    assert 4 < row.shortest_pitch_px < row.longest_pitch_px < 9
    shape = sample_photos[name].grey.shape
    labelled = [filled_outline(outline, shape) for outline in LABELLED[name].outlines]
    outline = filled_outline(row.outline_px, shape)
    assert outline[np.logical_or.reduce(labelled)].sum() / outline.sum() > 0.95
    assert outline[labelled[0]].mean() > 0.75


@pytest.mark.parametrize("label", [label for label in WITH_TRACKS if "three-forks" not in label.photo])
def test_tracks_that_are_not_found_have_a_reason(label: LabelledTracks, sample_photos: dict[str, Photo]) -> None:
    facts = facts_of(items_of_photo(sample_photos[label.photo]))
    assert not facts.found
    assert facts.not_found_because is not None
    assert facts.not_found_because.startswith("no wheel tracks found. Seen from above: ")
    assert "40 needed" in facts.not_found_because or "no row of bars" in facts.not_found_because


def arc(bars: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ground with a bent row of bars whose pitch shrinks towards the right, and the mask of the row."""
    height, width, centre, radius, half = 640, 960, (480.0, -260.0), 700.0, 40.0
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance, angle = np.hypot(y - centre[1], x - centre[0]), np.arctan2(x - centre[0], y - centre[1])
    along = (angle + 0.55) * radius
    phase = along / 11 + (along / 11) ** 2 / 300
    mask = (np.abs(distance - radius) < half) & (phase > 0) & (phase < bars)
    noise = cv2.GaussianBlur(np.random.default_rng(5).normal(0, 30, (height, width)), (0, 0), 1.5)
    ground = 120 + noise + np.where(mask, 18 * np.cos(2 * np.pi * phase), 0)
    return np.clip(ground, 0, 255).astype(np.uint8), mask


def photo_of(grey: np.ndarray) -> Photo:
    info = PhotoInfo(
        format="png", width_px=grey.shape[1], height_px=grey.shape[0], mode="L", orientation=1, icc_profile_name=None,
        frame_count=1, has_alpha=False,
    )  # fmt: skip
    return Photo(info=info, image=Image.fromarray(grey))


@pytest.mark.parametrize("scale", [1, 2])
def test_a_bent_row_of_known_bars_is_outlined_at_its_place(scale: int) -> None:
    ground, mask = arc(60)
    grey = cv2.resize(ground, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    facts = facts_of(items_of_photo(photo_of(grey)))
    (row,) = facts.rows
    assert row.bar_count == pytest.approx(60, rel=0.15)
    outline = filled_outline(tuple((x / scale, y / scale) for x, y in row.outline_px), mask.shape)
    assert (outline & mask).sum() / (outline | mask).sum() > 0.7
    assert facts.direction_degrees == row.direction_degrees
    assert row.longest_pitch_px == pytest.approx(11 * scale, rel=0.12)


def test_fewer_bars_than_a_track_has_are_counted_and_refused() -> None:
    facts = facts_of(items_of_photo(photo_of(arc(18)[0])))
    assert (facts.found, facts.rows) == (False, ())
    assert facts.longest_row_bar_count == pytest.approx(18, abs=4)
    assert facts.not_found_because is not None
    assert f"the longest row has {facts.longest_row_bar_count} bars, 40 needed" in facts.not_found_because


def test_short_and_narrow_rows_have_outlines_too(sample_photos: dict[str, Photo]) -> None:
    rows = find_bar_rows(sample_photos["release/perseverance-three-forks.jpg"].grey, least_bars=2).rows
    assert len(rows) >= 2
    assert min(len(row.outline_px) for row in rows) >= 3
