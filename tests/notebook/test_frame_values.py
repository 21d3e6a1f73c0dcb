"""A frame in a notebook: in 8 bits of sRGB, with a warning where the video has more, or with all that it has."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

import marsmedia
from marsmedia import RequestError
from processors.video.audit.measurements import Measurements
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
    write_deep(june / "wide.mkv", LEVELS, transfer=5)
    write_deep(june / "grey.mkv", LEVELS, form="gray10le")
    MediaMaker(june).video("plain.mp4", list(range(5)))
    ingest(folder / "raw", folder / "store", {"audio": (), "video": (Measurements(),), "photo": ()})
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


def test_values_are_the_files_own_and_its_colour_is_named(store: marsmedia.StoreView) -> None:
    video = store.source("wide.mkv")
    right = (LEVELS[0].astype(float) - 64) / 876
    assert np.abs(video.frame_values(0)[32] - right[:, None] * 65283).max() < 4
    with pytest.warns(UserWarning, match="10 bits"):
        shown = np.asarray(video.frame(0))[32, :, 0]
    assert np.abs(shown - right * 255).max() > 20, "shown as sRGB, whose curve is not gamma 2.8"
    colour = video.colour
    assert colour is not None
    assert (colour.primaries, colour.transfer, colour.range) == ("BT.2020", "gamma 2.8", "limited")
    assert store.source("deep.mkv").colour == replace(
        colour,
        primaries=None,
        transfer=None,
        matrix=None,
        assumed=("matrix SMPTE 170M", "primaries as sRGB", "transfer as sRGB"),
    )


def test_grey_of_limited_range_is_as_wide_as_other_videos(store: marsmedia.StoreView) -> None:
    grey, other = store.source("grey.mkv"), store.source("deep.mkv")
    assert np.array_equal(grey.frame_values(0), other.frame_values(0))
    with pytest.warns(UserWarning, match="10 bits"):
        assert np.array_equal(np.asarray(grey.frame(0)), np.asarray(other.frame(0)))
    columns = ["brightness_levels", "contrast_levels", "dark_share", "bright_share"]
    assert grey.measurements[columns].equals(other.measurements[columns])


def test_a_frame_that_is_not_shown_has_no_values(store: marsmedia.StoreView) -> None:
    with pytest.raises(RequestError, match=r"plain\.mp4: no frame is shown at 99 s"):
        store.source("plain.mp4").frame_values(99)
