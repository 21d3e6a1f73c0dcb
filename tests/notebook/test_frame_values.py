"""A frame in a notebook: in 8 bits of sRGB, with a warning where the video has more, or with all that it has."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import marsmedia
from marsmedia import RequestError
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.video.test_frames import write_deep

LEVELS = np.tile(np.arange(64, 64 + 96 * 9, 9, dtype=np.uint16), (64, 1))
"""Luma of 10 bits, from left to right."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> marsmedia.StoreView:
    folder = tmp_path_factory.mktemp("frames")
    june = folder / "raw/june"
    june.mkdir(parents=True)
    write_deep(june / "deep.mkv", LEVELS)
    MediaMaker(june).video("plain.mp4", list(range(5)))
    ingest(folder / "raw", folder / "store", {"audio": (), "video": (), "photo": ()})
    return marsmedia.open(folder / "store")


def test_a_frame_of_10_bits_is_told_to_be_narrowed_and_its_values_are_whole(store: marsmedia.StoreView) -> None:
    video = store.source("deep.mkv")
    told = r"deep\.mkv: its frames have 10 bits a channel, this picture 8 bits of sRGB; frame_values\(\) has all$"
    with pytest.warns(UserWarning, match=told):
        assert video.frame(0).size == (96, 64)
    values = video.frame_values(0)
    assert (values.dtype, values.shape) == (np.uint16, (64, 96, 3))
    right = (LEVELS.astype(float) - 64) / 876 * 65283  # grey of limited range; a level is 75
    assert np.abs(values - right[..., None]).max() < 4


def test_an_ordinary_frame_comes_without_a_warning_and_as_the_same_values(store: marsmedia.StoreView) -> None:
    video = store.source("plain.mp4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = video.frame(0.1)
    values = video.frame_values(0.1)
    assert values.dtype == np.uint8
    assert np.array_equal(values, np.asarray(frame))


def test_a_frame_that_is_not_shown_has_no_values(store: marsmedia.StoreView) -> None:
    with pytest.raises(RequestError, match=r"plain\.mp4: no frame is shown at 99 s"):
        store.source("plain.mp4").frame_values(99)
