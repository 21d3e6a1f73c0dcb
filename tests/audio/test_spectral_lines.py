"""The frequency and the level of a tone do not depend on the window that it is looked at through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from processors.audio.events.events import Events
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectral_lines import HALF_LOBE_BANDS
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.stft import WindowName
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
