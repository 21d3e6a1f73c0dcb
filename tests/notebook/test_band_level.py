"""The level of a band holds the sound between two frequencies, and nothing of an offset or of a recording's ends."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray

from marsmedia.read_spectrogram import band_level_dbfs, band_level_pascals
from processors.audio.levels.calibration import Calibration
from processors.audio.spectrogram.spectrogram import Scaling, Spectrogram
from processors.errors import RequestError
from tests.helpers.audio_sessions import Bench


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Spectrograms of white noise with an rms of 0.1, by their scaling."""
    bench = Bench(tmp_path_factory.mktemp("noise"), np.random.default_rng(7).normal(0, 0.1, 2048 * 400))
    scalings: tuple[Scaling, ...] = ("mean_square", "power", "density")
    return {one: bench.run(Spectrogram(scaling=one)).path("spectrogram.nc") for one in scalings}


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


@pytest.mark.parametrize("scaling", ["mean_square", "power", "density"])
@pytest.mark.parametrize(
    ("lowest_hz", "highest_hz"),
    [
        (116, 118),
        (70, 75),
        (116, 142),
        (110, 125),
        (110, 133.4375),
        (100, 1000),
        (23_990, 24_000),
        (105.46875, 128.90625),
    ],
)
def test_white_noise_has_its_density_times_the_width_in_any_band(
    noise: dict[str, Path], scaling: str, lowest_hz: float, highest_hz: float
) -> None:
    with xarray.open_dataset(noise[scaling], engine="h5netcdf") as array:
        level = band_level_dbfs(array, lowest_hz, highest_hz, "noise.wav").isel(channel=0).dropna("time")
    mean_square = float((10 ** (level / 10)).mean())
    expected = 0.1**2 * (highest_hz - lowest_hz) / 24_000
    bins = max(1.0, (highest_hz - lowest_hz) / 23.4375)  # of 400 windows without overlap, each
    assert mean_square == pytest.approx(expected, rel=4 / (400 * bins) ** 0.5)
    assert level.attrs["long_name"].startswith(f"rms from {lowest_hz:g} to below {highest_hz:g} Hz; ")


def test_bands_next_to_each_other_have_the_level_of_both(noise: dict[str, Path]) -> None:
    edges_hz = [0, 5, 11.71875, 70, 75, 116, 118, 23_995, 24_000]
    with xarray.open_dataset(noise["power"], engine="h5netcdf") as array:
        each = [10 ** (band_level_dbfs(array, *pair, "a").to_numpy() / 10) for pair in pairwise(edges_hz)]
        whole = band_level_dbfs(array, -10, 30_000, "a")
    assert sum(each) == pytest.approx(10 ** (whole.to_numpy() / 10), rel=1e-6, nan_ok=True)
    named = ("long_name", "lowest_hz", "highest_hz", "bin_hz")
    assert [whole.attrs[name] for name in named] == [
        "rms from 0 to below 24000 Hz; 0 is an rms of full scale 1.0",
        0.0,
        24_000.0,
        23.4375,
    ]


def test_a_tone_is_whole_as_far_from_the_edges_as_the_attributes_say(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 995 * np.arange(96_000) / 48_000)
    path = Bench(tmp_path, tone).run(Spectrogram()).path("spectrogram.nc")
    with xarray.open_dataset(path, engine="h5netcdf") as array:
        levels = [
            band_level_dbfs(array, 995 - away_hz, 995 + away_hz, "tone.wav").isel(channel=0).dropna("time")
            for away_hz in (2.5 * 23.4375, 23.4375)
        ]
    assert levels[0].attrs["edges"] == (
        "a bin across an edge counts by its share, as noise does; a tone is whole if it is 58.5938 Hz or more "
        "from both edges"
    )
    assert levels[0].to_numpy() == pytest.approx(-23.0103, abs=0.01)
    assert levels[1].to_numpy() == pytest.approx(-23.28, abs=0.01)


@pytest.mark.parametrize(("lowest_hz", "highest_hz"), [(24_000, 25_000), (200, 100), (100, 100), (-5, 0), (np.nan, 9)])
def test_a_band_without_frequencies_is_refused(noise: dict[str, Path], lowest_hz: float, highest_hz: float) -> None:
    refused = (
        f"no sound from {lowest_hz:g} to below {highest_hz:g} Hz; name two rising frequencies between 0 and 24000 Hz"
    )
    with xarray.open_dataset(noise["power"], engine="h5netcdf") as array, pytest.raises(RequestError, match=refused):
        band_level_dbfs(array, lowest_hz, highest_hz, "a.wav")


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
