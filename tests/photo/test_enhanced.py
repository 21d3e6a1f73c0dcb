"""An enhanced photo keeps its hues, clips nothing that was not clipped, has no halo, and says what was done."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.contract import Item
from processors.photo import tone
from processors.photo.enhanced import Enhanced
from processors.photo.reading.photo_reader import Photo, PhotoInfo

SIDE_PX = 320
MAX_ADDED_CLIPPING = 0.005
MAX_HUE_SHIFT_DEGREES = 3.0


def enhanced(photo: Photo, processor: Enhanced | None = None) -> tuple[np.ndarray, Item]:
    processor = processor or Enhanced(longest_side_px=SIDE_PX)
    item = next(iter(processor.items(photo, Path())))
    return np.asarray(Image.open(io.BytesIO(item.data or b""))), item


def photo_of(picture: np.ndarray) -> Photo:
    image = Image.fromarray(picture)
    info = PhotoInfo(
        format="png",
        width_px=image.width,
        height_px=image.height,
        mode=image.mode,
        orientation=1,
        icc_profile_name=None,
        frame_count=1,
        has_alpha=False,
    )
    return Photo(info=info, image=image)


def saved_as_jpeg(picture: Image.Image) -> np.ndarray:
    file = io.BytesIO()
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    (picture if picture.mode == "L" else white).save(file, "JPEG", quality=90, subsampling=0)
    return np.asarray(Image.open(file))


def test_no_sample_photo_gains_clipped_pixels_or_turns_its_hues(sample_photos: dict[str, Photo]) -> None:
    wrong = []
    for name, photo in sample_photos.items():
        shown, item = enhanced(photo)
        facts = item.facts
        before = tone.clipped_share(saved_as_jpeg(photo.resized(SIDE_PX)))
        if tone.clipped_share(shown) > before + MAX_ADDED_CLIPPING:
            wrong.append(f"{name}: {tone.clipped_share(shown):.4f} of it clipped, before {before:.4f}")
        if facts.clipped_share > facts.clipped_share_before + MAX_ADDED_CLIPPING:
            wrong.append(f"{name}: {facts}")
        if (facts.hue_shift_degrees or 0) > MAX_HUE_SHIFT_DEGREES:
            wrong.append(f"{name}: hue turned by {facts.hue_shift_degrees}")
    assert wrong == []


def test_a_mars_sky_keeps_its_colour(samples: Path, sample_photos: dict[str, Photo]) -> None:
    for name in ("release/perseverance-three-forks.jpg", "formats/photo/nasa-rovers/curiosity-glen-etive.jpg"):
        photo = sample_photos[name]
        shown, item = enhanced(photo, Enhanced())
        before = np.asarray(photo.resized(2048))[:100].reshape(-1, 3).mean(axis=0)
        after = shown[:100].reshape(-1, 3).mean(axis=0)
        assert after / after.sum() == pytest.approx(before / before.sum(), abs=0.01)
        assert item.facts.channel_gains is None


def test_a_horizon_gets_no_halo() -> None:
    rough = np.random.default_rng(4).normal(90, 12, (400, 600))
    scene = np.repeat(np.where(np.arange(400)[:, None] < 200, 190.0, rough)[..., None], 3, axis=2)
    scene *= np.array([1.0, 0.8, 0.6])
    shown, _ = enhanced(photo_of(np.clip(scene, 0, 255).astype(np.uint8)), Enhanced())
    sky = shown[:196].astype(int).max(axis=2)
    assert np.ptp(sky.mean(axis=1)) < 2


def test_the_chain_is_declared_and_a_flat_photo_gains_contrast() -> None:
    rough = np.random.default_rng(5).normal(0, 1, (240, 320))
    flat = np.clip(120 + 12 * rough[..., None] * np.array([1.0, 0.8, 0.6]), 0, 255).astype(np.uint8)
    shown, item = enhanced(photo_of(flat))
    assert item.facts.chain == (
        "stretch from 0.5 to 99.5 per cent of brightness",
        "local contrast at 1.5 (guided filter)",
    )
    assert shown.max(axis=2).std() > 2.5 * flat.max(axis=2).std()
    _, plain = enhanced(photo_of(flat), Enhanced(detail_gain=1))
    assert plain.facts.chain == ("stretch from 0.5 to 99.5 per cent of brightness",)
    _, grey = enhanced(photo_of(flat[..., 0]))
    assert grey.facts.chain == ("stretch from 0.5 to 99.5 per cent", "CLAHE with clip 2 in 8 x 8 tiles")
    assert (grey.facts.channel_gains, grey.facts.hue_shift_degrees) == (None, None)


def test_grey_world_can_be_chosen() -> None:
    rough = np.random.default_rng(6).normal(0, 1, (240, 320, 1))
    reddish = np.clip((150 + 20 * rough) * np.array([1.0, 0.6, 0.4]), 0, 255).astype(np.uint8)
    shown, item = enhanced(photo_of(reddish), Enhanced(grey_world=1.0))
    assert item.facts.chain[0] == "grey-world balance at 1"
    assert item.facts.channel_gains is not None
    assert np.ptp(shown.reshape(-1, 3).mean(axis=0)) < 6


@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_picture_of_one_colour_stays_as_it_is(level: int) -> None:
    shown, item = enhanced(photo_of(np.full((64, 64, 3), level, np.uint8)))
    assert np.ptp(shown) == 0
    assert int(shown[0, 0, 0]) == pytest.approx(level, abs=8)
    assert item.facts.clipped_share == item.facts.clipped_share_before


def test_parameters_are_checked_by_name() -> None:
    with pytest.raises(ValueError, match=r"detail_gain is 0\.5: must be from 1 to 4"):
        Enhanced(detail_gain=0.5)
