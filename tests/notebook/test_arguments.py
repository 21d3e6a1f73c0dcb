"""Moments and numbers as notebooks have them: of numpy, pandas and xarray; other types are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import marsmedia
from marsmedia import RequestError, mars_time, utc_of_sol

time: Any = mars_time
begins: Any = utc_of_sol
"""Without their types, which a notebook does not check."""

LANDED = "2021-05-14T23:18:00"
KINDS = "must be a text such as 2021-05-14T23:18Z, a datetime with a time zone, a numpy.datetime64, or several of these"


@pytest.mark.parametrize(
    "moment", [np.datetime64(LANDED), np.array(LANDED, "M8[ns]"), xr.DataArray(np.datetime64(LANDED, "ns"))]
)
def test_a_moment_of_numpy_or_xarray_is_utc(moment: Any) -> None:
    assert mars_time(moment, mission="zhurong") == mars_time(f"{LANDED}Z", mission="zhurong")


@pytest.mark.parametrize(
    "moments",
    [
        [f"{LANDED}Z", "2021-05-22T02:40Z"],
        pd.to_datetime([f"{LANDED}Z", "2021-05-22T02:40:00Z"]),
        np.array([LANDED, "2021-05-22T02:40"], "M8[ns]"),
        xr.DataArray(np.array([LANDED, "2021-05-22T02:40"], "M8[ns]")),
    ],
)
def test_many_moments_give_a_row_each(moments: Any) -> None:
    rows = mars_time(moments, mission="zhurong")
    assert rows.sol.tolist() == [1, 8]
    one = mars_time("2021-05-22T02:40Z", mission="zhurong")
    assert rows.local_true_solar_time_hours.iloc[1] == one.local_true_solar_time_hours
    assert rows.utc.iloc[0] == pd.Timestamp(f"{LANDED}Z")


def test_rows_keep_the_index_of_a_series_and_what_is_missing_stays_missing() -> None:
    moments = pd.Series([pd.NaT, pd.Timestamp(f"{LANDED}Z")], index=[7, 9])
    rows = mars_time(moments, mission="zhurong")
    assert rows.index.tolist() == [7, 9]
    assert rows.loc[7].isna().all()
    assert (rows.sol[9], rows.mission[9]) == (1, "tianwen-1")
    assert mars_time(pd.Series([], dtype="datetime64[ns, UTC]")).empty


def test_numbers_of_numpy_are_numbers() -> None:
    assert begins(np.int64(100), mission="zhurong") == begins(100, mission="zhurong")
    assert begins(np.float64(100), mission="zhurong") == begins(100, mission="zhurong")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: time(1621034280), f"moment is 1621034280: {KINDS}"),
        (lambda: time([1, 2]), f"moment is 1: {KINDS}"),
        (lambda: time(date(2021, 5, 14)), f"moment is datetime.date(2021, 5, 14): {KINDS}"),
        (lambda: time(b"2021"), f"moment is of the type bytes: {KINDS}, in one dimension"),
        (lambda: time(np.zeros((2, 2), "M8[s]")), f"moment is of the type ndarray: {KINDS}, in one dimension"),
        (
            lambda: time(np.datetime64("2021-05-14")),
            "moment is 2021-05-14: must be a moment, to the minute or finer: 2021-05-14T23:18Z",
        ),
        (
            lambda: time("landing"),
            "moment is 'landing': must be like 2021-06-16, 2021-05-22T02:40Z or 2021-05-22T10:40+08:00",
        ),
        (
            lambda: time("1960-01-01T00:00Z"),
            "moment is 1960-01-01T00:00Z: must be 1972 or later: leap seconds begin there",
        ),
        (lambda: time(f"{LANDED}Z", mission="zurong"), "mission is 'zurong': did you mean zhurong?"),
        (lambda: time(f"{LANDED}Z", mission=5), "mission is 5: must be a text"),
        (lambda: time(f"{LANDED}Z", longitude_degrees_east="5"), "longitude_degrees_east is '5': must be a number"),
        (lambda: begins("100", mission="zhurong"), "sol is '100': must be a whole number"),
        (lambda: begins(100.5, mission="zhurong"), "sol is 100.5: must be a whole number"),
        (lambda: begins(float("nan"), mission="zhurong"), "sol is nan: must be a whole number"),
        (
            lambda: begins(1, mission="zhurong", local_mean_solar_time_hours="5"),
            "local_mean_solar_time_hours is '5': must be a number",
        ),
    ],
)
def test_other_types_are_refused_by_name(call: Callable[[], object], message: str) -> None:
    with pytest.raises(RequestError) as refused:
        call()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda store, sound: sound.band_level_dbfs("20", 100), "lowest_hz is '20': must be a number"),
        (lambda store, sound: sound.frame("3"), "seconds is '3': must be a number"),
        (lambda store, sound: sound.mars_time("3"), "seconds is '3': must be a number"),
        (lambda store, sound: sound.frame(float("nan")), "seconds is nan: must be a number"),
        (lambda store, sound: sound.frame_values(float("inf")), "seconds is inf: must be finite"),
        (lambda store, sound: sound.mars_time(float("-inf")), "seconds is -inf: must be finite"),
        (lambda store, sound: sound.mars_time(10**400), f"seconds is {10**400}: must be finite"),
        (lambda store, sound: sound.band_level_dbfs(20, float("nan")), "highest_hz is nan: must be a number"),
        (
            lambda store, sound: sound.spectrogram(window_samples="4096"),
            "audio.spectrogram: window_samples is '4096': must be a number",
        ),
        (
            lambda store, sound: sound.table("audio.spectra", "spectra.csv", **{"spectrogram.hop_samples": "1"}),
            "audio.spectra: spectrogram.hop_samples is '1': must be a number",
        ),
        (
            lambda store, sound: sound.spectrogram(calibration={"full_scale_pascals": 25.0}),
            "calibration lacks name and source; give the keys of its file",
        ),
        (
            lambda store, sound: sound.spectrogram(calibration="none.toml"),
            "audio.spectrogram: calibration is 'none.toml': no such file",
        ),
        (lambda store, sound: sound.result(5), "processor is 5: must be a text"),
        (lambda store, sound: store.source(5), "name is 5: must be a text"),
        (lambda store, sound: store.sources(5), "words is 5: must be a text"),
        (lambda store, sound: store.query(5), "sql is 5: must be a text"),
        (lambda store, sound: store.pack(5, "pack"), "words is 5: must be a text"),
    ],
)
def test_a_store_refuses_other_types_by_name(folder: Path, call: Callable[[Any, Any], object], message: str) -> None:
    store = marsmedia.open(folder / "processed")
    with pytest.raises(RequestError) as refused:
        call(store, store.source("drive-off-sound.wav"))
    assert str(refused.value) == message
