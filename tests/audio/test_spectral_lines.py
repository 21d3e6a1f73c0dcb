"""The frequency and the level of a tone do not depend on the window that it is looked at through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from processors.audio.events.events import Events
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectral_lines import HALF_LOBE_BANDS, peaks_of
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.stft import Scale, WindowName, power_of, window_of
from tests.helpers.audio_sessions import Bench

RATE_HZ, WINDOW_SAMPLES = 48_000, 4096
BAND_HZ = RATE_HZ / WINDOW_SAMPLES


@pytest.mark.parametrize("offset_bands", [0.0, 0.13, 0.37, 0.5, -0.24])
@pytest.mark.parametrize("window", list(HALF_LOBE_BANDS))
def test_a_tone_is_found_at_its_frequency_with_every_window(
    tmp_path: Path, window: WindowName, offset_bands: float
) -> None:
    hz = (100 + offset_bands) * BAND_HZ
    tone = 0.25 * np.sin(2 * np.pi * hz * np.arange(5 * RATE_HZ) / RATE_HZ)
    noise = np.random.default_rng(2).normal(0, 1e-5, len(tone))
    bench = Bench(tmp_path, tone + noise, RATE_HZ)
    spectrogram = Spectrogram(window=window, window_samples=WINDOW_SAMPLES, hop_samples=1024)
    (event,) = bench.run(Events(spectrogram=spectrogram)).facts("events.csv")["events"]
    (channel,) = bench.run(Spectra(spectrogram=spectrogram)).facts("spectra.csv")["channels"]
    strongest = channel["strongest_tone"]
    for found_hz, level_dbfs in (
        (event["fundamental_hz"], event["level_dbfs"] + 3.0103),  # rms
        (strongest["hz"], strongest["peak_dbfs"]),
    ):
        assert found_hz == pytest.approx(hz, abs=0.03 * BAND_HZ)
        assert level_dbfs == pytest.approx(-12.041, abs=0.02)


def test_peaks_are_those_of_scipy() -> None:
    random = np.random.default_rng(1)
    found = 0
    for number in range(400):
        count = int(random.integers(1, 200))
        # every other one in few steps, so that maxima are flat and as high as others
        levels = random.integers(0, 6, count).astype(float) if number % 2 else random.standard_normal(count)
        height = random.standard_normal(count)
        prominence = float(random.integers(0, 4))
        expected, _ = scipy.signal.find_peaks(levels, height=height, prominence=prominence)
        assert peaks_of(levels, height, prominence).tolist() == expected.tolist()
        found += len(expected)
    assert found > 1000


@pytest.mark.parametrize("frames", [1, 5, 31, 100, 256])
def test_the_power_has_the_bits_of_a_transform_of_the_whole_batch(frames: int) -> None:
    random = np.random.default_rng(3)
    window_samples, hop_samples = 512, 128
    samples = random.normal(0, 0.1, (2, window_samples + (frames - 1) * hop_samples)).astype(np.float32)
    scale = Scale(window=window_of("hann", window_samples), rate_hz=RATE_HZ)
    weights = (scale.window * np.sqrt(scale.mean_square)).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(samples, window_samples, axis=1)[:, ::hop_samples]
    centred = cut - cut.mean(axis=2, keepdims=True)
    squares = np.asarray(scipy.fft.rfft(centred * weights)).view(np.float32) ** 2
    expected = squares[:, :, ::2] + squares[:, :, 1::2]
    expected[:, :, [0, -1]] /= 2
    assert np.array_equal(power_of(samples, scale, hop_samples), expected)
    mean = power_of(samples, scale, hop_samples, mean_of_channels=True)
    assert np.allclose(mean, expected.mean(axis=0, keepdims=True), rtol=1e-6)
