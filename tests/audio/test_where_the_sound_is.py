"""A picture of any recording shows where the sound is, says what it is, and can be read."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
from PIL import Image

from processors.audio.canvas import COLOURS, SILENT, Canvas, palette
from processors.audio.spectrogram.frequency_axis import choose_axis, lowest_band
from processors.audio.spectrogram.level_range import level_range
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import PictureMaker, SpectrogramPicture
from processors.audio.spectrogram.stft import COSINES, window_of
from processors.audio.waveform import Waveform
from processors.audio.waveform_picture import WaveformTitle, draw_waveform
from processors.contract import Inputs, ReleaseWords
from processors.imaging.picture_title import title_parts
from tests.helpers.audio_sessions import Bench

WORDS = ReleaseWords(
    title="Rolling off the lander", mission="Tianwen-1", credit="CNSA", date="2021-05-22", release_title="June"
)
RATE_HZ = 48_000


def noise(seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.05, round(seconds * rate_hz))


def below(samples: np.ndarray, hz: float, rate_hz: int) -> np.ndarray:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate_hz) > hz] = 0
    return np.fft.irfft(spectrum, len(samples))


def drawn(bench: Bench, picture: SpectrogramPicture, name: str = "a.wav") -> Canvas:
    results = {one.name: bench.run(one) for one in picture.inputs()}
    picture = replace(picture, file_name=name)
    return PictureMaker(picture, Inputs(info=None, results=results, source_facts={})).draw()


def facts_of(tmp_path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> dict[str, Any]:
    return Bench(tmp_path, samples, rate_hz).run(SpectrogramPicture()).facts("spectrogram.png")


def collisions(canvas: Canvas) -> list[tuple[str, str]]:
    pairs = itertools.combinations(canvas.text_boxes.items(), 2)
    return [
        (text, other)
        for ((left, top, right, bottom), text), ((left2, top2, right2, bottom2), other) in pairs
        if left < right2 and left2 < right and top < bottom2 and top2 < bottom
    ]


@pytest.mark.parametrize(("seconds", "rate_hz"), [(0.05, 48_000), (1, 8000), (1, 100_000), (61, 8000), (7300, 100)])
@pytest.mark.parametrize("axis", ["linear", "log"])
@pytest.mark.parametrize("channel_count", [1, 3])
def test_texts_never_collide(tmp_path: Path, seconds: float, rate_hz: int, axis: Any, channel_count: int) -> None:
    bench = Bench(tmp_path, np.stack([noise(seconds, rate_hz)] * channel_count), rate_hz)
    moment = {"start_utc": "2021-05-22T23:59:30Z", "longitude_degrees_east": 109.9, "start_source": "release.toml"}
    for picture in (
        SpectrogramPicture(frequency_axis=axis, words=WORDS, spectrogram=Spectrogram(channels="each")),
        SpectrogramPicture(frequency_axis=axis, title=False, **moment),  # type: ignore[arg-type]
    ):
        canvas = drawn(bench, picture)
        assert collisions(canvas) == []
        assert len(canvas.text_boxes) > 12, "ticks and labels are there"


def test_the_title_names_file_mission_time_and_credit_and_can_be_left_out(tmp_path: Path) -> None:
    bench = Bench(tmp_path, np.stack([noise(1), noise(1)]))
    texts = list(drawn(bench, SpectrogramPicture(words=WORDS), "drive-off.wav").text_boxes.values())
    assert texts[:2] == [
        "Rolling off the lander (drive-off.wav)",
        "Tianwen-1 · 2021-05-22 · Credit: CNSA · mean power of 2 channels",
    ]
    bare = drawn(bench, SpectrogramPicture(title=False), "drive-off.wav").text_boxes.values()
    assert not any("drive-off" in text for text in bare)
    unknown = list(drawn(bench, SpectrogramPicture(), "着陆过程.wav").text_boxes.values())
    assert unknown[:2] == ["着陆过程.wav", "mean power of 2 channels"]
    unwritable = list(drawn(bench, SpectrogramPicture(), "\U0001f680.wav").text_boxes.values())
    assert unwritable[0] == "sound"


def test_a_title_is_cut_where_the_picture_ends_and_has_the_moment(tmp_path: Path) -> None:
    long = ReleaseWords(title="A very long title " * 20)
    texts = drawn(Bench(tmp_path, noise(0.1)), SpectrogramPicture(words=long)).text_boxes
    box, title = next(iter(texts.items()))
    assert title.endswith("…")
    assert box[2] <= 1600
    assert list(title_parts("a.wav", ReleaseWords(), "2021-02-18T20:44:28.107000Z", "sound")) == [
        "a.wav",
        "2021-02-18 20:44:28 UTC",
    ]
    of_event = ReleaseWords(date="2021-05-14T23:18Z (touchdown)")
    assert list(title_parts("a.wav", of_event, None, "sound")) == ["a.wav", "2021-05-14 23:18 UTC (touchdown)"]


def test_the_axis_is_logarithmic_where_the_energy_is_low_and_linear_where_it_is_spread(tmp_path: Path) -> None:
    wind = facts_of(tmp_path / "wind", below(noise(3, 100_000), 500, 100_000) + 1e-7 * noise(3, 100_000), 100_000)
    assert (wind["frequency_axis"], wind["highest_hz"]) == ("log", 2000)
    assert wind["frequency_axis_reason"].startswith("logarithmic: half of its energy is below 2")
    assert wind["lowest_hz"] == pytest.approx(1.5 * 100_000 / 4096)
    spread = facts_of(tmp_path / "spread", noise(1))
    assert (spread["frequency_axis"], spread["lowest_hz"], spread["highest_hz"]) == ("linear", 0, 24_000)
    assert spread["frequency_axis_reason"].endswith("no frequency stands out: the axis ends at half the sampling rate")
    ends = facts_of(tmp_path / "ends", below(noise(3), 6000, RATE_HZ) + 1e-7 * noise(3))
    assert ends["highest_hz"] == pytest.approx(6000 * 1.25, rel=0.04)


def test_an_axis_that_was_asked_for_is_taken() -> None:
    flat = np.ones(1025)
    axis = choose_axis(flat, flat, 23.4375, 2, "log", is_whole=True)
    assert (axis.kind, axis.highest_hz, axis.reason) == (
        "log",
        24_000,
        "logarithmic: as asked; all frequencies were asked for",
    )


@pytest.mark.parametrize("window", COSINES)
@pytest.mark.parametrize("samples", [64, 101, 2048, 65536])
def test_windows_are_bit_for_bit_those_of_scipy(window: Any, samples: int) -> None:
    expected = np.asarray(scipy.signal.get_window(window, samples))
    assert window_of(window, samples).tobytes() == expected.tobytes()


@pytest.mark.parametrize(("window", "band"), [("hann", 2), ("blackman", 3), ("flattop", 5)])
def test_the_bands_of_an_offset_are_those_of_the_window(window: Any, band: int) -> None:
    assert lowest_band(window_of(window, 2048)) == band


def test_the_range_is_that_of_the_sound_without_offset_and_silence(tmp_path: Path) -> None:
    assert level_range(np.linspace(-100, 0, 1001), 80) == (-80, 0)
    assert level_range(np.linspace(-71, -40, 1001), 80) == (-70, -40)
    assert level_range(np.full(5, -60.0), 80) == (-90, -60)
    assert level_range(np.zeros(0), 80) == (-80, 0)
    sound = noise(3)
    alone = facts_of(tmp_path / "alone", sound)
    offset = facts_of(tmp_path / "offset", sound + 0.4)
    part = facts_of(tmp_path / "part", np.concatenate([sound, np.full(3 * RATE_HZ, 0.0)]))
    shown = [(facts["bottom_db"], facts["top_db"]) for facts in (alone, offset, part)]
    assert shown[0] == shown[1]
    assert shown[2][1] == shown[0][1]


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_silence_is_light_and_named(tmp_path: Path, value: float) -> None:
    result = Bench(tmp_path, np.full(RATE_HZ, value)).run(SpectrogramPicture())
    facts = result.facts("spectrogram.png")
    assert facts["is_silent"]
    with Image.open(result.path("spectrogram.png")) as opened:
        numbers = np.asarray(opened)
    plot = numbers[facts["plot_top_px"] : facts["plot_bottom_px"], facts["plot_left_px"] : facts["plot_right_px"]]
    assert (plot == SILENT).mean() > 0.9
    assert palette()[SILENT].min() > 200
    assert len(np.unique(plot[300:340, 500:800])) > 3, "the words are there"


def test_a_silent_part_is_grey_and_sound_is_not(tmp_path: Path) -> None:
    result = Bench(tmp_path, np.concatenate([np.full(2 * RATE_HZ, 0.1), noise(2)])).run(SpectrogramPicture())
    facts = result.facts("spectrogram.png")
    with Image.open(result.path("spectrogram.png")) as opened:
        row = np.asarray(opened)[400, facts["plot_left_px"] : facts["plot_right_px"]]
    assert set(row[50:550].tolist()) == {SILENT}
    assert row[700:1200].max() < COLOURS


@pytest.mark.parametrize(
    ("rate_hz", "window"),
    [
        (100, 256),
        (8000, 512),
        (16_000, 1024),
        (24_000, 2048),
        (44_100, 2048),
        (48_000, 2048),
        (100_000, 4096),
        (192_000, 8192),
        (5_644_800, 16384),
    ],
)
def test_the_window_has_about_20_hz_or_less_at_any_rate_within_limits(rate_hz: int, window: int) -> None:
    assert Spectrogram().window_at(rate_hz) == window
    assert Spectrogram(window_samples=1024).window_at(rate_hz) == 1024
    assert Spectrogram(band_hz=5.0).window_at(48_000) == 8192


def test_an_edge_is_marked_only_where_sound_reaches_it(tmp_path: Path) -> None:
    residue = below(noise(2), 15_000, RATE_HZ)
    fading = np.fft.irfft(np.fft.rfft(noise(2)) / (1 + np.fft.rfftfreq(2 * RATE_HZ, 1 / RATE_HZ) ** 2 / 600**2) ** 2)
    silent_below = facts_of(tmp_path / "low", fading + 1e-5 * residue)
    assert silent_below["cutoff_hz"] is not None
    assert not silent_below["cutoff_marked"]
    assert facts_of(tmp_path / "full", residue)["cutoff_marked"]


def test_the_sum_over_bands_is_the_mean_square_of_the_sound(tmp_path: Path) -> None:
    import xarray

    sound = noise(5)
    result = Bench(tmp_path, sound).run(Spectrogram())
    facts = result.facts("spectrogram.nc")
    with xarray.open_dataset(result.path("spectrogram.nc"), engine="h5netcdf") as array:
        total = float(array.mean_power.sum()) * facts["band_width_hz"] / facts["noise_bandwidth_hz"]
    assert 10 * np.log10(total) == pytest.approx(10 * np.log10((sound**2).mean()), abs=0.02)


def test_a_waveform_fills_its_axis_and_its_offset_is_named(tmp_path: Path) -> None:
    quiet = 1e-3 * np.sin(2 * np.pi * 50 * np.arange(RATE_HZ) / RATE_HZ) - 0.01
    result = Bench(tmp_path, quiet).run(Waveform())
    assert result.facts("waveform.png")["dc_offsets"] == [pytest.approx(-0.01, abs=1e-6)]
    with Image.open(result.path("waveform.png")) as opened:
        numbers = np.asarray(opened)
    rows = np.flatnonzero((numbers[:, 400:1400] < COLOURS).any(axis=1))
    assert rows[-1] - rows[0] == pytest.approx(240 / 1.05, abs=4)
    title = WaveformTitle(file_name="a.wav", words=WORDS)
    canvas = draw_waveform(quiet[None, ::10], quiet[None, ::10], (-0.01,), (0.0, 1.0), title)
    assert collisions(canvas) == []
    texts = list(canvas.text_boxes.values())
    assert texts[0] == "Rolling off the lander (a.wav)"
    assert "peak −39.2 dBFS, DC offset −0.01 (taken out here)" in texts
    assert {"−0.001", "0.001", "0.0005", "time (s)", "amplitude"} <= set(texts)
    assert "full scale is ±1; scaled to the peak, 0.001" in texts


def test_a_density_can_be_read_off_picture_and_file_with_the_bandwidth_that_they_name(tmp_path: Path) -> None:
    import re

    import xarray

    density = 10 * np.log10(0.05**2 / (RATE_HZ / 2))
    result = Bench(tmp_path, np.random.default_rng(3).normal(0, 0.05, 10 * RATE_HZ)).run(SpectrogramPicture())
    facts = result.facts("spectrogram.png")
    named_hz = re.fullmatch(r"dBFS, noise bandwidth ([\d.]+) Hz", facts["unit"])
    assert named_hz
    assert float(named_hz[1]) == pytest.approx(facts["noise_bandwidth_hz"], abs=0.05)
    spectrogram = Bench(tmp_path / "array", np.random.default_rng(3).normal(0, 0.05, 10 * RATE_HZ)).run(Spectrogram())
    with xarray.open_dataset(spectrogram.path("spectrogram.nc"), engine="h5netcdf") as array:
        shown = 10 * np.log10(float(array.mean_power.isel(frequency=slice(100, 900)).mean()))
        assert array.attrs["band_distance_hz"] == float(array.frequency[1])
        assert array.power.attrs["long_name"].startswith("mean square in the noise bandwidth of the band")
        assert array.power.attrs["comment"].startswith("value / noise_bandwidth_hz is the mean square per Hz; sum of")
        assert "band_width_hz" not in array.attrs
    assert shown - 10 * np.log10(float(named_hz[1])) == pytest.approx(density, abs=0.05)
