"""Every sample photo, decoded once for all tests of this room."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from processors.errors import MediaError
from processors.identify import identify
from processors.photo.reading.photo_reader import Photo, PhotoReader

LONGEST_SIDE_PX = 1024
MIN_SIDE_PX = 64
MAX_PIXELS = 30_000_000


@pytest.fixture(scope="session")
def sample_photos(samples: Path) -> dict[str, Photo]:
    """Sample photos that can be shown, by their path in the samples, reduced to `LONGEST_SIDE_PX`."""
    found = {}
    for path in sorted(path for path in samples.rglob("*") if path.is_file()):
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's words on damaged EXIF
            if identify(file, path.name).medium != "photo":
                continue
            try:
                reader = PhotoReader(file)
                if reader.info.width_px * reader.info.height_px > MAX_PIXELS:
                    continue
                photo = reader.photo()
            except MediaError:
                continue
        if min(photo.image.size) < MIN_SIDE_PX:
            continue
        if photo.deep is None:
            photo = replace(photo, image=photo.resized(LONGEST_SIDE_PX).copy())
        found[path.relative_to(samples).as_posix()] = photo
    assert len(found) > 120
    return found
