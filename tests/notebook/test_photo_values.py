"""Photos of more than 8 bits in a notebook: their numbers, and no picture that has lost some of their bits."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import Image

import marsmedia
from marsmedia import RequestError, SourceView
from processors.photo.deep import DeepPhoto
from processors.photo.enhanced import Enhanced
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_pds3 import pds3, picture
from tests.helpers.runs import ingest
from tests.photo.test_tiff import Tag, tiff

COLOURS = np.random.default_rng(1).integers(0, 65536, (40, 60, 3), np.uint16)
CLEAR = np.random.default_rng(2).integers(0, 65536, (40, 60, 4), np.uint16)
FLOATS = (picture("f4") - 100) / 4


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> marsmedia.StoreView:
    folder = tmp_path_factory.mktemp("deep")
    lab = folder / "raw/lab"
    lab.mkdir(parents=True)
    for name in ("colour.png", "colour.tif", "colour.ppm", "colour.jp2"):
        cv2.imwrite(str(lab / name), COLOURS[..., ::-1], [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    for name, channels, kind in (("clear.png", 4, "rgb16"), ("grey-clear.png", 2, "grey16")):
        data = np.ascontiguousarray(CLEAR[..., :channels]).tobytes()
        image = pyvips.Image.new_from_memory(data, 60, 40, channels, "ushort")
        image.copy(interpretation=kind).pngsave(str(lab / name), bitdepth=16)
    heic = pillow_heif.from_bytes(mode="RGB;16", size=(60, 40), data=COLOURS.tobytes())
    heic.save(lab / "colour.heic", quality=90)
    Image.fromarray(COLOURS[..., 0]).save(lab / "grey.png")
    (lab / "float.img").write_bytes(pds3(FLOATS.astype(">f4").tobytes(), kind="IEEE_REAL", bits=32))
    more: list[Tag] = [(338, 3, (1,))]  # ExtraSamples: alpha by which the colours are multiplied
    (lab / "multiplied.tif").write_bytes(tiff((CLEAR, more)))
    whole = pds3(picture("u2").astype(">u2").tobytes(), kind="MSB_UNSIGNED_INTEGER", bits=16)
    (lab / "cut.img").write_bytes(whole[:-100])
    MediaMaker(lab).video("descent.mp4", list(range(5)))
    ingest(folder / "raw", folder / "store", {"audio": (), "video": (), "photo": (DeepPhoto(), Enhanced())})
    return marsmedia.open(folder / "store")


@pytest.mark.parametrize("name", ["colour.png", "colour.tif", "colour.ppm", "colour.jp2"])
def test_colours_of_16_bits_are_the_numbers_of_the_file(store: marsmedia.StoreView, name: str) -> None:
    found = store.source(name).photo_values()
    assert found.dtype == np.uint16
    assert np.array_equal(found, COLOURS)


@pytest.mark.parametrize(("name", "channels"), [("clear.png", 4), ("grey-clear.png", 2)])
def test_alpha_of_16_bits_is_kept_and_no_pillow_image_is_given(
    store: marsmedia.StoreView, name: str, channels: int
) -> None:
    source = store.source(name)
    assert np.array_equal(source.photo_values(), CLEAR[..., :channels])
    with pytest.raises(RequestError, match="its colours have 16 bits, and a Pillow image would hold the upper 8"):
        source.photo("photo.deep")


def test_colours_stored_multiplied_by_alpha_are_the_numbers_of_the_file(store: marsmedia.StoreView) -> None:
    found = store.source("multiplied.tif").photo_values()
    assert found.dtype == np.uint16
    assert found[5, 5].tolist() == [58572, 56463, 45569, 60254]
    assert np.array_equal(found, CLEAR)


@pytest.mark.parametrize("name", ["colour.png", "colour.tif"])
def test_a_pillow_image_of_colours_of_16_bits_is_refused(store: marsmedia.StoreView, name: str) -> None:
    source = store.source(name)
    with pytest.raises(RequestError) as caught:
        source.photo("photo.deep")
    assert str(caught.value) == (
        f"{name}: its colours have 16 bits, and a Pillow image would hold the upper 8; photo_values() has the values "
        'of its file, and item("photo.deep", "deep.png") the path of this picture'
    )
    stored = cv2.imread(str(source.item("photo.deep", "deep.png")), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    assert np.array_equal(stored[..., ::-1], COLOURS)


@pytest.mark.parametrize(
    "name", ["colour.png", "colour.tif", "colour.ppm", "colour.jp2", "colour.heic", "clear.png", "grey-clear.png"]
)
def test_the_photo_of_8_bits_in_raw_is_refused_for_deeper_colours(store: marsmedia.StoreView, name: str) -> None:
    refused = r"more than a picture of 8 bits holds; take photo_values\(\)$"
    with pytest.raises(RequestError, match=refused):
        store.source(name).photo("raw")


def test_a_grey_photo_of_16_bits_is_an_image_with_its_numbers(store: marsmedia.StoreView) -> None:
    source = store.source("grey.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = source.photo("photo.deep")
    assert image.mode == "I;16"
    assert np.array_equal(np.asarray(image), COLOURS[..., 0])
    assert np.array_equal(source.photo_values(), COLOURS[..., 0])


def test_a_picture_of_spread_numbers_says_so(store: marsmedia.StoreView) -> None:
    source = store.source("float.img")
    with pytest.warns(UserWarning, match=r"float\.img: 0 is -25 and 65535 is 34\.5 in this picture; photo_values\(\)"):
        source.photo("photo.deep")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert source.photo("photo.enhanced").mode in ("L", "RGB"), "to look at"
        found = source.photo_values()
    assert found.dtype == np.float32
    assert np.array_equal(found, FLOATS)


def test_only_photos_have_values(store: marsmedia.StoreView) -> None:
    video: SourceView = store.source("descent.mp4")
    with pytest.raises(RequestError, match=r"descent\.mp4: not a photo; `frame\(seconds\)` has the pictures"):
        video.photo_values()
    with pytest.raises(RequestError, match=r"colour\.heic: its samples have 10 bits, and its decoder gives 8"):
        store.source("colour.heic").photo_values()


def test_a_picture_of_a_truncated_photo_has_the_warning_of_its_values(store: marsmedia.StoreView) -> None:
    cut = store.source("cut.img")
    for ask in (cut.photo_values, lambda: cut.photo("photo.deep"), lambda: cut.photo("photo.enhanced")):
        with pytest.warns(UserWarning, match=r"^cut\.img: the picture is truncated: up to ") as heard:
            ask()
        assert {one.filename for one in heard} == {__file__}
