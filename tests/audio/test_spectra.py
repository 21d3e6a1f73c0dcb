"""What the spectrogram says is what scipy, librosa and the encoder's own settings say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import av
import h5py
import librosa
import numpy as np
import pytest
import scipy.signal
import xarray
from PIL import Image

from processors.audio.levels.calibration import Calibration
from processors.audio.spectrogram.mel_spectrogram import MelSpectrogram
from processors.audio.spectrogram.netcdf import DROPPED_BITS, power_frames
from processors.audio.spectrogram.percentiles import DensityTally
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from tests.helpers.audio_sessions import Bench, Result


def table(result: Result) -> np.ndarray:
    """Columns: channel, frequency, mean, percentiles 1, 5, 50, 95, 99."""
    return np.genfromtxt(result.path("spectra.csv"), delimiter=",", skip_header=1)


def encoded(path: Path, codec: str, samples: np.ndarray, rate_hz: int, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono", options=options)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 48000, 100000, 500000])
def test_a_tone_between_bands_is_within_a_hundredth_of_a_decibel(tmp_path: Path, rate_hz: int) -> None:
    hz = rate_hz * 0.1037
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz)
    found = Bench(tmp_path, tone, rate_hz).run(Spectra()).facts("spectra.csv")["channels"][0]["strongest_tone"]
    assert found["peak_dbfs"] == pytest.approx(-6.0206, abs=0.01)
    assert found["hz"] == pytest.approx(hz, abs=rate_hz / 2048 / 2)


def test_white_noise_has_the_density_that_welch_gives(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 480_000).astype(np.float32)
    _, density = scipy.signal.welch(noise, 48000, nperseg=2048, noverlap=1536)
    columns = table(Bench(tmp_path, noise).run(Spectra()))
    assert np.abs(columns[:, 2] - 10 * np.log10(density)).max() < 0.01
    # of exponentially distributed power, a share of 1 − e^−x lies below x times the mean
    expected_db = 10 * np.log10(-np.log(1 - np.array([0.05, 0.5, 0.95])))
    measured_db = (columns[2:-2, 4:7] - columns[2:-2, 2:3]).mean(axis=0)
    assert measured_db == pytest.approx(expected_db, abs=0.15)


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "blackmanharris", "flattop"])
def test_every_window_is_librosas_without_its_mean(tmp_path: Path, window: str) -> None:
    noise = np.random.default_rng(1).standard_normal(30_000).astype(np.float32) / 4
    processor = Spectrogram(window=window, window_samples=1024, hop_samples=300)  # type: ignore[arg-type]
    path = Bench(tmp_path, noise).run(processor).path("spectrogram.nc")
    power = np.concatenate([run.power[0] for run in power_frames(path)])
    weights = librosa.filters.get_window(window, 1024)
    frames = librosa.util.frame(np.pad(noise, 512), frame_length=1024, hop_length=300).T
    expected = np.abs(np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * weights)) ** 2
    expected *= 2 / weights.sum() ** 2
    expected[:, [0, -1]] /= 2
    assert np.allclose(power, expected, rtol=1e-5, atol=expected.max() * 1e-7)


def test_any_hdf5_reader_reads_what_is_packed_here(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 300_000)).astype(np.float32) / 4
    path = Bench(tmp_path, noise).run(Spectrogram(channels="each")).path("spectrogram.nc")
    with h5py.File(path) as file:
        plain = np.asarray(file["power"])
    ours = np.concatenate([run.power for run in power_frames(path)], axis=1)
    assert np.array_equal(plain, ours)
    assert not (ours.view(np.uint32) & ((1 << DROPPED_BITS) - 1)).any()


@pytest.mark.parametrize("window", ["hann", "flattop"])
@pytest.mark.parametrize("offset", [-0.0124, 0.9])
def test_an_offset_is_in_no_band(tmp_path: Path, window: str, offset: float) -> None:
    noise = np.random.default_rng(8).normal(0, 1e-3, 96_000).astype(np.float32)
    spectra = Spectra(spectrogram=Spectrogram(window=window))  # type: ignore[arg-type]
    plain, shifted = (Bench(tmp_path / name, x) for name, x in (("plain", noise), ("shifted", noise + offset)))
    assert table(shifted.run(spectra))[:, 2] == pytest.approx(table(plain.run(spectra))[:, 2], abs=0.02)
    _, density = scipy.signal.welch(noise + offset, 48000, window=window, nperseg=2048, noverlap=1536)
    assert np.abs(table(shifted.run(spectra))[:, 2] - 10 * np.log10(density)).max() < 0.02


def test_the_array_says_that_an_offset_is_removed_and_which_frames_are_padded(tmp_path: Path) -> None:
    bench = Bench(tmp_path, np.random.default_rng(9).normal(0.3, 1e-3, 10_000), 48_000)
    for processor, name in ((Spectrogram(), "spectrogram.nc"), (MelSpectrogram(), "mel.nc")):
        with xarray.open_dataset(bench.run(processor).path(name), engine="h5netcdf") as array:
            assert array.attrs["detrend"].startswith("constant: the mean of each window is removed")
            # frames of 2048 samples every 512, the first around sample 0, the last around sample 9728
            assert array.padded_share.values == pytest.approx([0.5, 0.25, *[0] * 16, 240 / 2048, 752 / 2048], abs=1e-7)
            is_whole = (array.padded_share == 0) & (array.missing_share == 0)
            mean = array.power.where(is_whole).mean("time").values
            assert mean == pytest.approx(array.mean_power.values, rel=1e-5)


def test_the_unit_of_pressures_is_that_of_the_scaling(tmp_path: Path) -> None:
    calibration = Calibration(name="test", source="made up", full_scale_pascals=4.0)
    bench = Bench(tmp_path, np.random.default_rng(9).normal(0, 1e-3, 10_000))
    for scaling, unit in (("mean_square", "Pa2"), ("power", "Pa2"), ("density", "Pa2/Hz")):
        path = bench.run(Spectrogram(scaling=scaling, calibration=calibration)).path("spectrogram.nc")  # type: ignore[arg-type]
        with xarray.open_dataset(path, engine="h5netcdf") as array:
            assert array.mean_square_pressure.units == unit
            assert array.square_pascals_per_power.long_name.endswith(f"power times this is in {unit}")


def test_density_is_power_over_bandwidth(tmp_path: Path) -> None:
    noise = np.random.default_rng(6).normal(0, 0.1, 48_000)
    bench = Bench(tmp_path, noise)
    mean_square, power, density = (
        table(bench.run(Spectra(spectrogram=Spectrogram(scaling=s)))) for s in ("mean_square", "power", "density")
    )
    assert np.allclose(mean_square[:, 2], density[:, 2], atol=0.002)
    assert np.allclose(power[:, 2], density[:, 2], atol=0.002)


def test_bands_add_up_to_the_whole(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).normal(0, 0.1, 480_000)
    facts = Bench(tmp_path, noise).run(Spectra()).facts("spectra.csv")
    (channel,) = facts["channels"]
    assert facts["lowest_band_hz"] == pytest.approx(251.19, abs=0.01)
    assert facts["lowest_band_reason"].startswith("a window of 2048 samples has steps of 23.44 Hz, and a band")
    octaves = {round(b["middle_hz"]): b["rms_dbfs"] for b in channel["bands"] if b["octave_fraction"] == 1}
    thirds = [b for b in channel["bands"] if b["octave_fraction"] == 3]
    # white noise of −20 dBFS: an octave around 1 kHz holds (10^0.15 − 10^−0.15) kHz of 24 kHz
    assert octaves[1000] == pytest.approx(-20 + 10 * np.log10((10**0.15 - 10**-0.15) / 24), abs=0.2)
    inside = sum(10 ** (b["rms_dbfs"] / 10) for b in thirds if 700 < b["middle_hz"] < 1300)
    assert 10 * np.log10(inside) == pytest.approx(octaves[1000], abs=0.01)


# At 48 kHz FFmpeg's AAC encoder and LAME can cut at multiples of 750 Hz alone: asked for every 1000 Hz they go to the
# next of those above, or to one nearby. Opus cuts at the ends of its bandwidths (RFC 6716, table 1).
ENCODERS = {
    "aac": ("a.m4a", "mov,mp4", "192000"),
    "libmp3lame": ("a.mp3", "mp3", "192000"),
    "libopus": ("a.opus", "ogg", "64000"),
}
CUTS = [(codec, hz) for codec in ("aac", "libmp3lame") for hz in (8250, 10500, 12000, 15750, 17250, 18000)]


@pytest.mark.parametrize(("codec", "cut_hz"), [*CUTS, ("libopus", 8000), ("libopus", 12000)])
def test_the_codecs_cutoff_is_found(tmp_path: Path, codec: str, cut_hz: int) -> None:
    noise = np.random.default_rng(8).normal(0, 0.1, 4 * 48_000)
    name, file_format, bits = ENCODERS[codec]
    path = encoded(tmp_path / name, codec, noise, 48000, {"b": bits, "cutoff": str(cut_hz)})
    (channel,) = Bench.of(tmp_path / "made", path, file_format).run(Spectra()).facts("spectra.csv")["channels"]
    assert channel["cutoff"]["hz"] == pytest.approx(cut_hz, abs=50)


@pytest.mark.parametrize("name", ["white", "pink", "tone"])
def test_what_no_codec_cut_has_no_cutoff(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(9).normal(0, 0.1, 96_000)
    spectrum = np.fft.rfft(noise) / np.maximum(1, np.arange(48_001)) ** 0.5 * 30
    samples = {
        "white": noise,
        "pink": np.fft.irfft(spectrum),
        "tone": np.sin(2 * np.pi * 5000 * np.arange(96_000) / 48_000) / 2 + noise / 1000,
    }[name]
    (channel,) = Bench(tmp_path, samples).run(Spectra()).facts("spectra.csv")["channels"]
    assert channel["cutoff"] is None
    assert channel["cutoff_reason"] == "no steep fall to a floor above 2 kHz"


@pytest.mark.parametrize("rate_hz", [8000, 48_000, 96_000, 500_000])
def test_a_tone_on_nothing_has_no_cutoff(tmp_path: Path, rate_hz: int) -> None:
    tone = np.round(2**14 * np.sin(2 * np.pi * 1003 * np.arange(2 * rate_hz) / rate_hz)) / 2**15
    bench = Bench(tmp_path, tone, rate_hz)
    assert bench.run(Spectra()).facts("spectra.csv")["channels"][0]["cutoff"] is None
    assert bench.run(SpectrogramPicture()).facts("spectrogram.png")["cutoff_hz"] is None


@pytest.mark.parametrize("samples", [np.zeros(4800), np.array([0.5]), np.zeros((2, 1))])
def test_silence_and_single_samples_end_in_a_picture(tmp_path: Path, samples: np.ndarray) -> None:
    bench = Bench(tmp_path, samples)
    facts = bench.run(SpectrogramPicture()).facts("spectrogram.png")
    with Image.open(bench.run(SpectrogramPicture()).path("spectrogram.png")) as picture:
        assert picture.size == (facts["width_px"], facts["height_px"]) == (1600, 842)


def test_a_picture_has_the_clocks_that_are_known_and_is_the_same_each_time(tmp_path: Path) -> None:
    noise = np.random.default_rng(9).normal(0, 0.1, 96_000)
    picture = SpectrogramPicture(frequency_axis="log", start_utc="2021-05-22T02:40:00Z", longitude_degrees_east=109.925)
    first, second = (Bench(tmp_path / name, noise).run(picture).path("spectrogram.png") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_percentiles_come_from_a_histogram_of_constant_size() -> None:
    values = np.random.default_rng(2).exponential(1e-5, (20_000, 3)).astype(np.float32)
    tally = DensityTally(3)
    for part in np.array_split(values, 13):
        tally.add(part)
    for percent in (1, 5, 50, 95, 99):
        exact = np.percentile(values, percent, axis=0)
        assert np.abs(10 * np.log10(tally.percentile(percent) / exact)).max() < 0.14


@pytest.mark.parametrize("htk", [False, True])
def test_the_mel_spectrogram_is_librosas(tmp_path: Path, htk: bool) -> None:
    noise = np.random.default_rng(1).standard_normal((2, 200_000)).astype(np.float32) / 4
    bench = Bench(tmp_path, noise)
    mel = MelSpectrogram(
        band_count=96, lowest_hz=30.0, highest_hz=20_000.0, htk=htk, spectrogram=Spectrogram(channels="each")
    )
    result = bench.run(mel)
    facts = result.facts("mel.nc")
    expected = librosa.feature.melspectrogram(
        y=noise, sr=48000, n_fft=2048, hop_length=512, pad_mode="constant", n_mels=96, fmin=30, fmax=20_000, htk=htk
    )
    with xarray.open_dataset(result.path("mel.nc"), engine="h5netcdf") as array:
        assert array.power.shape == (2, 391, 96)
        assert np.allclose(array.power * facts["librosa_factor"], expected.transpose(0, 2, 1), rtol=1e-5)
        middles = librosa.mel_frequencies(98, fmin=30, fmax=20_000, htk=htk)[1:-1]
        assert np.allclose(array.frequency, middles)
    assert facts["empty_band_count"] == 0


def test_mel_bands_that_the_transform_cannot_separate_are_counted(tmp_path: Path) -> None:
    facts = Bench(tmp_path, np.ones(5000), 192_000).run(MelSpectrogram(band_count=512)).facts("mel.nc")
    assert facts["empty_band_count"] == 10
    with pytest.raises(ValueError, match=r"highest_hz is 100\.0: must be above lowest_hz"):
        MelSpectrogram(lowest_hz=200.0, highest_hz=100.0)


def test_a_calibration_gives_pascals_and_full_scale(tmp_path: Path) -> None:
    # a sine of peak 0.5 at 1000 Hz, where the microphone answers 6 dB more than at 100 Hz: 2 Pa, halved by 6 dB
    calibration = Calibration(
        name="test", source="made up", full_scale_pascals=4.0, response=((100.0, 0.0), (1000.0, 20 * np.log10(2)))
    )
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    result = Bench(tmp_path, tone).run(Spectra(calibration=calibration))
    facts = result.facts("spectra.csv")
    assert facts["calibration"]["name"] == "test"
    (channel,) = facts["channels"]
    octave = next(
        i for i, b in enumerate(channel["bands"]) if b["octave_fraction"] == 1 and round(b["middle_hz"]) == 1000
    )
    assert channel["bands"][octave]["rms_dbfs"] == pytest.approx(-9.031, abs=0.01)
    rows = list(csv.DictReader(result.path("octave_bands.csv").open()))
    assert [row["octave_fraction"] for row in rows] == [str(band["octave_fraction"]) for band in channel["bands"]]
    assert rows[octave] == {
        "channel": "mean",
        "octave_fraction": "1",
        "middle_hz": "1000",
        "lower_hz": "707.946",
        "upper_hz": "1412.54",
        "rms_dbfs": f"{channel['bands'][octave]['rms_dbfs']:.3f}",
        "rms_pascals": f"{channel['pressures'][octave]['rms_pascals']:.6g}",
        "rms_db_re_20_upa": f"{channel['pressures'][octave]['rms_db_re_20_upa']:.3f}",
    }
    (line,) = json.loads(result.path("spectra.json").read_text())
    assert line == {name: channel[name] for name in line}
    assert line["strongest_tone"]["hz"] == pytest.approx(1000, abs=0.1)
    assert line["cutoff_reason"] == "what falls steeply is the flank of a tone, with no sound of its own under the edge"
    assert channel["pressures"][octave]["rms_pascals"] == pytest.approx(1 / np.sqrt(2), rel=0.005)
    assert channel["pressures"][octave]["rms_db_re_20_upa"] == pytest.approx(90.97, abs=0.05)
    columns = np.genfromtxt(result.path("spectra.csv"), delimiter=",", names=True)
    strongest = int(np.argmax(columns["mean_dbfs_per_hz"]))
    pascals = columns["mean_square_pascals_per_hz"][strongest]
    assert 10 * np.log10(pascals / (20e-6) ** 2) == pytest.approx(
        columns["mean_db_re_20_upa_per_hz"][strongest], abs=1e-3
    )
    assert pascals == pytest.approx(10 ** (columns["mean_dbfs_per_hz"][strongest] / 10) * 16 / 4, rel=0.01)


@pytest.mark.parametrize(("hz", "rate_hz"), [(30, 48_000), (100, 192_000)])
def test_a_tone_too_low_for_the_window_is_not_guessed_at(tmp_path: Path, hz: int, rate_hz: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(3 * rate_hz) / rate_hz)
    channel = Bench(tmp_path, tone, rate_hz).run(Spectra()).facts("spectra.csv")["channels"][0]
    reason = f"above {5 * rate_hz / Spectrogram().window_at(rate_hz):g} Hz no line rises 10 dB above its neighbours"
    assert (channel["strongest_tone"], channel["strongest_tone_reason"]) == (None, reason)


def test_noise_has_no_strongest_tone_and_silence_says_so(tmp_path: Path) -> None:
    for samples, reason in (
        (np.random.default_rng(4).normal(0, 0.1, 96_000), "above 117.188 Hz no line rises 10 dB above its neighbours"),
        (np.zeros(96_000), "silence"),
    ):
        channel = Bench(tmp_path / reason, samples).run(Spectra()).facts("spectra.csv")["channels"][0]
        assert (channel["strongest_tone"], channel["strongest_tone_reason"]) == (None, reason)


def test_no_cutoff_is_found_below_two_kilohertz(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(3 * 192_000) / 192_000)
    bench = Bench(tmp_path, np.round(tone * 2**15) / 2**15, 192_000)
    assert bench.run(Spectra()).facts("spectra.csv")["channels"][0]["cutoff"] is None


def test_what_is_missing_is_no_part_of_a_spectrum_and_grey_in_its_picture(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 6 * 48_000).astype(np.float32)
    holed = noise.copy()
    holed[96_000:144_000] = np.nan
    means = []
    for name, samples in (("whole", noise), ("holed", holed)):
        bench = Bench(tmp_path / name, samples, 48_000)
        with xarray.open_dataset(bench.run(Spectrogram()).path("spectrogram.nc"), engine="h5netcdf") as array:
            means.append(array.mean_power.values.mean())
            share = array.missing_share.values
            assert share.max() == (0 if name == "whole" else 1)
            outside = (array.time.values < 1.95) | (array.time.values > 3.05)
            assert not share[outside].any()
        rows = list(csv.DictReader(bench.run(Spectra()).path("spectra.csv").open()))
        assert all(row["p1_dbfs_per_hz"] for row in rows)
    assert means[1] == pytest.approx(means[0], rel=0.01)
    picture = bench.run(SpectrogramPicture())
    facts = picture.facts("spectrogram.png")
    middle = (facts["plot_left_px"] + facts["plot_right_px"]) // 2
    pixel = (
        Image.open(picture.path("spectrogram.png")).convert("RGB").getpixel((middle - 100, facts["plot_top_px"] + 50))
    )
    assert isinstance(pixel, tuple)
    assert pixel[0] == pixel[1] == pixel[2] > 100


def test_harmonics_over_a_continuous_floor_have_no_cutoff(tmp_path: Path) -> None:
    seconds = np.arange(5 * 48_000) / 48_000
    harmonics = sum(0.05 * np.sin(2 * np.pi * 200 * k * seconds) for k in range(1, 11))
    sound = (harmonics + np.random.default_rng(3).normal(0, 0.0003, len(seconds))).astype(np.float32)
    (found,) = Bench(tmp_path / "made", sound, 48_000).run(Spectra()).facts("spectra.csv")["channels"]
    assert found["cutoff"] is None
    assert found["cutoff_reason"].startswith("what falls steeply is the flank of a tone")


def test_a_tones_level_holds_nothing_of_its_neighbours(tmp_path: Path) -> None:
    seconds = np.arange(96_000) / 48_000
    tones = 0.05 * np.sin(2 * np.pi * np.arange(1000, 1600, 100)[:, None] * seconds).sum(axis=0)
    (channel,) = Bench(tmp_path, tones).run(Spectra()).facts("spectra.csv")["channels"]
    assert channel["strongest_tone"]["peak_dbfs"] == pytest.approx(20 * np.log10(0.05), abs=0.05)
