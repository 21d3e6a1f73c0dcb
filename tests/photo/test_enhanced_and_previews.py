"""Pictures that show the same are found, however they were scaled or compressed; others are not."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from processors.linking.same_picture import Candidate, candidate, matching_pictures
from processors.photo.enhanced import Enhanced
from processors.photo.reading.photo_reader import PhotoReader


def scene(seed: int) -> np.ndarray:
    rough = np.random.default_rng(seed).normal(size=(480, 640)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), 4)
    return np.clip(125 + soft / soft.std() * 35, 0, 255).astype(np.uint8)


def copied(picture: np.ndarray, width_px: int, quality: int) -> np.ndarray:
    height = round(picture.shape[0] * width_px / picture.shape[1])
    file = io.BytesIO()
    Image.fromarray(cv2.resize(picture, (width_px, height), interpolation=cv2.INTER_AREA)).save(
        file, "JPEG", quality=quality
    )
    return np.asarray(Image.open(file))


def prepared(**pictures: np.ndarray) -> list[Candidate]:
    found = [candidate(name, name, picture) for name, picture in pictures.items()]
    return [one for one in found if one]


@pytest.mark.parametrize(("width_px", "quality"), [(320, 90), (1280, 80), (640, 25), (400, 60)])
def test_a_scaled_and_recompressed_copy_is_found(width_px: int, quality: int) -> None:
    (link,) = matching_pictures(prepared(a=scene(1), b=copied(scene(1), width_px, quality), c=scene(2)))
    assert (link.first, link.second) == ("a", "b")
    assert link.score > 0.95


def test_others_mirrored_and_flat_pictures_are_not_linked() -> None:
    flat = np.full((480, 640), 90, np.uint8)
    several = {f"s{n}": scene(n) for n in range(12)}
    assert (
        list(matching_pictures(prepared(**several, mirrored=scene(1)[:, ::-1].copy(), flat=flat, flat2=flat + 1))) == []
    )


def test_the_same_image_as_png_and_as_planetary_product_is_found(samples: Path) -> None:
    names = [
        "1N491020376ILFCNY9P0706L0M1.IMG",
        "1N491021154ILFCNY9P0706L0M1.IMG",
        "opportunity-tracks-16bit.png",
        "opportunity-rear-deck-tracks-16bit.png",
        "curiosity-navcam-raw.jpg",
        "zhurong.jpg",
    ]
    candidates = []
    for name in names:
        with (samples / "release" / name).open("rb") as file:
            reader = PhotoReader(file)
            item = next(iter(Enhanced().items(reader.photo(), Path())))
        shown = np.asarray(Image.open(io.BytesIO(item.data or b"")).convert("L"))
        found = candidate(name, name, shown)
        candidates += [found] if found else []
    assert {(link.first, link.second) for link in matching_pictures(candidates)} == {
        (names[0], names[2]),
        (names[1], names[3]),
    }
