"""The level of a band holds the sound between two frequencies, and nothing of an offset or of a recording's ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray

from marsmedia.read_spectrogram import band_level_dbfs, band_level_pascals
from processors.audio.levels.calibration import Calibration
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.errors import RequestError
from tests.helpers.audio_sessions import Bench


@pytest.mark.parametrize("scaling", ["mean_square", "power", "density"])
@pytest.mark.parametrize("offset", [0.0, 0.5])
def test_a_band_from_near_0_hz_up_has_no_offset(tmp_path: Path, scaling: str, offset: float) -> None:
    tone = 0.01 * np.sin(2 * np.pi * 400 * np.arange(96_000) / 48_000) + offset
    path = Bench(tmp_path, tone).run(Spectrogram(scaling=scaling)).path("spectrogram.nc")  # type: ignore[arg-type]
    with xarray.open_dataset(path, engine="h5netcdf") as array:
        level = band_level_dbfs(array, 20, 1000, "tone.wav").isel(channel=0)
    known = level.dropna("time")
    assert known.to_numpy() == pytest.approx(-40 - 3.0103, abs=0.01)
    assert len(level) - len(known) == 4
    assert np.isnan(level[[0, 1, -2, -1]]).all()
    assert level.attrs["detrend"].startswith("constant: ")


@pytest.mark.parametrize("scaling", ["mean_square", "power", "density"])
def test_a_band_in_pascals_is_that_of_the_tone_with_the_response_removed(tmp_path: Path, scaling: str) -> None:
    tone = 0.01 * np.sin(2 * np.pi * 400 * np.arange(96_000) / 48_000)
    mic = Calibration(
        name="m", source="s", full_scale_pascals=60.0, response=((100.0, -3.0), (400.0, 6.0), (401.0, 6.0))
    )
    path = Bench(tmp_path, tone).run(Spectrogram(scaling=scaling, calibration=mic)).path("spectrogram.nc")  # type: ignore[arg-type]
    with xarray.open_dataset(path, engine="h5netcdf") as array:
        level = band_level_pascals(array, 300, 500, "tone.wav").isel(channel=0).dropna("time")
    assert level.to_numpy() == pytest.approx(0.6 / np.sqrt(2) / 10 ** (6 / 20), rel=0.02)


def test_frames_with_missing_samples_have_no_level(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.01, 96_000)
    noise[30_000:31_000] = np.nan
    path = Bench(tmp_path, noise).run(Spectrogram()).path("spectrogram.nc")
    with xarray.open_dataset(path, engine="h5netcdf") as array:
        level = band_level_dbfs(array, 5000, 9000, "noise.wav").isel(channel=0)
        holed = level.time[np.isnan(level) & (array.missing_share > 0)]
    assert float(holed.min()) == pytest.approx(30_000 / 48_000, abs=0.03)
    assert float(holed.max()) == pytest.approx(31_000 / 48_000, abs=0.03)
    assert int(level.isnull().sum()) == len(holed) + 4


def test_an_array_of_an_older_version_is_refused(tmp_path: Path) -> None:
    path = Bench(tmp_path, np.zeros(9000)).run(Spectrogram()).path("spectrogram.nc")
    older = r"a\.wav: the spectrogram is of an older version, whose lowest bands hold the recording's offset; run"
    with xarray.open_dataset(path, engine="h5netcdf") as array, pytest.raises(RequestError, match=older):
        band_level_dbfs(array.drop_vars("padded_share"), 20, 1000, "a.wav")
